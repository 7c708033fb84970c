import { PilotfishError } from '../../../base/index.ts';
import { finite, numberWithin, shown } from '../../contract/index.ts';
import { normalCdf, normalQuantile } from '../distributions/normal.ts';
import { checkAlpha } from './difference.ts';

/** What is to be found, in which values. */
export type Target = {
  /** Difference of the means, not 0. */
  readonly effect: number;
  /** Of one value, in both arms. Or give `rate`. */
  readonly deviation?: number;
  /** Of successes in the control; `effect` is added to it. */
  readonly rate?: number;
};

/** How to test once, at the end; every field has a default. */
export type PlanOptions = {
  /** 0.05. */
  readonly alpha?: number;
  /** Whether effects of the other sign count as well; two. */
  readonly sides?: 1 | 2;
  /** Control values for each of the treatment; 1. A treatment share of 10 % makes 9. */
  readonly ratio?: number;
};

type Plan = {
  readonly effect: number;
  readonly alpha: number;
  readonly sides: 1 | 2;
  readonly variance: number;
};

/** Checked, with the variance of the difference if the treatment had one value. */
function planOf({ effect, deviation, rate }: Target, options: PlanOptions): Plan {
  const { alpha = 0.05, sides = 2, ratio = 1 } = options;
  checkAlpha(alpha);
  if (sides !== 1 && sides !== 2) throw new PilotfishError('USAGE', `sides is ${shown(sides)}; give 1 or 2`);
  numberWithin('ratio', ratio, [1e-6, 1e6]);
  if (finite('effect', effect) === 0)
    throw new PilotfishError('USAGE', 'effect is 0; say what is to be found');
  if ((deviation === undefined) === (rate === undefined))
    throw new PilotfishError('USAGE', 'give either deviation or rate');
  const plan = { effect: Math.abs(effect), alpha, sides };
  if (deviation !== undefined) {
    numberWithin('deviation', deviation, [Number.MIN_VALUE, Number.MAX_VALUE]);
    return { ...plan, variance: deviation ** 2 * (1 + 1 / ratio) };
  }
  const before = numberWithin('rate', rate as number, [0, 1]);
  const after = numberWithin('rate + effect', before + effect, [0, 1]);
  return { ...plan, variance: after * (1 - after) + (before * (1 - before)) / ratio };
}

function powerAt({ effect, alpha, sides, variance }: Plan, samples: number): number {
  const shift = effect * Math.sqrt(samples / variance);
  const limit = normalQuantile(1 - alpha / sides);
  return normalCdf(shift - limit) + (sides === 2 ? normalCdf(-shift - limit) : 0);
}

/**
 * Probability that a test of one look finds the effect, where the treatment has `samples` values (the normal
 * approximation; rates with unpooled variances).
 * @throws PilotfishError `USAGE` or `NOT_FINITE` for bad options.
 */
export function powerOf(target: Target, samples: number, options: PlanOptions = {}): number {
  numberWithin('samples', samples, [1, Number.MAX_SAFE_INTEGER]);
  return powerAt(planOf(target, options), samples);
}

/**
 * Values that the treatment needs for the effect to be found with probability `power` by a test of one look. A
 * sequential test tuned to that number needs 1.4 times as many to be as sure, and stops before it on most days.
 * @param power 0.8 is customary; more than alpha
 * @throws PilotfishError `USAGE` or `NOT_FINITE` for bad options, `LIMIT` when no possible number is enough.
 */
export function samplesPerArm(target: Target, power: number, options: PlanOptions = {}): number {
  const plan = planOf(target, options);
  numberWithin('power', power, [plan.alpha, 1 - 1e-12]);
  let [low, high] = [0, 1];
  for (; powerAt(plan, high) < power; high *= 2) {
    if (high > Number.MAX_SAFE_INTEGER / 2)
      throw new PilotfishError('LIMIT', 'no number of values is enough; look for a greater effect');
    low = high;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (powerAt(plan, middle) < power) low = middle;
    else high = middle;
  }
  return high;
}
