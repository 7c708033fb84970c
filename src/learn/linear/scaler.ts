import {
  checkSnapshot,
  type Learner,
  type LearnsOne,
  type Predicts,
  type Snapshot,
  wholeNumber,
} from '../contract/index.ts';
import { checkRow, checkWeight, MAX_STATE_VALUES, takeCount } from './checks.ts';
import { Moments, putMoments, takeMoments } from './moments.ts';

/** A row to learn the scale from; its weight is 1 if not given. */
export type ScalerSample = { readonly x: ArrayLike<number>; readonly weight?: number };

/**
 * Standardises features as they stream by: `predict` answers `(x - mean) / deviation` with the mean and the standard
 * deviation (divided by n) of the rows learnt so far, by Welford's rule (Technometrics 1962; weighted: West, CACM
 * 1979). A feature without spread scales to 0, and so does everything before the second row.
 *
 * Errors: `SHAPE` for a row of another length, `NOT_FINITE`, `LIMIT` for magnitudes beyond 1e60.
 */
export class OnlineScaler implements Learner, LearnsOne<ScalerSample>, Predicts {
  readonly kind = 'online-scaler';
  readonly features: number;
  readonly #moments: Moments;
  readonly #scaled: Float64Array;

  /** @param features Length of every row. */
  constructor(features: number) {
    this.features = wholeNumber('features', features, [1, MAX_STATE_VALUES]);
    this.#moments = new Moments(features);
    this.#scaled = new Float64Array(features);
  }

  /** The inverse of `snapshot`. @throws PilotfishError `DAMAGED`, `NEWER_VERSION`. */
  static restore(snapshot: Snapshot): OnlineScaler {
    checkSnapshot(snapshot, 'online-scaler', 1);
    const features = takeCount(snapshot, 'features', [1, MAX_STATE_VALUES]);
    const moments = takeMoments(snapshot, features);
    const scaler = new OnlineScaler(features);
    scaler.#moments.load(moments);
    return scaler;
  }

  learnOne(sample: ScalerSample): void {
    const { x, weight = 1 } = sample;
    checkRow(x, this.features);
    checkWeight(weight);
    if (weight > 0) this.#moments.add(x, weight);
  }

  /** The scaled row; the array is used again by the next call. */
  predict(x: ArrayLike<number>): Float64Array {
    checkRow(x, this.features);
    this.#moments.scaleInto(x, this.#scaled);
    return this.#scaled;
  }

  snapshot(): Snapshot {
    const { config, tensors } = putMoments(this.#moments);
    return { kind: this.kind, version: 1, config: { features: this.features, ...config }, tensors };
  }
}
