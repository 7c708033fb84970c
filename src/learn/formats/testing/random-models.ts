import type { FastRng } from '../../../base/index.ts';
import type { Tree, TreeModel, TreeObjective } from '../../trees/index.ts';
import type { DenseActivation, DenseLayerDescription, LstmLayerDescription } from '../onnx-net.ts';

/** Seeded models of any shape; no logarithms or powers, so that every machine makes the same ones. */

const uniform = (rng: FastRng): number => 2 * rng.next() - 1;
const uniforms = (length: number, rng: FastRng): Float32Array =>
  Float32Array.from({ length }, () => uniform(rng));

/** Layers of the given widths; the first width is that of the input. */
export function randomDense(
  widths: readonly number[],
  activations: readonly DenseActivation[],
  rng: FastRng,
): DenseLayerDescription[] {
  return activations.map((activation, index) => {
    const [inputs, outputs] = [widths[index] as number, widths[index + 1] as number];
    return {
      inputs,
      outputs,
      weights: uniforms(inputs * outputs, rng),
      bias: uniforms(outputs, rng),
      activation,
    };
  });
}

/** LSTM layers of the given widths; the first width is that of the input. */
export function randomLstm(widths: readonly number[], rng: FastRng): LstmLayerDescription[] {
  return widths.slice(1).map((hidden, index) => {
    const inputs = widths[index] as number;
    const weights = uniforms((inputs + hidden) * 4 * hidden, rng);
    return { inputs, hidden, weights, bias: uniforms(4 * hidden, rng) };
  });
}

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
