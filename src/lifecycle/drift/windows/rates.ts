import { logGamma } from '../../../learn/index.ts';

/** So many of so many were 1. */
export type Rate = { readonly ones: number; readonly count: number };

const logChoose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);

/** Below this share of the sum, a term changes nothing. */
const NEGLIGIBLE = 1e-16;

/** Chance of `ones` or more in the sample of a 2 × 2 table with fixed margins (Fisher's exact test, one side). */
function upperTail({ ones, count }: Rate, total: Rate): number {
  const rest = total.count - total.ones;
  const most = Math.min(count, total.ones);
  let term = Math.exp(
    logChoose(total.ones, ones) + logChoose(rest, count - ones) - logChoose(total.count, count),
  );
  let sum = 0;
  for (let k = ones; k <= most; k += 1) {
    sum += term;
    if (term < sum * NEGLIGIBLE) break;
    term *= ((total.ones - k) / (k + 1)) * ((count - k) / (rest - count + k + 1));
  }
  return Math.min(1, sum);
}

/**
 * How likely so different a rate is without drift, by Fisher's exact test: of a rise only, or of a change either way
 * (twice the smaller side). Conservative, because counts are whole.
 */
export function ratePValue(current: Rate, baseline: Rate, side: 'rise' | 'both'): number {
  const total = { ones: current.ones + baseline.ones, count: current.count + baseline.count };
  const rise = upperTail(current, total);
  if (side === 'rise') return rise;
  // A fall of ones is a rise of zeros.
  const zeros = (rate: Rate): Rate => ({ ones: rate.count - rate.ones, count: rate.count });
  return Math.min(1, 2 * Math.min(rise, upperTail(zeros(current), zeros(total))));
}
