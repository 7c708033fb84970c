import type { Batch } from '../../contract/index.ts';
import type { Tree, TreeObjective } from '../model.ts';

const FEATURES = 5;

type RecordedTree = Readonly<
  Record<'left' | 'right' | 'feature' | 'condition' | 'defaultLeft' | 'gain' | 'cover', readonly number[]>
>;

/** What `test/full/oracles/xgboost.py` printed, in `test/vectors/xgboost.json`. */
export type XgboostRecord = {
  readonly exact: readonly {
    readonly name: string;
    readonly trees: readonly RecordedTree[];
    readonly importance: Readonly<Record<'weight' | 'gain' | 'cover', readonly number[]>>;
    readonly predictions: readonly (number | readonly number[])[];
  }[];
  readonly contributions: readonly {
    readonly name: string;
    readonly objective: TreeObjective;
    readonly baseScore: number;
    readonly trees: readonly RecordedTree[];
    readonly rows: number;
    readonly contributions: readonly (readonly (readonly number[])[])[];
  }[];
  readonly stopping: { readonly losses: readonly number[]; readonly kept: number };
  readonly heldOut: readonly { readonly objective: TreeObjective; readonly loss: number }[];
};

/** A recorded tree as one of ours: XGBoost keeps leaf values where inner nodes have thresholds. */
export function treeOf({ left, right, feature, condition, defaultLeft, gain, cover }: RecordedTree): Tree {
  const isInner = left.map((child) => child >= 0);
  return {
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    feature: Int32Array.from(feature),
    threshold: Float32Array.from(condition, (value, node) => (isInner[node] ? value : 0)),
    defaultLeft: Uint8Array.from(defaultLeft),
    value: Float32Array.from(condition, (value, node) => (isInner[node] ? 0 : value)),
    gain: Float32Array.from(gain),
    cover: Float32Array.from(cover),
  };
}

/** Marsaglia's xorshift32, in [0, 1). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** As `data` of the script: the same seed gives the same bits. */
export type DataOptions = {
  readonly seed: number;
  readonly rows: number;
  readonly objective: TreeObjective;
  readonly steps?: number;
  readonly missing?: number;
  readonly noise?: number;
};

/** Rows in [-2, 2) with targets that depend on all features; NaN where missing. */
export function xgboostData(options: DataOptions): Batch & { readonly weights: Float64Array } {
  const { seed, rows, objective, steps = 0, missing = 0, noise = 0.25 } = options;
  const next = numbersFrom(seed);
  const data = new Float32Array(rows * FEATURES);
  const [y, weights] = [new Float64Array(rows), new Float64Array(rows)];
  for (let row = 0; row < rows; row += 1) {
    const v = Array.from({ length: FEATURES }, (_, feature) => {
      const draw = next();
      const value = Math.fround(4 * (steps > 0 ? Math.floor(draw * steps) / steps : draw) - 2);
      data[row * FEATURES + feature] = next() < missing ? Number.NaN : value;
      return value;
    }) as [number, number, number, number, number];
    const score = v[0] * v[1] + v[2] * v[2] - v[3] + 0.5 * v[4] + noise * (8 * next() - 4);
    y[row] = targetOf(objective, score);
    weights[row] = 0.5 + Math.floor(4 * next()) / 2;
  }
  return { x: { rows, columns: FEATURES, data }, y, weights };
}

function targetOf(objective: TreeObjective, score: number): number {
  if (objective === 'binary:logistic') return Number(score > 1);
  if (objective === 'multi:softprob') return Number(score > 0) + Number(score > 2);
  return Math.floor(score * 64) / 64;
}
