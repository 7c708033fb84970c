/** Ring 6: the registry and the served models over HTTP, as standard clients know it. */
export { PilotfishServer, type ServerOptions } from './service/server.ts';
