/** The room that says which blocks are read before anyone asks for them. */
import type { AheadQuestion } from '../../blocks/index.ts';
import type { Room } from '../contract/index.ts';
import { PREFETCH_FEATURES } from './features.ts';
import { prefetchHeuristic } from './heuristic.ts';
import { openPrefetchModel } from './model.ts';
import { isAheadAnswer } from './validator.ts';

export { PREFETCH_FEATURES, PREFETCH_SCHEMA, prefetchFeatures } from './features.ts';
export { fitLstm } from './judging/train.ts';
export { SequenceMemory } from './memory.ts';
export { LSTM_FILE, LSTM_TOPOLOGY, type PrefetchModel, prefetchModelOf, restoreLstm } from './model.ts';
export { prefetchWorkshop } from './workshop.ts';

/** Asked by whoever reads blocks, at each of them. */
export const prefetchRoom: Room<AheadQuestion, number> = {
  name: 'prefetch',
  features: PREFETCH_FEATURES,
  fallback: 0,
  heuristic: prefetchHeuristic,
  isLegal: isAheadAnswer,
  open: openPrefetchModel,
};
