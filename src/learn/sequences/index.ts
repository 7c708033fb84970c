/** Rules for sequences that a model must beat: what id, or what value, comes next. */
export { Ewma, type EwmaOptions, persistence } from './ewma.ts';
export { Markov, type MarkovOptions } from './markov.ts';
export type { Ranking } from './ranking.ts';
export { RecencyMarkov, type RecencyMarkovOptions } from './recency-markov.ts';
export type { SequenceOptions } from './sequence-options.ts';
