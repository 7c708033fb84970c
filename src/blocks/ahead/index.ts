/** What to read before it is asked for. */
export { WasteBudget } from './budget.ts';
export { aheadRule, bestSlots, isAheadAnswer } from './choice.ts';
export { AHEAD_SHARE, AheadEngine, type AskAhead, horizonOf } from './engine.ts';
export { AccessHistory } from './history.ts';
export { HistoryAhead, type HistoryAheadOptions } from './history-ahead.ts';
export type { ReadAhead } from './port.ts';
export { SLOTS } from './slots.ts';
