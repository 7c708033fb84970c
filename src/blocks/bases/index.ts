/** Which stored block is the base of a delta: what resembles a new block, who chooses, and what a delta must save. */
export { attempt, isWhole } from './attempt.ts';
export { BaseAdvice } from './base-advice.ts';
export {
  deltaOf,
  paysAtOnce,
  paysBesideAlone,
  paysBesideGroup,
  SMALL_DELTA_SHARE,
  usualDeltaLevel,
} from './delta.ts';
export { hasFeatures, type Resemblance, ResemblanceIndex } from './resemblance.ts';
export { RunningRatios } from './running-ratios.ts';
