// The trainer of the native reference (bench/learn/native/train.c).
import { FastRng } from '../../../src/base/index.ts';
import type { Labelled } from '../data.ts';
import type { Reference } from '../reference.ts';
import { Draws } from '../rows/task.ts';

const adam = { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** Results of a layer take whole tiles. */
const tile = ({ lanes }: Reference, outputs: number): number => Math.ceil(outputs / (2 * lanes)) * 2 * lanes;

/** A network in training; each call learns from all samples once and gives the mean loss. */
export function nativeTrainer(
  reference: Reference,
  { x, y }: Labelled,
  { sizes, batch }: { readonly sizes: readonly number[]; readonly batch: number },
): () => number {
  const draws = new Draws(21);
  const zeros = (count: number): number => reference.floats(count).offset;
  const layers = sizes.slice(1).flatMap((outputs, i) => {
    const inputs = sizes[i] ?? 0;
    const width = tile(reference, outputs);
    const weights = draws
      .normal(inputs * width, Math.sqrt(2 / inputs))
      .map((w, at) => (at % width < outputs ? w : 0));
    const values = new Float32Array((inputs + 1) * width);
    values.set(weights);
    const size = values.length;
    const moments = [zeros(size), zeros(size), zeros(size)];
    const results = [zeros(batch * width), zeros(batch * width), zeros(width * inputs)];
    return [inputs, outputs, width, reference.floats(values).offset, ...moments, ...results];
  });
  // In a new order each epoch, as the product does it.
  const order = reference.ints(Array.from({ length: x.rows }, (_, i) => i));
  const rng = new FastRng(23);
  const bound = reference.bind('trainMlp', [
    ...[x.rows, batch, reference.floats(x.data).offset, reference.ints(y).offset, order.offset],
    ...[zeros(batch * x.columns), reference.ints(batch).offset, reference.ints(1).offset],
    reference.floats(Object.values(adam)).offset,
    sizes.length - 1,
    ...layers,
  ]);
  return () => {
    rng.shuffle(order.view);
    return bound.call();
  };
}
