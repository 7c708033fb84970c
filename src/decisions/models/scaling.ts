import { PilotfishError } from '../../base/index.ts';
import { Mlp } from '../../learn/index.ts';
import type { LabelledSamples } from './samples.ts';

/** Mean and standard deviation of each feature of the training samples; a constant feature has a deviation of 1. */
export type Scaling = { readonly mean: Float64Array; readonly deviation: Float64Array };

/** The features, with the neutral value of its slot for each that is missing. */
export function filled({ x, features }: LabelledSamples): Float64Array {
  return x.map((value, at) => (Number.isNaN(value) ? (features[at % features.length]?.neutral ?? 0) : value));
}

/** @param x row by row, `columns` values each, none missing */
export function scalingOf(x: Float64Array, columns: number): Scaling {
  const rows = x.length / columns;
  const column = (each: (at: number) => number): Float64Array =>
    Float64Array.from({ length: columns }, (_, at) => each(at));
  const sumOf = (at: number, of: (value: number) => number): number => {
    let sum = 0;
    for (let i = at; i < x.length; i += columns) sum += of(x[i] as number);
    return sum;
  };
  const mean = column((at) => sumOf(at, (value) => value) / rows);
  const deviation = column(
    (at) => Math.sqrt(sumOf(at, (value) => (value - (mean[at] as number)) ** 2) / rows) || 1,
  );
  return { mean, deviation };
}

/** Each feature less its mean, in standard deviations: nets learn from features of one size many times faster. */
export function scaled(x: Float64Array, { mean, deviation }: Scaling): Float64Array {
  const columns = mean.length;
  return x.map((value, at) => (value - (mean[at % columns] as number)) / (deviation[at % columns] as number));
}

/** A net that answers features as they are as `net` answers scaled ones: the scaling is folded into its first layer. */
export function unscaled(net: Mlp, { mean, deviation }: Scaling): Mlp {
  const snapshot = net.snapshot();
  const [weights, bias] = [snapshot.tensors['layer0.weights'], snapshot.tensors['layer0.bias']];
  if (weights === undefined || bias === undefined)
    throw new PilotfishError('INTERNAL', 'a net without a first layer');
  const units = bias.data.length;
  const [folded, shifted] = [Float32Array.from(weights.data), Float64Array.from(bias.data)];
  folded.forEach((weight, at) => {
    const input = Math.floor(at / units);
    const slope = weight / (deviation[input] as number);
    folded[at] = slope;
    shifted[at % units] = (shifted[at % units] as number) - slope * (mean[input] as number);
  });
  const tensors = {
    ...snapshot.tensors,
    'layer0.weights': { ...weights, data: folded },
    'layer0.bias': { ...bias, data: Float32Array.from(shifted) },
  };
  return Mlp.restore({ ...snapshot, tensors });
}
