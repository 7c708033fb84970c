import type { FitOptions, Matrix, Snapshot, TrainingRecord } from '../../learn/index.ts';
import type { FeatureSlot } from '../contract/index.ts';

/** Labelled samples as models read them; nothing of it is ever written. */
export type LabelledSamples = {
  /** What the columns of `x` are. */
  readonly features: readonly FeatureSlot[];
  /** Names of the classes; null where labels are values. */
  readonly classes: readonly string[] | null;
  readonly length: number;
  /** Row by row, [length][features]; NaN is a missing value. */
  readonly x: Float64Array;
  /** Class numbers, or values. */
  readonly y: Float64Array;
  readonly weights: Float64Array;
  /** What each class cost, [length][classes], in the order of `classes`; null where it was not measured. */
  readonly costs: Matrix | null;
};

/** How a model is trained epoch by epoch: the options of a net, and what a configuration adds to them. */
export type EpochOptions = Omit<FitOptions, 'validation' | 'augment' | 'constantFeatures'> & {
  /** Held-out samples: with them training stops early and the best weights are kept; without them `patience` rests. */
  readonly valData?: LabelledSamples | undefined;
  /** Share of hidden units that rest in each step, at most 0.9. 0. */
  readonly dropout?: number;
  /** Normal noise added to each feature each time it is learnt from, in standard deviations of the feature. 0. */
  readonly noise?: number;
};

/** One epoch of a training, from 0; losses are means, null without held-out samples. */
export type TrainedEpoch = {
  readonly epoch: number;
  readonly trainingLoss: number;
  readonly validationLoss: number | null;
  readonly rate: number;
};

/** A training under way. The model has the best weights so far after `finish`, and is what it was before. */
export interface ModelTraining {
  readonly isDone: boolean;
  epoch(): TrainedEpoch;
  finish(): TrainingRecord;
  /** All that `EpochOptions.resume` needs to go on bit for bit. */
  snapshot(): Snapshot;
}
