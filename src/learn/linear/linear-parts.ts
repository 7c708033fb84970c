import { checkSnapshot, type Snapshot, takeTensor } from '../contract/index.ts';
import {
  type ConstantFeatures,
  checkWithin,
  MAX_STATE_VALUES,
  takeCount,
  takeNumber,
  takeWord,
} from './checks.ts';
import { type MomentValues, takeMoments } from './moments.ts';
import { type RateSchedule, takeSchedule } from './schedule.ts';

export type LinearOptions = {
  /** Length of every sample. */
  readonly features: number;
  /** Learning rate, or how it goes with the steps. Default 0.01. */
  readonly rate?: number | RateSchedule;
  /** L2 penalty on the weights; the intercepts stay free. Default 0. */
  readonly l2?: number;
  /**
   * Standardise the features by what was seen of them so far. Default true. Without it, features must be of about one
   * unit: steps of `rate` times a squared feature above 2 overshoot, ever farther.
   */
  readonly scale?: boolean;
  /** Orders the rows in `fit`. Default 0. */
  readonly seed?: number;
};

export type LinearFitOptions = {
  /** Passes over the set, each in its own order. Default 10. */
  readonly epochs?: number;
  /** Default `refuse`. */
  readonly constantFeatures?: ConstantFeatures;
};

export type LinearReport = {
  /** Mean loss of each epoch, every sample judged before the step it causes. */
  readonly losses: readonly number[];
};

/** What makes a particular learner of the common machinery. */
export type Head = {
  readonly kind: string;
  /** Rows of weights, and so scores. */
  readonly outputs: number;
  /** Numbers in an answer. */
  readonly answers: number;
  /** Undefined for values. */
  readonly classes?: number;
  /** Writes the answer to the scores. */
  link(scores: Float64Array, answer: Float64Array): void;
  /** Writes the derivative of the loss by each score. */
  slope(answer: Float64Array, y: number, slopes: Float64Array): void;
  loss(scores: Float64Array, y: number): number;
};

/** Learnt weights stay far below; times any scaled feature it is still finite. */
const LARGEST_WEIGHT = 1e100;

/** A snapshot's parts, checked, before anything as large as it claims is made. */
export type RestoredLinear = {
  readonly options: Required<LinearOptions>;
  readonly steps: number;
  readonly weights: Float64Array;
  readonly moments: MomentValues;
};

/**
 * The parts of a linear model's snapshot, for a head with `outputs` rows of weights.
 * @throws PilotfishError `DAMAGED`, `NEWER_VERSION`.
 */
export function takeLinear(snapshot: Snapshot, kind: string, outputs: number): RestoredLinear {
  checkSnapshot(snapshot, kind, 1);
  const features = takeCount(snapshot, 'features', [1, MAX_STATE_VALUES]);
  const weights = takeTensor(snapshot, 'weights', { type: Float64Array, shape: [outputs, features + 1] });
  checkWithin('weights', weights, [-LARGEST_WEIGHT, LARGEST_WEIGHT]);
  return {
    options: {
      features,
      rate: takeSchedule(snapshot),
      l2: takeNumber(snapshot, 'l2', [0, 1e6]),
      scale: takeWord(snapshot, 'scale', ['on', 'off']) === 'on',
      seed: takeCount(snapshot, 'seed', [0, Number.MAX_SAFE_INTEGER]),
    },
    steps: takeCount(snapshot, 'steps', [0, Number.MAX_SAFE_INTEGER]),
    weights,
    moments: takeMoments(snapshot, features),
  };
}
