import type { FastRng } from '../../../base/index.ts';
import type { DenseLayer } from '../panels.ts';

/** Normal float32 values. */
export function randomFloats(rng: FastRng, count: number, deviation = 1): Float32Array {
  return Float32Array.from({ length: count }, () => rng.normal() * deviation);
}

/** A layer whose outputs stay about as large as its inputs. */
export function randomLayer(rng: FastRng, inputs: number, outputs: number): DenseLayer {
  return {
    weights: randomFloats(rng, inputs * outputs, 1 / Math.sqrt(inputs)),
    bias: randomFloats(rng, outputs, 0.5),
  };
}

/** Layers between consecutive sizes. */
export function randomLayers(rng: FastRng, sizes: readonly number[]): DenseLayer[] {
  return sizes.slice(1).map((outputs, i) => randomLayer(rng, sizes[i] as number, outputs));
}

/** Gates of one or two LSTM layers, as `LstmKernel.load` takes them. */
export function randomGates(
  rng: FastRng,
  { inputs, hidden, layers }: { inputs: number; hidden: number; layers: number },
): DenseLayer[] {
  return [inputs, hidden].slice(0, layers).map((below) => randomLayer(rng, below + hidden, 4 * hidden));
}
