import { setFlagsFromString } from 'node:v8';
import { PilotfishError } from '../base/index.ts';
import type { ServerProgram, Settings } from '../cli/index.ts';

/** The server, whose packages are loaded when it is asked for: only those have them who serve. */
export function serverProgram(settings: Settings, version: string): ServerProgram {
  return {
    async start(choices, { fs, clock, random }) {
      const { PilotfishServer } = await loadServer();
      const {
        modelStorage: storageDir,
        artefactKey,
        serverToken,
        abDefaults,
        driftDefaults,
        onlineDefaults,
      } = settings;
      const server = await PilotfishServer.open({
        ...{ ...choices, storageDir, version, fs, clock, random },
        ...{ encryptionKey: artefactKey?.(), token: serverToken?.() },
        ...(abDefaults === undefined ? {} : { abDefaults: abDefaults() }),
        ...(driftDefaults === undefined ? {} : { driftDefaults: driftDefaults() }),
        ...(onlineDefaults === undefined ? {} : { onlineDefaults: onlineDefaults() }),
      });
      try {
        const url = await server.listen();
        // As V8 has it: the launcher had it save memory while the server started.
        setFlagsFromString('--semi-space-growth-factor=2');
        setFlagsFromString('--no-optimize-for-size');
        return {
          ...{ url, grpc: server.grpc, models: server.served, log: server.log },
          registered: await server.directory.registry.models.count(),
          tune: (tuning) => server.tune(tuning),
          close: () => server.close(),
        };
      } catch (error) {
        await server.close();
        throw error;
      }
    },
    async openKeys({ state, registry }, { clock, random }) {
      const { KeyStore } = await loadServer();
      return KeyStore.open({ state, audit: registry.audit, clock, random });
    },
  };
}

/** @throws PilotfishError `UNSUPPORTED`. */
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
