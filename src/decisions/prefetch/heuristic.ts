/** The rule that serves without a model is the one the core has built in: what was right lately. */
export { aheadRule as prefetchHeuristic } from '../../blocks/index.ts';
