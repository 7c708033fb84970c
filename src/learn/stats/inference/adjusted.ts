import { PilotfishError } from '../../../base/index.ts';
import type { Summary } from '../summary.ts';
import { checkPairs, type PairSummary } from './pairs.ts';

/**
 * A metric that is a ratio of two means, such as errors per request where a user makes several requests: one pair
 * (numerator, denominator) a unit of assignment, the variance by the delta method (Deng, Knoblich, Lu 2018). Compare
 * the summaries of two arms like those of means.
 * @throws PilotfishError `EMPTY`, `NOT_FINITE`, or `USAGE` when the denominators add up to 0.
 */
export function ratioSummary(pairs: PairSummary): Summary {
  const { first, second, covariance } = checkPairs('pairs', pairs);
  if (second.mean === 0) throw new PilotfishError('USAGE', 'the denominators add up to 0; there is no ratio');
  const mean = first.mean / second.mean;
  const variance = first.variance + mean * (mean * second.variance - 2 * covariance);
  // Rounding may leave a proportion that never varies a hair below 0.
  // Divided twice: the square may be no number any more, and the variance would be none.
  return { count: first.count, mean, variance: Math.max(0, variance) / second.mean / second.mean };
}

/** Both arms, with what the earlier values explain taken out. */
export type AdjustedArms = {
  readonly control: Summary;
  readonly treatment: Summary;
  /** Taken out per unit of the earlier value. */
  readonly slope: number;
};

/**
 * CUPED (Deng, Xu, Kohavi, Walker, "Improving the sensitivity of online controlled experiments by utilizing
 * pre-experiment data", 2013): each unit's value is lowered by `slope` times how far its value from before the
 * experiment lies above the mean of all. The effect stays the same; the variance falls to 1 - ρ² of what it was,
 * where ρ is the correlation of both values. The earlier value must not depend on the experiment.
 * @param control pairs (value, earlier value) of its units
 * @param treatment the same
 * @throws PilotfishError `EMPTY`, `NOT_FINITE` or `USAGE` for bad moments.
 */
export function cupedArms(control: PairSummary, treatment: PairSummary): AdjustedArms {
  const arms = [checkPairs('control', control), checkPairs('treatment', treatment)];
  const pooled = (momentOf: (pairs: PairSummary) => number): number =>
    arms.reduce((sum, pairs) => sum + (pairs.first.count - 1) * momentOf(pairs), 0);
  const spread = pooled(({ second }) => second.variance);
  const slope = spread === 0 ? 0 : pooled(({ covariance }) => covariance) / spread;
  const [counted, summed] = arms.reduce(
    ([count, sum], { second }) => [count + second.count, sum + second.count * second.mean] as const,
    [0, 0] as readonly [number, number],
  );
  const adjusted = ({ first, second, covariance }: PairSummary): Summary => ({
    count: first.count,
    mean: first.mean - slope * (second.mean - summed / counted),
    variance: Math.max(0, first.variance + slope * (slope * second.variance - 2 * covariance)),
  });
  return { control: adjusted(control), treatment: adjusted(treatment), slope };
}
