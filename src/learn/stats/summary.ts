import { PilotfishError } from '../../base/index.ts';
import { allFinite, notEmpty, numberWithin } from '../contract/index.ts';

/** What tests and intervals about means need to know of a sample. */
export type Summary = {
  readonly count: number;
  readonly mean: number;
  /** Unbiased (divided by count - 1), in squared units of the values; 0 for a single value. */
  readonly variance: number;
};

/** @throws PilotfishError `NOT_FINITE` when sums of finite values left float64. */
export function checkSums(...sums: readonly number[]): void {
  if (sums.every(Number.isFinite)) return;
  throw new PilotfishError('NOT_FINITE', 'the values are so large that sums of them overflow; rescale them');
}

/**
 * Count, mean and unbiased variance in one pass (Welford 1962): a large common offset costs no precision.
 * @throws PilotfishError `EMPTY` without values, `NOT_FINITE` for NaN, an infinity, or squares that overflow.
 */
export function summarize(values: ArrayLike<number>): Summary {
  allFinite('values', notEmpty('values', values));
  let [mean, squares] = [0, 0];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    const gap = value - mean;
    mean += gap / (i + 1);
    squares += gap * (value - mean);
  }
  checkSums(mean, squares);
  return { count: values.length, mean, variance: values.length > 1 ? squares / (values.length - 1) : 0 };
}

/** The values in rising order, as a copy. @throws PilotfishError `EMPTY` or `NOT_FINITE`. */
export function sortedCopy(name: string, values: ArrayLike<number>): Float64Array {
  return Float64Array.from(allFinite(name, notEmpty(name, values))).sort();
}

/** First place of rising values that is not below `value`, among the first `count`; `count` where all are below. */
export function firstAtOrAbove(rising: Float64Array, value: number, count = rising.length): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `quantile` of values known to be finite and in rising order. */
export function sortedQuantile(sorted: Float64Array, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  const share = position - below;
  const gap = high - low;
  // The distance of the two may overflow where no value between them does.
  return gap === Infinity ? low * (1 - share) + high * share : low + gap * share;
}

/**
 * The value below which the share `q` of the sample lies: linear between order statistics (type 7 of Hyndman and
 * Fan 1996, the default of R and NumPy).
 * @throws PilotfishError `EMPTY`, `NOT_FINITE`, or `USAGE` unless `q` is in [0, 1].
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  numberWithin('q', q, [0, 1]);
  return sortedQuantile(sortedCopy('values', values), q);
}
