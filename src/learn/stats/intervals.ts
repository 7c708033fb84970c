import { PilotfishError } from '../../base/index.ts';
import { numberWithin } from '../contract/index.ts';
import { binomialCdf } from './distributions/beta.ts';
import { studentQuantile } from './distributions/student.ts';
import { type Summary, sortedCopy, sortedQuantile } from './summary.ts';

/** An estimate and the ends of its confidence interval, in the units of the values. */
export type Interval = { readonly estimate: number; readonly low: number; readonly high: number };

/** Confidence levels are strictly between 0 and 1. */
export function checkLevel(level: number): number {
  if (!(level > 0 && level < 1)) {
    throw new PilotfishError('USAGE', `level is ${level}; give a confidence between 0 and 1, such as 0.95`);
  }
  return level;
}

/** estimate ± what Student's distribution allows for an error of that size. */
export function studentInterval(
  estimate: number,
  { error, freedom, level }: { readonly error: number; readonly freedom: number; readonly level: number },
): Interval {
  const reach = error === 0 ? 0 : error * studentQuantile((1 + level) / 2, freedom);
  return { estimate, low: estimate - reach, high: estimate + reach };
}

/**
 * Student's interval for the mean: exact for normal values, and by the central limit theorem nearly so for many.
 * @throws PilotfishError `EMPTY` for fewer than two values, `USAGE` for a level outside (0, 1).
 */
export function meanInterval({ count, mean, variance }: Summary, level = 0.95): Interval {
  checkLevel(level);
  if (count < 2) throw new PilotfishError('EMPTY', `${count} value shows no spread; give at least two`);
  return studentInterval(mean, { error: Math.sqrt(variance / count), freedom: count - 1, level });
}

/** Largest k in [0, count] with P(Bin(count, p) < k) <= limit. */
function lowestRank(count: number, p: number, limit: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (binomialCdf(middle - 1, count, p) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Interval for a quantile whose ends are two of the values: holds for every continuous distribution, with at most
 * (1 - level) / 2 of error at either end (David, Nagaraja, "Order Statistics", 7.1). An end that the sample is too
 * small for is infinite: 99th percentiles need 368 values at 95 %.
 * @throws PilotfishError `EMPTY`, `NOT_FINITE`, or `USAGE` unless `q` and `level` are strictly between 0 and 1.
 */
export function quantileInterval(values: ArrayLike<number>, q: number, level = 0.95): Interval {
  numberWithin('q', q, [Number.MIN_VALUE, 1 - Number.EPSILON / 2]);
  const limit = (1 - checkLevel(level)) / 2;
  const sorted = sortedCopy('values', values);
  const count = sorted.length;
  // The k-th value lies above the quantile when fewer than k fall below it; from above it is the mirror image.
  const fromBelow = lowestRank(count, q, limit);
  const fromAbove = lowestRank(count, 1 - q, limit);
  return {
    estimate: sortedQuantile(sorted, q),
    low: fromBelow === 0 ? -Infinity : (sorted[fromBelow - 1] as number),
    high: fromAbove === 0 ? Infinity : (sorted[count - fromAbove] as number),
  };
}
