import type { DenseLayer } from '../panels.ts';

/** x W + b in float32: one chain of additions for each output, beginning with its bias, in the order of the inputs. */
export function dense(x: Float32Array, { weights, bias }: DenseLayer): Float32Array {
  const outputs = bias.length;
  const y = Float32Array.from(bias);
  for (let i = 0; i < x.length; i += 1) {
    for (let o = 0; o < outputs; o += 1) {
      const product = Math.fround((x[i] as number) * Math.fround(weights[i * outputs + o] as number));
      y[o] = (y[o] as number) + product;
    }
  }
  return y;
}
