import { PilotfishError } from '../../../base/index.ts';
import { ofLength } from '../../contract/index.ts';
import { chiSquareTail } from '../distributions/chi-square.ts';

/** Result of a chi-square test. */
export type ChiSquareResult = {
  readonly statistic: number;
  readonly freedom: number;
  readonly pValue: number;
};

/** @throws PilotfishError `NOT_FINITE`, `USAGE` or `EMPTY` for what are no counts. */
function totalOf(name: string, counts: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < counts.length; i += 1) {
    const count = counts[i] as number;
    if (!(count >= 0)) throw new PilotfishError('USAGE', `${name}[${i}] is ${count}; counts are 0 or more`);
    total += count;
  }
  if (total === 0) throw new PilotfishError('EMPTY', `${name} counts nothing; count at least one value`);
  if (total < Infinity) return total;
  throw new PilotfishError('NOT_FINITE', `${name} adds up to infinity; give finite counts`);
}

/**
 * Pearson's chi-square test of homogeneity: do two samples, counted in the same bins, come from one distribution?
 * Bins that neither has count for nothing. For one look, and only as good as the bins are full: 5 expected values in
 * each (Cochran 1954).
 * @throws PilotfishError `SHAPE` for unequal numbers of bins, `EMPTY` when a sample has no values, `USAGE` or
 *   `NOT_FINITE` for what are no counts.
 */
export function chiSquareTest(first: ArrayLike<number>, second: ArrayLike<number>): ChiSquareResult {
  ofLength('second', second, first.length);
  const [n, m] = [totalOf('first', first), totalOf('second', second)];
  let [statistic, bins] = [0, 0];
  for (let i = 0; i < first.length; i += 1) {
    const [a, b] = [first[i] as number, second[i] as number];
    if (a + b === 0) continue;
    bins += 1;
    // Both rows of the table at once: (a - expected)²/expected + (b - expected)²/expected.
    statistic += (a / n - b / m) ** 2 / (a + b);
  }
  statistic *= n * m;
  const freedom = bins - 1;
  return { statistic, freedom, pValue: freedom === 0 ? 1 : chiSquareTail(statistic, freedom) };
}

/**
 * Jensen-Shannon distance of two samples counted in the same bins (or of two lists of shares): the square root of the
 * mean divergence from their mixture, in bits. A metric from 0 (equal shares) to 1 (no common bin); empty bins need
 * no filling (Endres, Schindelin 2003).
 * @throws PilotfishError as `chiSquareTest`.
 */
export function jensenShannon(first: ArrayLike<number>, second: ArrayLike<number>): number {
  ofLength('second', second, first.length);
  const [n, m] = [totalOf('first', first), totalOf('second', second)];
  let divergence = 0;
  for (let i = 0; i < first.length; i += 1) {
    const [p, q] = [(first[i] as number) / n, (second[i] as number) / m];
    const middle = (p + q) / 2;
    if (p > 0) divergence += p * Math.log2(p / middle);
    if (q > 0) divergence += q * Math.log2(q / middle);
  }
  return Math.sqrt(Math.min(1, Math.max(0, divergence / 2)));
}
