import type { Batch } from './batch.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * One verb set for everything that learns.
 *
 * - `fit(batch)` learns from a whole set, from scratch; `learnOne(sample)` learns from one sample and goes on.
 * - `predict(query)` answers from what was learnt and changes nothing that a later answer depends on, except the
 *   random state of learners that explore.
 * - `snapshot()` is the whole state; the static `restore(snapshot)` of each class is its inverse.
 *
 * Chance comes from a seed in the options: same seed, same calls, same answers, bit for bit. Inputs are never
 * written. Bad input throws a `PilotfishError` before anything changes.
 */
export interface Learner {
  /** The word in `Snapshot.kind`. */
  readonly kind: string;
  snapshot(): Snapshot;
}

/** Answers a query. For supervised learners: class probabilities in class order, or one value a target. */
export interface Predicts<Query = ArrayLike<number>, Answer = Float64Array> {
  predict(query: Query): Answer;
}

/** Learns from a labelled set. `Report` says how it went (losses an epoch, rounds kept, …). */
export interface Fits<Report, Options = undefined> {
  fit(batch: Batch, options?: Options): Report;
}

/** Learns from one sample at a time. */
export interface LearnsOne<Sample> {
  learnOne(sample: Sample): void;
}

/** A sample of a supervised stream. */
export type StreamSample = { readonly x: ArrayLike<number>; readonly y: number; readonly weight?: number };
