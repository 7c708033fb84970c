// The ports of the probes: the real machine, as the command line has them.
import { nodePorts } from '../../../src/index.ts';

export const ports = nodePorts({ threads: 0 });

/** The repository named on the command line of a probe; its password comes as the command line's does. */
export function repositoryOptions(): { path: string; password?: string } {
  const path = process.argv[2];
  if (path === undefined) throw new Error('usage: PROBE REPOSITORY');
  const password = process.env['PILOTFISH_PASSWORD'];
  return password === undefined ? { path } : { path, password };
}
