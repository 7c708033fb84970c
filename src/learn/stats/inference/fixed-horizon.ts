import { studentCdf, studentQuantile, studentTwoSided } from '../distributions/student.ts';
import type { Summary } from '../summary.ts';
import {
  checkDifference,
  type DifferenceOptions,
  differenceOf,
  type EffectInterval,
  effectInterval,
  nothingSaid,
} from './difference.ts';

/**
 * Welch's test of a treatment against a control, for one look at a number of values that was fixed beforehand: who
 * looks again and again is wrong far more often than alpha, and needs `differenceSequence`. Where both arms show no
 * spread nothing is said: the interval is infinite.
 * @throws PilotfishError as `differenceSequence`.
 */
export function differenceTest(
  control: Summary,
  treatment: Summary,
  options: DifferenceOptions = {},
): EffectInterval {
  const { alpha, side, scale } = checkDifference(options);
  const difference = differenceOf(control, treatment, scale);
  const { effect, error, freedom } = difference;
  if (error === 0) return nothingSaid(difference);
  const t = effect / error;
  if (side === 'two') {
    const reach = studentQuantile(1 - alpha / 2, freedom);
    return effectInterval(difference, side, { reach, pValue: studentTwoSided(t, freedom) });
  }
  const pValue = studentCdf(side === 'greater' ? -t : t, freedom);
  return effectInterval(difference, side, { reach: studentQuantile(1 - alpha, freedom), pValue });
}
