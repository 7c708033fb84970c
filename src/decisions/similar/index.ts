/** The room that chooses the base of a delta, or none: by overlap of features, sizes, kinds, ages and history. */
import type { BaseQuestion } from '../../blocks/index.ts';
import type { Room } from '../contract/index.ts';
import { SIMILAR_FEATURES } from './features.ts';
import { similarHeuristic } from './heuristic.ts';
import { openSimilarModel } from './model.ts';
import { isBase, NO_BASE } from './validator.ts';

export { SIMILAR_FEATURES, SIMILAR_SCHEMA, similarFeatures } from './features.ts';
export { NO_BASE } from './validator.ts';
export { similarWorkshop } from './workshop.ts';

/** Asked by the store for every new block that resembles a stored one. */
export const similarRoom: Room<BaseQuestion, number> = {
  name: 'similar',
  features: SIMILAR_FEATURES,
  fallback: NO_BASE,
  heuristic: similarHeuristic,
  isLegal: isBase,
  open: openSimilarModel,
};
