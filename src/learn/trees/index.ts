/** Boosted decision trees: the model, its training, its inference, its importances. */
export { BoostedTrees, type BoostingOptions } from './boosted-trees.ts';
export { FlatTrees } from './flat.ts';
export { featureImportance, type ImportanceType } from './importance.ts';
export type { BoostingRound } from './learnt.ts';
export {
  checkTreeModel,
  classesOf,
  depthOf,
  isLeaf,
  MAX_TREE_CLASSES,
  MAX_TREE_DEPTH,
  MAX_TREE_FEATURES,
  type Tree,
  type TreeModel,
  type TreeObjective,
} from './model.ts';
export { baseMargin } from './objective.ts';
export type { BoostedTreesOptions } from './options.ts';
