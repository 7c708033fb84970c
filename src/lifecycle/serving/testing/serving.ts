// Servers of models that answer their own version.
import assert from 'node:assert/strict';
import { ManualClock, PilotfishError } from '../../../base/index.ts';
import { ModelServer, type ModelServerOptions } from '../index.ts';
import { constantModel, MemorySource } from './models.ts';

export const ROW = [1, 2];

export function serving(source: MemorySource, options: Partial<ModelServerOptions> = {}): ModelServer {
  const server = new ModelServer({ source, clock: new ManualClock(), ...options });
  server.start();
  return server;
}

/** Which version answers; its answer is that very number. */
export async function versionOf(server: ModelServer, name = 'a', version?: string): Promise<string> {
  const asked = await server.predict(name, ROW, version === undefined ? {} : { version });
  assert.equal(asked.values[0], Number(asked.version));
  return asked.version;
}

/** The model `a` with these versions. */
export function numbered(...versions: number[]): MemorySource {
  const source = new MemorySource();
  for (const version of versions) source.put('a', String(version), constantModel(version));
  return source;
}

export const damaged = (): PilotfishError => new PilotfishError('DAMAGED', 'flipped; train it again');
