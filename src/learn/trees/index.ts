/** Boosted decision trees: the model, its training, its inference, its importances. */
export {
  checkTreeModel,
  classesOf,
  depthOf,
  isLeaf,
  MAX_TREE_CLASSES,
  MAX_TREE_FEATURES,
  type Tree,
  type TreeModel,
  type TreeObjective,
} from './model.ts';
