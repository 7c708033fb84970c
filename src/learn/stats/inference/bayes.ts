import { PilotfishError } from '../../../base/index.ts';
import { finite } from '../../contract/index.ts';
import { normalCdf, normalQuantile } from '../distributions/normal.ts';
import type { Summary } from '../summary.ts';
import { checkDifference, type DifferenceOptions, differenceOf } from './difference.ts';

/** What was believed of the effect before: normal, in its units. */
export type EffectPrior = { readonly mean: number; readonly deviation: number };

/** How to compare; every field has a default. */
export type BayesOptions = Omit<DifferenceOptions, 'side'> & {
  /** Nothing: every effect is equally likely. */
  readonly prior?: EffectPrior;
};

/** What to believe of an effect. */
export type EffectBelief = {
  /** Most likely effect. */
  readonly effect: number;
  /** The effect lies between these with probability 1 - alpha. */
  readonly lower: number;
  readonly upper: number;
  /** Probability that the treatment's mean is the greater one. */
  readonly chanceToWin: number;
  /** Expected loss, in units of the effect, of choosing that arm for good, where more is better. */
  readonly risk: { readonly control: number; readonly treatment: number };
};

/**
 * The normal posterior of a difference, with the probability of a win and the risk of either choice, as GrowthBook
 * reports them. It is a belief, not an error rate: who stops as soon as it is high errs more often than it says.
 * @throws PilotfishError `EMPTY`, `NOT_FINITE`, or `USAGE` for bad options or arms that both show no spread.
 */
export function effectBelief(control: Summary, treatment: Summary, options: BayesOptions = {}): EffectBelief {
  const { alpha, scale } = checkDifference(options);
  const { effect, error } = differenceOf(control, treatment, scale);
  if (error === 0) throw new PilotfishError('USAGE', 'neither arm shows any spread; collect more values');
  const seen = 1 / (error * error);
  const { mean, weight } = priorOf(options.prior);
  const centre = (effect * seen + mean * weight) / (seen + weight);
  const deviation = 1 / Math.sqrt(seen + weight);
  const z = centre / deviation;
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  const reach = deviation * normalQuantile(1 - alpha / 2);
  return {
    effect: centre,
    lower: centre - reach,
    upper: centre + reach,
    chanceToWin: normalCdf(z),
    risk: {
      control: deviation * (density + z * normalCdf(z)),
      treatment: deviation * (density - z * normalCdf(-z)),
    },
  };
}

function priorOf(prior: EffectPrior | undefined): { mean: number; weight: number } {
  if (prior === undefined) return { mean: 0, weight: 0 };
  finite('prior.mean', prior.mean);
  if (!(finite('prior.deviation', prior.deviation) > 0))
    throw new PilotfishError('USAGE', `prior.deviation is ${prior.deviation}; give more than 0`);
  return { mean: prior.mean, weight: 1 / prior.deviation ** 2 };
}
