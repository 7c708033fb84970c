import type { FastRng } from '../../../base/index.ts';
import type { Tree, TreeModel, TreeObjective } from '../../trees/index.ts';
import type { OnnxLayer } from '../onnx-net.ts';

/** Seeded models of any shape; no logarithms or powers, so that every machine makes the same ones. */

const uniform = (rng: FastRng): number => 2 * rng.next() - 1;
const uniforms = (length: number, rng: FastRng): Float32Array =>
  Float32Array.from({ length }, () => uniform(rng));

/** Dense layers of the given widths; the first is that of the input. */
export const randomLayers = (widths: readonly number[], rng: FastRng): OnnxLayer[] =>
  widths.slice(1).map((width, index) => ({
    weights: uniforms((widths[index] as number) * width, rng),
    bias: uniforms(width, rng),
  }));

/** LSTM layers of the given widths; the first is that of the input. */
export const randomRecurrent = (widths: readonly number[], rng: FastRng): OnnxLayer[] =>
  widths.slice(1).map((hidden, index) => ({
    weights: uniforms(((widths[index] as number) + hidden) * 4 * hidden, rng),
    bias: uniforms(4 * hidden, rng),
  }));

/** What `randomTrees` makes. */
export type RandomTrees = {
  readonly objective: TreeObjective;
  readonly features: number;
  readonly outputs: number;
  readonly trees: number;
  /** Splits a tree, from none to this. */
  readonly splitsMax: number;
};

/** Trees that split leaves picked at random, with thresholds on the grid of `randomRows`. */
export function randomTrees(
  { objective, features, outputs, trees, splitsMax }: RandomTrees,
  rng: FastRng,
): TreeModel {
  const baseScore = Math.fround(0.25 + rng.next() / 2);
  const grown = Array.from({ length: trees }, () => randomTree(features, rng.below(splitsMax + 1), rng));
  return { objective, features, outputs, baseScore, trees: grown };
}

function randomTree(features: number, splits: number, rng: FastRng): Tree {
  const left = [-1];
  const right = [-1];
  const leaves = [0];
  for (let split = 0; split < splits; split += 1) {
    const [node] = leaves.splice(rng.below(leaves.length), 1) as [number];
    left[node] = left.length;
    right[node] = left.length + 1;
    leaves.push(left.length, left.length + 1);
    left.push(-1, -1);
    right.push(-1, -1);
  }
  const isLeaf = (node: number) => (left[node] as number) < 0;
  const numbers = (leaf: () => number, inner: () => number) =>
    Float32Array.from(left, (_, node) => (isLeaf(node) ? leaf() : inner()));
  const zero = () => 0;
  return {
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    feature: Int32Array.from(numbers(zero, () => rng.below(features))),
    threshold: numbers(zero, () => gridNumber(rng)),
    defaultLeft: Uint8Array.from(numbers(zero, () => rng.below(2))),
    value: numbers(() => uniform(rng) / 4, zero),
    gain: numbers(zero, () => rng.next()),
    cover: numbers(
      () => 1 + rng.next(),
      () => 2 + rng.next(),
    ),
  };
}

const gridNumber = (rng: FastRng): number => (rng.below(17) - 8) / 8;

/** Rows whose values often equal a threshold and are sometimes missing. */
export function randomRows(rows: number, features: number, rng: FastRng): number[][] {
  const value = () => (rng.below(6) === 0 ? Number.NaN : gridNumber(rng));
  return Array.from({ length: rows }, () => Array.from({ length: features }, value));
}
