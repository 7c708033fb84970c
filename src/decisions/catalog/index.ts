/** Every room that has a model. */
import { PilotfishError } from '../../base/index.ts';
import { codecWorkshop } from '../codec/index.ts';
import { prefetchWorkshop } from '../prefetch/index.ts';
import { similarWorkshop } from '../similar/index.ts';
import type { Workshop } from '../workshop/index.ts';

/** Every room that has a model: a new one is entered here. */
export const WORKSHOPS: readonly Workshop[] = [codecWorkshop, similarWorkshop, prefetchWorkshop];

/** The workshop of a room, by its name or the documents'. @throws PilotfishError `USAGE` for any other. */
export function workshopOf(name: string): Workshop {
  const found = WORKSHOPS.find(({ room, alias }) => room === name || alias === name);
  if (found !== undefined) return found;
  const names = WORKSHOPS.map(({ room }) => room).join(', ');
  throw new PilotfishError('USAGE', `there is no room "${name}"; use one of ${names}`);
}
