import { PilotfishError } from '../../base/index.ts';
import { allFinite, notEmpty, numberWithin, ofLength } from '../contract/index.ts';
import { type Interval, studentQuantile } from '../stats/index.ts';

/** What a policy has logged, one entry a choice, and what another policy would have done in its place. */
export type LoggedChoices = {
  readonly rewards: ArrayLike<number>;
  /** Probability with which the logging policy gave the arm that it chose: above 0. */
  readonly propensities: ArrayLike<number>;
  /** Probability with which the judged policy gives that same arm under the same question. */
  readonly target: ArrayLike<number>;
};

/** Rewards that a model expects, one a logged choice. */
export type ExpectedRewards = {
  /** Of the arm that was chosen. */
  readonly chosen: ArrayLike<number>;
  /** Of the judged policy: the mean over its arms. */
  readonly target: ArrayLike<number>;
};

export type OffPolicyOptions = {
  /** Importance weights above it count as this much: less variance, and a bias towards 0. Default: no clipping. */
  readonly clip?: number;
  /** Confidence of the interval, between 0 and 1. Default 0.95. */
  readonly level?: number;
};

/** The judged policy's mean reward. The interval rests on the central limit theorem: trust it when many samples count. */
export type PolicyValue = Interval & {
  readonly samples: number;
  /** (Σ w)² / Σ w²: how many samples of its own would tell as much about the judged policy. */
  readonly effectiveSamples: number;
  /** Samples whose weight was clipped. */
  readonly clipped: number;
};

/**
 * Inverse propensity scoring (Horvitz, Thompson 1952): the mean of w r with w = target / propensity. Unbiased when the
 * propensities are right and no weight is clipped.
 * @throws PilotfishError `EMPTY`, `SHAPE`, `NOT_FINITE` (also for weights without end: propensities next to 0), or
 * `USAGE` for what are no probabilities.
 */
export function ips(log: LoggedChoices, options: OffPolicyOptions = {}): PolicyValue {
  const weighted = weigh(log, options);
  return meanValue(weighted, (i) => (weighted.weights[i] as number) * (log.rewards[i] as number));
}

/**
 * Self-normalised IPS (Swaminathan, Joachims 2015): Σ w r / Σ w. A little biased, far steadier, and never outside
 * the range of the rewards; the interval is by the delta method.
 * @throws PilotfishError as `ips`, and `EMPTY` when the judged policy gives none of the logged arms.
 */
export function snips(log: LoggedChoices, options: OffPolicyOptions = {}): PolicyValue {
  const weighted = weigh(log, options);
  const { weights } = weighted;
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum === 0) {
    throw new PilotfishError('EMPTY', 'the judged policy never does what was logged; log more exploration');
  }
  const estimate = weights.reduce((total, weight, i) => total + weight * (log.rewards[i] as number), 0) / sum;
  const meanWeight = sum / weights.length;
  const influence = (i: number) =>
    estimate + ((weights[i] as number) * ((log.rewards[i] as number) - estimate)) / meanWeight;
  return { ...meanValue(weighted, influence), estimate };
}

/**
 * Doubly robust (Dudík, Langford, Li 2011): the model's expectation plus the weighted error of the model. Unbiased when
 * either the propensities or the model are right, and steadier than IPS as far as the model is good.
 * @throws PilotfishError as `ips`.
 */
export function doublyRobust(
  log: LoggedChoices,
  model: ExpectedRewards,
  options: OffPolicyOptions = {},
): PolicyValue {
  const weighted = weigh(log, options);
  allFinite('model.chosen', ofLength('model.chosen', model.chosen, log.rewards.length));
  allFinite('model.target', ofLength('model.target', model.target, log.rewards.length));
  return meanValue(weighted, (i) => {
    const error = (log.rewards[i] as number) - (model.chosen[i] as number);
    return (model.target[i] as number) + (weighted.weights[i] as number) * error;
  });
}

type Weighted = { readonly weights: Float64Array; readonly clipped: number; readonly level: number };

function weigh({ rewards, propensities, target }: LoggedChoices, options: OffPolicyOptions): Weighted {
  const { clip = Number.POSITIVE_INFINITY, level = 0.95 } = options;
  if (!(clip > 0)) throw new PilotfishError('USAGE', `clip is ${clip}; give a number above 0`);
  numberWithin('level', level, [1e-6, 1 - 1e-6]);
  allFinite('rewards', notEmpty('rewards', rewards));
  ofLength('propensities', propensities, rewards.length);
  ofLength('target', target, rewards.length);
  let clipped = 0;
  const weights = Float64Array.from({ length: rewards.length }, (_, i) => {
    checkProbability('propensities', i, propensities[i] as number);
    checkProbability('target', i, target[i] as number);
    if (propensities[i] === 0) {
      throw new PilotfishError(
        'USAGE',
        `propensities[${i}] is 0, yet the arm was chosen; log what was drawn from`,
      );
    }
    const weight = (target[i] as number) / (propensities[i] as number);
    if (weight > clip) clipped += 1;
    return Math.min(weight, clip);
  });
  return { weights, clipped, level };
}

/** Rounding in what sums to 1 may leave a probability this far above it. */
const ROUNDING = 1e-9;

function checkProbability(name: string, index: number, value: number): void {
  if (value >= 0 && value <= 1 + ROUNDING) return;
  throw new PilotfishError('USAGE', `${name}[${index}] is ${value}; give a probability from 0 to 1`);
}

/** The mean of `term`, with Student's interval. */
function meanValue({ weights, clipped, level }: Weighted, term: (i: number) => number): PolicyValue {
  const samples = weights.length;
  let estimate = 0;
  for (let i = 0; i < samples; i += 1) estimate += term(i) / samples;
  let squares = 0;
  for (let i = 0; i < samples; i += 1) squares += (term(i) - estimate) ** 2;
  const reach =
    samples < 2
      ? Number.POSITIVE_INFINITY
      : Math.sqrt(squares / (samples - 1) / samples) * studentQuantile((1 + level) / 2, samples - 1);
  const effective = effectiveSamples(weights);
  if (!(Number.isFinite(estimate + squares) && Number.isFinite(effective))) {
    throw new PilotfishError('NOT_FINITE', 'sums of importance weights and rewards overflow; set `clip`');
  }
  return {
    estimate,
    low: estimate - reach,
    high: estimate + reach,
    samples,
    effectiveSamples: effective,
    clipped,
  };
}

function effectiveSamples(weights: Float64Array): number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const squares = weights.reduce((total, weight) => total + weight * weight, 0);
  return squares === 0 ? 0 : (sum * sum) / squares;
}
