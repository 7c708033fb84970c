import { PilotfishError } from '../../base/index.ts';
import { type Json, type Snapshot, type Tensor, takeTensor } from '../contract/index.ts';
import { checkTreeModel, type Tree, type TreeModel, type TreeObjective } from './model.ts';

const COLUMNS = {
  left: Int32Array,
  right: Int32Array,
  feature: Int32Array,
  threshold: Float32Array,
  defaultLeft: Uint8Array,
  value: Float32Array,
  gain: Float32Array,
  cover: Float32Array,
} as const;

type Column = keyof typeof COLUMNS;

const NAMES = Object.keys(COLUMNS) as readonly Column[];

/** The trees of a model as tensors: their sizes, and each array of all trees one after the other. */
export function treesToTensors(trees: readonly Tree[]): Record<string, Tensor> {
  const sizes = Int32Array.from(trees, (tree) => tree.left.length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const tensors: Record<string, Tensor> = { sizes: { shape: [trees.length], data: sizes } };
  for (const name of NAMES) {
    const data = new COLUMNS[name](total);
    let at = 0;
    for (const tree of trees) {
      data.set(tree[name], at);
      at += tree[name].length;
    }
    tensors[name] = { shape: [total], data };
  }
  return tensors;
}

/** What of a model is no tensor. */
export const modelToConfig = ({ objective, features, outputs, baseScore }: TreeModel): Json => ({
  objective,
  features,
  outputs,
  baseScore,
});

/** The model in a snapshot, checked through and through. @throws PilotfishError as `checkTreeModel`. */
export function modelFromSnapshot(snapshot: Snapshot): TreeModel {
  const { model } = snapshot.config;
  if (typeof model !== 'object' || model === null || Array.isArray(model)) {
    throw new PilotfishError('DAMAGED', 'the snapshot does not say what its trees are for');
  }
  const { objective, features, outputs, baseScore } = model as Record<string, Json>;
  if (typeof features !== 'number' || typeof outputs !== 'number' || typeof baseScore !== 'number') {
    throw new PilotfishError('DAMAGED', 'features, outputs and baseScore of the trees must be numbers');
  }
  const trees = treesFrom(snapshot);
  return checkTreeModel({ objective: objective as TreeObjective, features, outputs, baseScore, trees });
}

function treesFrom(snapshot: Snapshot): Tree[] {
  // Shapes are asked of the data that is there, so nothing is sized by a mere claim.
  const sizes = takeTensor(snapshot, 'sizes', {
    type: Int32Array,
    shape: [snapshot.tensors['sizes']?.data.length ?? 0],
  });
  let total = 0;
  for (const size of sizes) {
    if (size < 1) throw new PilotfishError('DAMAGED', `a tree of ${size} nodes; every tree has at least one`);
    total += size;
  }
  const all = columnsOf(snapshot, total);
  let at = 0;
  return Array.from(sizes, (size) => {
    const [begin, end] = [at, at + size];
    at = end;
    return {
      left: all.left.slice(begin, end),
      right: all.right.slice(begin, end),
      feature: all.feature.slice(begin, end),
      threshold: all.threshold.slice(begin, end),
      defaultLeft: all.defaultLeft.slice(begin, end),
      value: all.value.slice(begin, end),
      gain: all.gain.slice(begin, end),
      cover: all.cover.slice(begin, end),
    };
  });
}

function columnsOf(snapshot: Snapshot, total: number): Tree {
  const ints = (name: Column) => takeTensor(snapshot, name, { type: Int32Array, shape: [total] });
  const floats = (name: Column) => takeTensor(snapshot, name, { type: Float32Array, shape: [total] });
  return {
    left: ints('left'),
    right: ints('right'),
    feature: ints('feature'),
    threshold: floats('threshold'),
    defaultLeft: takeTensor(snapshot, 'defaultLeft', { type: Uint8Array, shape: [total] }),
    value: floats('value'),
    gain: floats('gain'),
    cover: floats('cover'),
  };
}
