import { PilotfishError } from '../../../base/index.ts';
import { checkSnapshot, type Snapshot, type Tensor, takeTensor } from '../../contract/index.ts';
import { checkWithin, MAX_MAGNITUDE, takeCount } from '../checks.ts';
import { HoeffdingLeaf } from './leaf.ts';
import { type HoeffdingOptions, takeOptions } from './options.ts';

export const HOEFFDING_KIND = 'hoeffding-tree';

/** A tree: nodes by number, the root first, the two children of a node side by side and behind it. */
export type HoeffdingState = {
  /** Feature a node asks about; -1 for a leaf. */
  readonly feature: number[];
  /** Values up to here go left. */
  readonly threshold: number[];
  /** Number of the left child; of a leaf, its place in `leaves`. */
  readonly next: number[];
  readonly leaves: HoeffdingLeaf[];
};

type Nodes = Omit<HoeffdingState, 'leaves'>;
type Options = Required<HoeffdingOptions>;

const { MAX_VALUE } = Number;

type LeafTensor = {
  readonly name: string;
  readonly of: (leaf: HoeffdingLeaf) => Float64Array;
  readonly columns: (classes: number, features: number) => number;
  readonly range: readonly [number, number];
};

/** The tensors of the leaves, one row a leaf: where the numbers are, how many, and what each lies within. */
const LEAF_TENSORS: readonly LeafTensor[] = [
  { name: 'counts', of: (leaf) => leaf.counts, columns: (c) => c, range: [0, MAX_VALUE] },
  { name: 'record', of: (leaf) => leaf.record, columns: () => 3, range: [0, MAX_VALUE] },
  { name: 'weight', of: (leaf) => leaf.table.weight, columns: (c) => c + 1, range: [0, MAX_VALUE] },
  {
    name: 'mean',
    of: (leaf) => leaf.table.mean,
    columns: (c, f) => (c + 1) * f,
    range: [-MAX_MAGNITUDE, MAX_MAGNITUDE],
  },
  {
    name: 'squares',
    of: (leaf) => leaf.table.squares,
    columns: (c, f) => (c + 1) * f,
    range: [0, MAX_VALUE],
  },
  { name: 'lowest', of: (leaf) => leaf.lowest, columns: (c, f) => c * f, range: [-MAX_MAGNITUDE, Infinity] },
  {
    name: 'highest',
    of: (leaf) => leaf.highest,
    columns: (c, f) => c * f,
    range: [-Infinity, MAX_MAGNITUDE],
  },
];

/** The whole tree. */
export function putHoeffding(options: Options, { leaves, ...nodes }: HoeffdingState): Snapshot {
  const shape = [nodes.feature.length];
  const tensors: { [name: string]: Tensor } = {
    feature: { shape, data: Int32Array.from(nodes.feature) },
    threshold: { shape, data: Float64Array.from(nodes.threshold) },
    next: { shape, data: Int32Array.from(nodes.next) },
  };
  for (const part of LEAF_TENSORS) {
    const columns = part.columns(options.classes, options.features);
    const data = new Float64Array(leaves.length * columns);
    leaves.forEach((leaf, row) => {
      data.set(part.of(leaf), row * columns);
    });
    tensors[part.name] = { shape: [leaves.length, columns], data };
  }
  return { kind: HOEFFDING_KIND, version: 1, config: { ...options, leaves: leaves.length }, tensors };
}

/** The inverse of `putHoeffding`. @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `USAGE`, `LIMIT`. */
export function takeHoeffding(snapshot: Snapshot): { options: Options; state: HoeffdingState } {
  checkSnapshot(snapshot, HOEFFDING_KIND, 1);
  const options = takeOptions(snapshot);
  const count = takeCount(snapshot, 'leaves', [1, options.maxLeaves]);
  const nodes = takeNodes(snapshot, count, options.features);
  return { options, state: { ...nodes, leaves: takeLeaves(snapshot, count, options) } };
}

function takeNodes(snapshot: Snapshot, leaves: number, features: number): Nodes {
  const shape = [2 * leaves - 1];
  const feature = takeTensor(snapshot, 'feature', { type: Int32Array, shape });
  const threshold = takeTensor(snapshot, 'threshold', { type: Float64Array, shape });
  const next = takeTensor(snapshot, 'next', { type: Int32Array, shape });
  checkWithin('feature', feature, [-1, features - 1]);
  checkWithin('threshold', threshold, [-MAX_MAGNITUDE, MAX_MAGNITUDE]);
  checkLinks(feature, next, leaves);
  return { feature: Array.from(feature), threshold: Array.from(threshold), next: Array.from(next) };
}

/** Every pair of nodes is the children of one node before it, and every leaf's place is taken once. */
function checkLinks(feature: Int32Array, next: Int32Array, leaves: number): void {
  const taken = new Set<string>();
  feature.forEach((asked, node) => {
    const to = next[node] as number;
    const isLeaf = asked < 0;
    const within = isLeaf ? to >= 0 && to < leaves : to > node && to % 2 === 1 && to + 1 < feature.length;
    const link = `${isLeaf ? 'leaf' : 'node'} ${to}`;
    if (!within || taken.has(link)) {
      throw new PilotfishError('DAMAGED', `node ${node} of the snapshot leads to ${link}, which cannot be`);
    }
    taken.add(link);
  });
}

function takeLeaves(snapshot: Snapshot, count: number, { classes, features }: Options): HoeffdingLeaf[] {
  const tensors = LEAF_TENSORS.map(({ name, columns, range }) => {
    const shape = [count, columns(classes, features)];
    const data = takeTensor(snapshot, name, { type: Float64Array, shape });
    checkWithin(name, data, range);
    return data;
  });
  return Array.from({ length: count }, (_, row) => {
    const leaf = new HoeffdingLeaf(new Float64Array(classes), features);
    LEAF_TENSORS.forEach(({ of, columns }, index) => {
      const start = row * columns(classes, features);
      of(leaf).set((tensors[index] as Float64Array).subarray(start, start + of(leaf).length));
    });
    return leaf;
  });
}
