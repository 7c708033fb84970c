/** Ring 6: the registry and the served models over HTTP, as standard clients know it. */

export type { Role } from './identity.ts';
export { type ApiKey, type KeyDraft, KeyStore } from './keys/key-store.ts';
export type { ServerOptions } from './service/options.ts';
export { PilotfishServer } from './service/server.ts';
