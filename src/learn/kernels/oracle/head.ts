import type { DenseLayer } from '../panels.ts';
import { sumOfLanes } from './activations.ts';

/** The twin of `HeadKernel.runCandidates`: four chains for each output, the bias in the first. */
export function candidateLogits(layer: DenseLayer, ids: Int32Array, input: Float32Array): Float32Array {
  const outputs = layer.bias.length;
  return Float32Array.from(ids, (id) => {
    const products = input.map((x, i) => x * Math.fround(layer.weights[i * outputs + id] as number));
    return sumOfLanes(products, [layer.bias[id] as number, 0, 0, 0]);
  });
}

/** Places of the highest `count` values, highest first, equal ones in their order; never NaN or -Infinity. */
export function topOf(values: Float32Array, count: number): number[] {
  const places = Array.from(values.keys()).filter((i) => (values[i] as number) > -Infinity);
  return places.sort((a, b) => (values[b] as number) - (values[a] as number) || a - b).slice(0, count);
}
