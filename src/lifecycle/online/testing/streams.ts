import { FastRng } from '../../../base/index.ts';
import type { TrainingSample } from '../index.ts';

/** A stream of rows with labels. */
export type Stream = { readonly x: readonly (readonly number[])[]; readonly y: readonly number[] };

/** Names of the three features of SEA. */
export const SEA_FEATURES = ['a', 'b', 'c'] as const;

/**
 * SEA concepts (Street and Kim, KDD 2001): of three numbers below 10 the first two decide, whether their sum is at most
 * the bound; the bound of each part follows after the last. `noise` is the share of labels that are turned round.
 */
export function sea(
  parts: readonly { readonly samples: number; readonly bound: number; readonly isTurned?: boolean }[],
  { seed = 1, noise = 0 }: { readonly seed?: number; readonly noise?: number } = {},
): Stream {
  const rng = new FastRng(seed);
  const [x, y]: [number[][], number[]] = [[], []];
  for (const { samples, bound, isTurned = false } of parts) {
    for (let i = 0; i < samples; i += 1) {
      const row = [10 * rng.next(), 10 * rng.next(), 10 * rng.next()];
      const isOne = (row[0] as number) + (row[1] as number) <= bound;
      x.push(row);
      y.push(Number((isOne !== isTurned) !== rng.next() < noise));
    }
  }
  return { x, y };
}

/** Samples of a stream, numbered from `from`. */
export const samplesOf = ({ x, y }: Stream, from = 0): TrainingSample[] =>
  x.map((row, i) => ({
    sampleId: `s${from + i}`,
    features: Object.fromEntries(SEA_FEATURES.map((name, at) => [name, row[at] as number])),
    label: y[i] as number,
  }));
