import { PilotfishError } from '../../../base/index.ts';
import { cramerVonMisesTail } from '../distributions/cramer-von-mises.ts';
import { checkSums, sortedCopy } from '../summary.ts';

/**
 * Wasserstein-1 distance of two samples: how far a value must be moved on average to turn one into the other, in
 * units of the values; the area between the two distribution functions.
 * @throws PilotfishError `EMPTY` or `NOT_FINITE`, the latter also when values are so far apart that sums overflow.
 */
export function wasserstein(first: ArrayLike<number>, second: ArrayLike<number>): number {
  const [a, b] = [sortedCopy('first', first), sortedCopy('second', second)];
  let [i, j, area] = [0, 0, 0];
  let at = Math.min(a[0] as number, b[0] as number);
  while (i < a.length || j < b.length) {
    const next = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    area += (next - at) * Math.abs(i / a.length - j / b.length);
    at = next;
    while (a[i] === at) i += 1;
    while (b[j] === at) j += 1;
  }
  checkSums(area);
  return area;
}

/** Result of a two-sample Cramér-von Mises test. */
export type CramerVonMisesResult = {
  /** Anderson's T. */
  readonly statistic: number;
  /** From the limit distribution, at a statistic scaled to its exact mean and variance. */
  readonly pValue: number;
};

/** Σ (rank in both samples - rank in its own)² over a sample; equal values share the mean of their ranks. */
function squaredShifts(own: Float64Array, other: Float64Array): number {
  let [sum, i, below] = [0, 0, 0];
  while (i < own.length) {
    const value = own[i] as number;
    let [end, upTo] = [i, 0];
    while (own[end] === value) end += 1;
    while ((other[below] as number) < value) below += 1;
    while (other[below + upTo] === value) upTo += 1;
    const rank = below + i + (end - i + upTo + 1) / 2;
    for (; i < end; i += 1) sum += (rank - (i + 1)) ** 2;
  }
  return sum;
}

/**
 * Two-sample Cramér-von Mises test: like Kolmogorov-Smirnov's, but by the mean squared distance of the distribution
 * functions, so that it sees small differences everywhere better than a large one somewhere (Anderson 1962). The
 * p-value is good from about 10 values in each sample.
 * @throws PilotfishError `EMPTY` or `NOT_FINITE`; `EMPTY` also for a single value.
 */
export function cramerVonMises(first: ArrayLike<number>, second: ArrayLike<number>): CramerVonMisesResult {
  const [a, b] = [sortedCopy('first', first), sortedCopy('second', second)];
  const [n, m] = [a.length, b.length];
  if (Math.min(n, m) < 2) throw new PilotfishError('EMPTY', 'a single value is no sample; give two or more');
  const [product, both] = [n * m, n + m];
  const shifts = n * squaredShifts(a, b) + m * squaredShifts(b, a);
  const statistic = shifts / (product * both) - (4 * product - 1) / (6 * both);
  const mean = (1 + 1 / both) / 6;
  const spread = 4 * product * both - 3 * (n * n + m * m) - 2 * product;
  const variance = ((both + 1) * spread) / (45 * both * both * 4 * product);
  const scaled = 1 / 6 + (statistic - mean) / Math.sqrt(45 * variance);
  return { statistic, pValue: cramerVonMisesTail(scaled) };
}
