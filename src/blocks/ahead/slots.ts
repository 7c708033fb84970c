import { SUCCESSORS } from './successors.ts';

/**
 * Every candidate has a slot: where it comes from, and its rank there. The more specific sources stand first.
 * `AHEAD_SLOTS` in all.
 */
export const SLOTS = { tree: 0, next: SUCCESSORS, pair: SUCCESSORS + 1, recent: 2 * SUCCESSORS + 1 } as const;
