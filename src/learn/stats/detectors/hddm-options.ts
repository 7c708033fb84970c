import { PilotfishError } from '../../../base/index.ts';
import { numberWithin, shown } from '../../contract/index.ts';

/** Every field has a default. */
export type HddmOptions = {
  /** Chance of a wrong change that each single test allows; 0.001. */
  readonly driftConfidence?: number;
  /** Chance of a wrong warning that each single test allows; 0.005. */
  readonly warningConfidence?: number;
  /** Whether a falling mean is a change too; only a rising one is. */
  readonly isTwoSided?: boolean;
};

/** @throws PilotfishError `USAGE` for options out of range. */
export function checkHddm(options: HddmOptions): Required<HddmOptions> {
  const { driftConfidence = 0.001, warningConfidence = 0.005, isTwoSided = false } = options;
  if (typeof isTwoSided !== 'boolean')
    throw new PilotfishError('USAGE', `isTwoSided is ${shown(isTwoSided)}; give true or false`);
  return {
    driftConfidence: numberWithin('driftConfidence', driftConfidence, [1e-300, 1]),
    warningConfidence: numberWithin('warningConfidence', warningConfidence, [driftConfidence, 1]),
    isTwoSided,
  };
}
