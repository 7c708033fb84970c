import { PilotfishError } from '../../base/index.ts';
import { shown } from '../contract/index.ts';

/** What the sum of the trees stands for, in the words of XGBoost. */
export type TreeObjective = 'reg:squarederror' | 'binary:logistic' | 'multi:softprob';

/**
 * One regression tree as parallel arrays, a value a node. Node 0 is the root; children come after their parent,
 * and every node but the root is the child of exactly one.
 */
export type Tree = {
  /** Left child, -1 in leaves. */
  readonly left: Int32Array;
  /** Right child, -1 in leaves. */
  readonly right: Int32Array;
  /** The feature asked for; 0 in leaves. */
  readonly feature: Int32Array;
  /** A sample goes left when its float32 value is less than this; 0 in leaves. */
  readonly threshold: Float32Array;
  /** 1 where a missing value goes left, else 0. */
  readonly defaultLeft: Uint8Array;
  /** What a leaf adds to the margin, learning rate included; 0 in inner nodes. */
  readonly value: Float32Array;
  /** How much the split lowered the loss (XGBoost's `loss_changes`); 0 in leaves. */
  readonly gain: Float32Array;
  /** Sum of the hessians of the training samples that came by (XGBoost's `sum_hessian`). */
  readonly cover: Float32Array;
};

/**
 * A boosted ensemble, ready to be read, written and walked; nothing in it depends on who trained it. Tree `t`
 * adds to output `t % outputs`; there is one output, or one a class for `multi:softprob`.
 */
export type TreeModel = {
  readonly objective: TreeObjective;
  readonly features: number;
  readonly outputs: number;
  /** In the space of the answer, as XGBoost has it: a value, a probability, or a margin common to all classes. */
  readonly baseScore: number;
  readonly trees: readonly Tree[];
};

/** Most features a tree model may ask for: a feature and its default direction fit in 16 bits. */
export const MAX_TREE_FEATURES = 2 ** 15;

/** Most classes of `multi:softprob`. */
export const MAX_TREE_CLASSES = 2 ** 12;

/** Most trees of a model. */
export const MAX_TREES = 2 ** 20;

/** Most edges from the root to a leaf; explaining a tree takes memory with the square of it. */
export const MAX_TREE_DEPTH = 1024;

const OBJECTIVES: readonly string[] = ['reg:squarederror', 'binary:logistic', 'multi:softprob'];

/** True for a node without children. */
export const isLeaf = (tree: Tree, node: number): boolean => (tree.left[node] as number) < 0;

/** Classes told apart by the model: its outputs, 2 for `binary:logistic`, 0 for regression. */
export const classesOf = (model: Pick<TreeModel, 'objective' | 'outputs'>): number =>
  model.objective === 'multi:softprob' ? model.outputs : model.objective === 'binary:logistic' ? 2 : 0;

/** The tree with arrays of its own. */
export const copyTree = (tree: Tree): Tree => ({
  left: tree.left.slice(),
  right: tree.right.slice(),
  feature: tree.feature.slice(),
  threshold: tree.threshold.slice(),
  defaultLeft: tree.defaultLeft.slice(),
  value: tree.value.slice(),
  gain: tree.gain.slice(),
  cover: tree.cover.slice(),
});

/** Most edges between the root and a leaf. */
export function depthOf(tree: Tree): number {
  const depth = new Int32Array(tree.left.length);
  let deepest = 0;
  for (let node = 0; node < depth.length; node += 1) {
    if (isLeaf(tree, node)) continue;
    const below = (depth[node] as number) + 1;
    depth[tree.left[node] as number] = below;
    depth[tree.right[node] as number] = below;
    deepest = Math.max(deepest, below);
  }
  return deepest;
}

/**
 * Checks a model that came from outside, so that walking it always ends and stays inside its arrays.
 * @throws PilotfishError `DAMAGED` for a broken structure, `NOT_FINITE`, `LIMIT`, `UNSUPPORTED` objective, `USAGE` for
 * what is no model.
 */
export function checkTreeModel(model: TreeModel): TreeModel {
  if (!Array.isArray(model?.trees)) {
    throw new PilotfishError(
      'USAGE',
      'this is no tree model; of a learner such as BoostedTrees, give its `model`',
    );
  }
  if (!OBJECTIVES.includes(model.objective)) {
    throw new PilotfishError(
      'UNSUPPORTED',
      `the objective is ${shown(model.objective)}; use ${OBJECTIVES.join(', ')}`,
    );
  }
  within('features', model.features, [1, MAX_TREE_FEATURES]);
  within('outputs', model.outputs, model.objective === 'multi:softprob' ? [2, MAX_TREE_CLASSES] : [1, 1]);
  within('trees', model.trees.length, [0, MAX_TREES]);
  if (!Number.isFinite(model.baseScore)) {
    throw new PilotfishError('NOT_FINITE', `the base score is ${model.baseScore}; give a finite number`);
  }
  if (model.objective === 'binary:logistic' && !(model.baseScore > 0 && model.baseScore < 1)) {
    throw new PilotfishError('DAMAGED', `base score ${model.baseScore} is no probability between 0 and 1`);
  }
  if (model.trees.length % model.outputs !== 0) {
    throw new PilotfishError('DAMAGED', `${model.trees.length} trees do not make rounds of ${model.outputs}`);
  }
  model.trees.forEach((tree, index) => {
    checkTree(tree, { index, features: model.features });
  });
  return model;
}

function within(name: string, value: number, [min, max]: readonly [number, number]): void {
  if (!(Number.isInteger(value) && value >= min)) {
    throw new PilotfishError('DAMAGED', `${name} is ${value}; a whole number from ${min} is needed`);
  }
  if (value > max) throw new PilotfishError('LIMIT', `${name} is ${value}; at most ${max} can be served`);
}

function checkTree(tree: Tree, { index, features }: { index: number; features: number }): void {
  const nodes = tree.left.length;
  const broken = (what: string) => new PilotfishError('DAMAGED', `tree ${index}: ${what}`);
  if (nodes === 0) throw broken('no nodes; even a constant needs one leaf');
  const { left, right, feature, threshold, defaultLeft, value, gain, cover } = tree;
  const lengths = [right, feature, threshold, defaultLeft, value, gain, cover].map(({ length }) => length);
  if (lengths.some((length) => length !== nodes)) throw broken('its arrays differ in length');
  const depth = new Uint16Array(nodes);
  for (let node = 0; node < nodes; node += 1) {
    for (const values of [threshold, value, gain, cover]) {
      if (!Number.isFinite(values[node])) {
        throw new PilotfishError('NOT_FINITE', `tree ${index}, node ${node} holds ${values[node]}`);
      }
    }
    if (isLeaf(tree, node) && (right[node] as number) < 0) continue;
    const below = (depth[node] as number) + 1;
    if (below > MAX_TREE_DEPTH) {
      throw new PilotfishError(
        'LIMIT',
        `tree ${index} is deeper than ${MAX_TREE_DEPTH}; limit the depth in training`,
      );
    }
    for (const child of [left[node] as number, right[node] as number]) {
      if (child <= node || child >= nodes || depth[child] !== 0) {
        throw broken(`node ${node} cannot have child ${child}; children follow their only parent`);
      }
      depth[child] = below;
    }
    const asked = feature[node] as number;
    if (asked < 0 || asked >= features) throw broken(`node ${node} asks for feature ${asked} of ${features}`);
  }
  if (depth.indexOf(0, 1) > 0) throw broken(`node ${depth.indexOf(0, 1)} has no parent`);
}
