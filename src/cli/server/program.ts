import { PilotfishError } from '../../base/index.ts';
import type { Context } from '../context.ts';
import type { ServerProgram } from '../world.ts';

/** @throws PilotfishError `UNSUPPORTED` in a world without a server. */
export function serverOf({ world }: Context): ServerProgram {
  if (world.server !== undefined) return world.server;
  throw new PilotfishError('UNSUPPORTED', 'there is no server in this program: run `pilotfish`');
}
