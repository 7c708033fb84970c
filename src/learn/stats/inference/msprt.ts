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
  const total = variance + mixing;
  return Math.sqrt(variance / total) * Math.exp((mixing * difference * difference) / (2 * variance * total));
}
