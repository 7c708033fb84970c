import { PilotfishError } from '../../base/index.ts';

/** The ids most likely to come next, best first. The predictor reuses it at its next `predict`. */
export type Ranking = {
  /** How many of `ids` and `scores` hold a prediction: 0 when there is nothing to go by. */
  count: number;
  readonly ids: Uint32Array;
  /** How likely the rule holds the id to come next; they fall, and sum to at most 1. */
  readonly scores: Float64Array;
};

export function emptyRanking(size: number): Ranking {
  return { count: 0, ids: new Uint32Array(size), scores: new Float64Array(size) };
}

/** @throws PilotfishError `USAGE` unless the id is a whole number below 2^32. */
export function checkId(id: number): void {
  if (Number.isInteger(id) && id >= 0 && id <= 0xffffffff) return;
  throw new PilotfishError('USAGE', `id is ${id}; number the items from 0 to 4294967295`);
}
