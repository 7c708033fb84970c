/** The door between a core and learning: breaker, time budget, legality, and who answered. */
export { BREAKER_DEFAULTS, Breaker, type BreakerOptions } from './breaker.ts';
export {
  type Assign,
  DEFAULT_BUDGET_MS,
  type Decision,
  Guard,
  type GuardCounters,
  type GuardOptions,
  LateAnswer,
  type Tap,
} from './guard.ts';
