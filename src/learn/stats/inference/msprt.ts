import { PilotfishError } from '../../../base/index.ts';
import { finite } from '../../contract/index.ts';

/**
 * Likelihood ratio of the mixture sequential probability ratio test: effects drawn from a normal distribution of
 * variance `mixing` against no effect (Robbins 1970; Johari, Koomen, Pekelis, Walsh 2017). Stop when it exceeds
 * 1 / alpha.
 * @param difference of the means
 * @param variance of that difference: the sum of variance / count over both arms; positive
 * @param mixing τ², in squared units of the difference; positive
 * @throws PilotfishError `NOT_FINITE`, or `USAGE` for a variance that is not positive.
 */
export function mixtureRatio(difference: number, variance: number, mixing: number): number {
  finite('difference', difference);
  for (const [name, value] of [
    ['variance', variance],
    ['mixing', mixing],
  ] as const) {
    if (!(finite(name, value) > 0))
      throw new PilotfishError('USAGE', `${name} is ${value}; give more than 0`);
  }
  // In logarithms, in which nothing overflows: of mixing / variance, and of the share of it in their sum.
  const odds = Math.log(mixing) - Math.log(variance);
  const logTotal = Math.max(0, odds) + Math.log1p(Math.exp(-Math.abs(odds)));
  const squares = 2 * Math.log(Math.abs(difference)) - Math.log(variance);
  return Math.exp(Math.exp(squares + odds - logTotal) / 2 - logTotal / 2);
}
