import type { BinnedMatrix } from './bins.ts';

/**
 * Sums of packed gradients a bin: cell `(feature << binBits) + bin`, features padded to whole words. Bins of
 * padding features gather rubbish that nobody reads.
 */
export type Histogram = Float64Array;

/** An empty histogram for the matrix. */
export const histogramFor = ({ columns, binBits }: BinnedMatrix): Histogram =>
  new Float64Array((Math.ceil(columns / 4) * 4) << binBits);

/** The words that hold at least one of the features: others need no histogram. */
export function wordsOf(features: Uint32Array): Uint32Array {
  return Uint32Array.from(new Set(features.map((feature) => feature >> 2)));
}

/** The samples of one tree: which features it may ask for, and what the samples are worth. */
export type HistogramSource = {
  readonly x: BinnedMatrix;
  readonly words: Uint32Array;
  readonly packed: Float64Array;
};

/** Sums the samples `rows[begin … end - 1]` into `histogram`, whatever it held before. */
export function buildHistogram(
  histogram: Histogram,
  { x, words, packed }: HistogramSource,
  rows: Uint32Array,
  [begin, end]: readonly [number, number],
): void {
  const bins = x.words;
  const one = 1 << x.binBits;
  const two = 2 * one;
  const three = 3 * one;
  histogram.fill(0);
  for (let k = 0; k < words.length; k += 1) {
    const word = words[k] as number;
    const base = (word * 4) << x.binBits;
    const first = word * x.rows;
    for (let i = begin; i < end; i += 1) {
      const row = rows[i] as number;
      const value = packed[row] as number;
      const four = bins[first + row] as number;
      const a = base + (four & 255);
      const b = base + one + ((four >>> 8) & 255);
      const c = base + two + ((four >>> 16) & 255);
      const d = base + three + (four >>> 24);
      histogram[a] = (histogram[a] as number) + value;
      histogram[b] = (histogram[b] as number) + value;
      histogram[c] = (histogram[c] as number) + value;
      histogram[d] = (histogram[d] as number) + value;
    }
  }
}

/** What is left of the parent without one child: the other child, in place and exact. */
export function subtractHistogram(parent: Histogram, child: Histogram): void {
  for (let i = 0; i < parent.length; i += 1) parent[i] = (parent[i] as number) - (child[i] as number);
}
