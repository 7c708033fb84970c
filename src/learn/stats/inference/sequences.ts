import { numberWithin } from '../../contract/index.ts';
import type { Summary } from '../summary.ts';
import {
  checkDifference,
  type DifferenceOptions,
  differenceOf,
  type EffectInterval,
  effectInterval,
  nothingSaid,
} from './difference.ts';
import { DriftMixture } from './drift-mixture.ts';

/** How to watch a difference; every field has a default. */
export type WatchOptions = DifferenceOptions & {
  /** Values of two equal arms together at which effects are to be found; 20 000. */
  readonly tuneCount?: number;
};

const defaultTuneCount = 20_000;

/**
 * Asymptotic confidence sequence for the difference of two means: whoever looks after every value, and stops when
 * the interval leaves out 0, is wrong with probability `alpha` at most. The method of mixtures (Robbins 1970) on
 * differences in standard errors (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2021, arXiv:2103.06476), with a
 * mixture of two lobes around effects that `tuneCount` values can just show, instead of one lobe around none: at the
 * same alpha it finds effects of that size more often than the rule of GrowthBook, which is one lobe, and much
 * greater ones a little later.
 *
 * It rests on the central limit theorem: look when every arm has some hundred values, and some ten of the rarer
 * outcome. Values must be independent, the shares of the arms must not depend on them. Where both arms show no
 * spread nothing is said: the interval is infinite.
 * @throws PilotfishError `EMPTY` for an arm of fewer than two values, `NOT_FINITE` or `USAGE` for bad numbers, or a
 *   control whose mean is 0 where `scale` is `relative`.
 */
export function differenceSequence(
  control: Summary,
  treatment: Summary,
  options: WatchOptions = {},
): EffectInterval {
  const { alpha, side, scale } = checkDifference(options);
  const tuneCount = numberWithin('tuneCount', options.tuneCount ?? defaultTuneCount, [1, 1e12]);
  const difference = differenceOf(control, treatment, scale);
  const { effect, error, count } = difference;
  if (error === 0) return nothingSaid(difference);
  const mixture = new DriftMixture(alpha, side === 'two' ? 2 : 1);
  const time = count / tuneCount;
  const z = (side === 'less' ? -effect : effect) / error;
  const pValue = Math.min(1, Math.exp(-mixture.logEvidence(z, time)));
  return effectInterval(difference, side, { reach: mixture.reach(alpha, time), pValue });
}
