// The ports of the probes: the real machine, as the command line has them.
import { NodeFileSystem, secureBytes, silentLog, systemClock, systemHost } from '../../../src/base/index.ts';
import type { RepositoryPorts } from '../../../src/blocks/index.ts';

export const ports: RepositoryPorts = {
  fs: new NodeFileSystem(),
  clock: systemClock,
  host: systemHost,
  random: secureBytes,
  log: silentLog,
  index: 'sqlite',
  threads: 0,
};

/** The repository named on the command line of a probe; its password comes as the command line's does. */
export function repositoryOptions(): { path: string; password?: string } {
  const path = process.argv[2];
  if (path === undefined) throw new Error('usage: PROBE REPOSITORY');
  const password = process.env['PILOTFISH_PASSWORD'];
  return password === undefined ? { path } : { path, password };
}
