import { PilotfishError } from '../../../base/index.ts';
import { numberWithin, shown } from '../../contract/index.ts';
import { welchSpread } from '../compare.ts';
import type { Summary } from '../summary.ts';
import { checkSummary } from './moments.ts';

/** Which differences count as an effect: both, only a greater treatment, or only a smaller one. */
export type Side = 'two' | 'greater' | 'less';

/** How to compare a treatment with a control; every field has a default. */
export type DifferenceOptions = {
  /** Probability of being wrong; 0.05. */
  readonly alpha?: number;
  /** `two`. */
  readonly side?: Side;
  /** `relative` is the difference as a part of the control's mean, which must not be 0; `absolute`. */
  readonly scale?: 'absolute' | 'relative';
};

/** A difference of two means, with its interval and p-value. */
export type EffectInterval = {
  /** Treatment minus control; as a part of the control where `scale` is `relative`. */
  readonly effect: number;
  /** -Infinity where `side` is `less`, or nothing can be said. */
  readonly lower: number;
  /** Infinity where `side` is `greater`, or nothing can be said. */
  readonly upper: number;
  /** Of no effect. The interval leaves out 0 where this is below `alpha`. */
  readonly pValue: number;
};

/** What is known of a difference. */
export type Difference = {
  readonly effect: number;
  /** Standard error. */
  readonly error: number;
  readonly freedom: number;
  /** Values of two equal arms that would tell as much; does not jump when the shares of the arms change. */
  readonly count: number;
};

/** @throws PilotfishError `USAGE` unless alpha is inside (0, 1). */
export function checkAlpha(alpha: number): number {
  return numberWithin('alpha', alpha, [1e-12, 1 - 1e-6]);
}

/** The options with their defaults. @throws PilotfishError `USAGE`. */
export function checkDifference(options: DifferenceOptions): Required<DifferenceOptions> {
  const { alpha = 0.05, side = 'two', scale = 'absolute' } = options;
  checkAlpha(alpha);
  if (side !== 'two' && side !== 'greater' && side !== 'less')
    throw new PilotfishError('USAGE', `side is ${shown(side)}; give 'two', 'greater' or 'less'`);
  if (scale !== 'absolute' && scale !== 'relative')
    throw new PilotfishError('USAGE', `scale is ${shown(scale)}; give 'absolute' or 'relative'`);
  return { alpha, side, scale };
}

/**
 * The difference of two independent samples; relative ones by the delta method (Deng, Knoblich, Lu, "Applying the
 * delta method in metric analytics", 2018).
 * @throws PilotfishError `EMPTY` for an arm of fewer than two values, `NOT_FINITE`, `USAGE` for moments of no sample
 *   or a control whose mean is 0 where the difference is relative.
 */
export function differenceOf(
  control: Summary,
  treatment: Summary,
  scale: 'absolute' | 'relative',
): Difference {
  checkSummary('control', control);
  checkSummary('treatment', treatment);
  const { error, freedom } = welchSpread(treatment, control);
  const gap = treatment.mean - control.mean;
  const count = 4 / (1 / control.count + 1 / treatment.count);
  if (scale === 'absolute') return { effect: gap, error, freedom, count };
  if (control.mean === 0) {
    throw new PilotfishError('USAGE', "the control's mean is 0; ask for the absolute difference");
  }
  const ratio = treatment.mean / control.mean;
  const variance = treatment.variance / treatment.count + (ratio * ratio * control.variance) / control.count;
  return { effect: gap / control.mean, error: Math.sqrt(variance) / Math.abs(control.mean), freedom, count };
}

/** What is said of arms without spread: nothing. Two constants may differ by chance, and no test here tells how likely. */
export const nothingSaid = ({ effect }: Difference): EffectInterval => ({
  effect,
  lower: -Infinity,
  upper: Infinity,
  pValue: 1,
});

/** effect ± what is within reach, in standard errors, on the sides that are asked for. */
export function effectInterval(
  { effect, error }: Difference,
  side: Side,
  { reach, pValue }: { readonly reach: number; readonly pValue: number },
): EffectInterval {
  return {
    effect,
    lower: side === 'less' ? -Infinity : effect - error * reach,
    upper: side === 'greater' ? Infinity : effect + error * reach,
    pValue,
  };
}
