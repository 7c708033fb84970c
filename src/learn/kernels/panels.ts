import { PilotfishError } from '../../base/index.ts';
import { ofLength } from '../contract/index.ts';

/** y = x W + b: `weights` row by row, `[inputs][outputs]`, and one bias an output. */
export type DenseLayer = { readonly weights: ArrayLike<number>; readonly bias: ArrayLike<number> };

/** Outputs that a kernel computes together. */
const PANEL = 32;

/** `count` rounded up to a multiple of 4, the lanes of a vector. */
export function padded(count: number): number {
  return Math.ceil(count / 4) * 4;
}

/** Values of one packed layer: a bias and `inputs` weights for each output, outputs rounded up to 4. */
export function packedLength(inputs: number, outputs: number): number {
  return (inputs + 1) * padded(outputs);
}

/** @throws PilotfishError `SHAPE` */
export function checkLayerCount(layers: readonly DenseLayer[], expected: number): void {
  if (layers.length !== expected) {
    throw new PilotfishError('SHAPE', `${layers.length} layers where the kernel has ${expected}`);
  }
}

/**
 * Checks a layer before anything is written.
 * @throws PilotfishError `SHAPE` for a wrong number of values, `NOT_FINITE` for values that are no finite float32.
 */
export function checkLayer(name: string, layer: DenseLayer, inputs: number, outputs: number): void {
  ofLength(`${name}.weights`, layer.weights, inputs * outputs);
  ofLength(`${name}.bias`, layer.bias, outputs);
  checkFloats(`${name}.weights`, layer.weights);
  checkFloats(`${name}.bias`, layer.bias);
}

function checkFloats(name: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i += 1) {
    if (!Number.isFinite(Math.fround(values[i] as number))) {
      throw new PilotfishError('NOT_FINITE', `${name}[${i}] is ${values[i]}; give finite float32 values`);
    }
  }
}

/**
 * Packs a dense layer input by input in panels of 32 outputs, each led by its biases; the last panel is as wide as
 * what is left. `[panel][1 + inputs][width]`
 */
export function packPanels(target: Float32Array, layer: DenseLayer, outputs: number): void {
  const rows = layer.weights.length / outputs + 1;
  for (let first = 0; first < outputs; first += PANEL) {
    const width = Math.min(PANEL, padded(outputs - first));
    const real = Math.min(PANEL, outputs - first);
    for (let row = 0; row < rows; row += 1) {
      const from = row === 0 ? layer.bias : layer.weights;
      const at = row === 0 ? first : (row - 1) * outputs + first;
      const to = first * rows + row * width;
      for (let lane = 0; lane < real; lane += 1) target[to + lane] = from[at + lane] as number;
    }
  }
}
