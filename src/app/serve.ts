import { PilotfishError } from '../base/index.ts';
import type { RepositoryPorts } from '../blocks/index.ts';
import type { RunningServer, ServerChoices, Settings } from '../cli/index.ts';

type Surroundings = {
  readonly settings: Settings;
  readonly ports: RepositoryPorts;
  readonly version: string;
};

/**
 * Starts the server, whose packages only those have who serve.
 * @throws PilotfishError `UNSUPPORTED` without them; as `PilotfishServer.open` and `listen`.
 */
export async function startServer(
  choices: ServerChoices,
  { settings, ports, version }: Surroundings,
): Promise<RunningServer> {
  const { PilotfishServer } = await loadServer();
  const { modelStorage: storageDir, artefactKey, serverToken, isDebug } = settings;
  const { fs, clock, random } = ports;
  const server = await PilotfishServer.open({
    ...{ ...choices, storageDir, isDebug, version, fs, clock, random },
    ...{ encryptionKey: artefactKey?.(), token: serverToken?.() },
  });
  try {
    return { url: await server.listen(), models: server.served, close: () => server.close() };
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function loadServer(): Promise<typeof import('../http/index.ts')> {
  try {
    return await import('../http/index.ts');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new PilotfishError(
      'UNSUPPORTED',
      'the server needs packages that are not installed: npm install fastify zod fastify-type-provider-zod @fastify/swagger',
      { cause: error },
    );
  }
}
