// Random layers, and how the reference wants them (bench/learn/native/dense.c, lstm.c).
import type { DenseLayer } from '../../../src/learn/kernels/index.ts';
import type { Reference } from '../reference.ts';
import { type Draws, padded } from './task.ts';

/** A layer of random weights, as the kernels take it; scaled so that results stay of the order of 1. */
export function randomLayer(draws: Draws, inputs: number, outputs: number): DenseLayer {
  return {
    weights: draws.normal(inputs * outputs, Math.sqrt(1 / inputs)),
    bias: draws.normal(outputs, 0.1),
  };
}

/** [panel][1 + inputs][width]: panels of 4 vectors, then of one, then of 4 outputs. */
export function packDense(layer: DenseLayer, inputs: number, { lanes }: Reference): Float32Array {
  const outputs = layer.bias.length;
  const target = new Float32Array(padded(outputs) * (1 + inputs));
  let at = 0;
  for (let first = 0; first < padded(outputs); ) {
    const left = padded(outputs) - first;
    const width = left >= 4 * lanes ? 4 * lanes : left >= lanes ? lanes : 4;
    for (let row = -1; row < inputs; row++) {
      for (let lane = 0; lane < width; lane++, at++) {
        const output = first + lane;
        if (output >= outputs) continue;
        target[at] = (row < 0 ? layer.bias[output] : layer.weights[row * outputs + output]) as number;
      }
    }
    first += width;
  }
  return target;
}

/** [panel][1 + rows][4 gates][lanes]: panels of as many units as there are lanes. */
export function packLstm(layer: DenseLayer, units: number, { lanes }: Reference): Float32Array {
  const columns = 4 * units;
  const rows = layer.weights.length / columns;
  const target = new Float32Array(columns * (1 + rows));
  let at = 0;
  for (let first = 0; first < units; first += lanes) {
    for (let row = -1; row < rows; row++) {
      for (let lane = 0; lane < 4 * lanes; lane++, at++) {
        const column = Math.floor(lane / lanes) * units + first + (lane % lanes);
        target[at] = (row < 0 ? layer.bias[column] : layer.weights[row * columns + column]) as number;
      }
    }
  }
  return target;
}
