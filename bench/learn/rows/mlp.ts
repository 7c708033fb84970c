// Multilayer perceptrons, one sample at a time and many.
import { type DenseLayer, MlpKernel } from '../../../src/learn/kernels/index.ts';
import type { Reference } from '../reference.ts';
import { packDense, randomLayer } from './layers.ts';
import { Draws, padded, type RowName, sideOf, type Task } from './task.ts';

const flopOf = (sizes: readonly number[]): number =>
  sizes.slice(1).reduce((sum, size, i) => sum + 2 * size * (sizes[i] ?? 0), 0);

interface Net {
  readonly sizes: readonly number[];
  readonly layers: readonly DenseLayer[];
  readonly x: Float32Array;
  readonly rows: number;
}

function bindMlp(reference: Reference, { sizes, layers, x, rows }: Net) {
  const widest = padded(Math.max(...sizes));
  const hidden = () => reference.floats(rows * widest).offset;
  const outputs = sizes.at(-1) ?? 0;
  const y = reference.floats(rows * padded(outputs));
  const args = [layers.length, reference.floats(x).offset, hidden(), hidden(), y.offset];
  for (const [i, layer] of layers.entries()) {
    const inputs = sizes[i] ?? 0;
    args.push(
      inputs,
      padded(layer.bias.length),
      reference.floats(packDense(layer, inputs, reference)).offset,
    );
  }
  const bound = rows === 1 ? reference.bind('mlp', args) : reference.bind('mlpBatch', [rows, ...args]);
  const answer = (): Float64Array => {
    bound.call();
    return Float64Array.from({ length: rows * outputs }, (_, i) => {
      const row = Math.floor(i / outputs);
      return y.view[row * padded(outputs) + (i % outputs)] ?? Number.NaN;
    });
  };
  return { loop: (times: number) => bound.loop(times), answer };
}

/** A network of these sizes with ReLU between its layers, on `rows` samples at once. */
export function mlpTask(name: RowName, sizes: readonly number[], rows = 1): Task {
  const draws = new Draws(11);
  const layers = sizes.slice(1).map((size, i) => randomLayer(draws, sizes[i] ?? 0, size));
  const x = draws.normal(rows * (sizes[0] ?? 0));
  const kernel = new MlpKernel({ sizes, maxBatch: rows });
  kernel.load(layers);
  kernel.inputs.set(x);
  const run = rows === 1 ? () => kernel.run() : () => kernel.runMany(rows);
  const product = sideOf(run, () => {
    run();
    return kernel.outputs;
  });
  const net = { sizes, layers, x, rows };
  return { name, flop: rows * flopOf(sizes), product, bind: (reference) => bindMlp(reference, net) };
}
