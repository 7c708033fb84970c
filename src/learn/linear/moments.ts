import { type Snapshot, takeTensor } from '../contract/index.ts';
import { checkWithin, MAX_MAGNITUDE, takeNumber } from './checks.ts';

/** A variance below this counts as none: its inverse root, times any difference of features, stays finite. */
export const SMALLEST_VARIANCE = 1e-120;

/** What is learnt of the spread of each feature. */
export type MomentValues = {
  /** Sum of the weights seen. */
  readonly weight: number;
  readonly mean: Float64Array;
  /** Sums of squared distances from the mean. */
  readonly squares: Float64Array;
};

/**
 * Running mean and spread of each feature, and the scaling they give: weighted updates by Welford's rule, which
 * loses no digits where the mean is large beside the spread. Unchecked: its users check.
 */
export class Moments implements MomentValues {
  weight = 0;
  readonly mean: Float64Array;
  readonly squares: Float64Array;
  /** One over the standard deviation (dividing by n); 0 for a feature without spread. */
  readonly #inverse: Float64Array;

  constructor(features: number) {
    this.mean = new Float64Array(features);
    this.squares = new Float64Array(features);
    this.#inverse = new Float64Array(features);
  }

  /** Takes one row into account; `weight` is positive. */
  add(x: ArrayLike<number>, weight: number): void {
    const { mean, squares } = this;
    this.weight += weight;
    const share = weight / this.weight;
    for (let j = 0; j < mean.length; j += 1) {
      const value = x[j] as number;
      const delta = value - (mean[j] as number);
      const moved = (mean[j] as number) + delta * share;
      mean[j] = moved;
      squares[j] = (squares[j] as number) + weight * delta * (value - moved);
    }
    this.#scale();
  }

  /** `(x - mean) / deviation` into `out`; 0 where there is no spread. */
  scaleInto(x: ArrayLike<number>, out: Float64Array): void {
    const { mean } = this;
    const inverse = this.#inverse;
    for (let j = 0; j < mean.length; j += 1) {
      out[j] = ((x[j] as number) - (mean[j] as number)) * (inverse[j] as number);
    }
  }

  /** Goes on from moments taken elsewhere, as many features as here. */
  load(values: MomentValues): void {
    this.weight = values.weight;
    this.mean.set(values.mean);
    this.squares.set(values.squares);
    this.#scale();
  }

  reset(): void {
    this.weight = 0;
    for (const values of [this.mean, this.squares, this.#inverse]) values.fill(0);
  }

  #scale(): void {
    const perWeight = this.weight > 0 ? 1 / this.weight : 0;
    for (let j = 0; j < this.squares.length; j += 1) {
      const variance = (this.squares[j] as number) * perWeight;
      this.#inverse[j] = variance > SMALLEST_VARIANCE ? 1 / Math.sqrt(variance) : 0;
    }
  }
}

/** Moments as parts of a snapshot: `scaleWeight`, `scaleMean` and `scaleSquares`. */
export function putMoments(moments: Moments): Pick<Snapshot, 'config' | 'tensors'> {
  const shape = [moments.mean.length];
  return {
    config: { scaleWeight: moments.weight },
    tensors: {
      scaleMean: { shape, data: moments.mean.slice() },
      scaleSquares: { shape, data: moments.squares.slice() },
    },
  };
}

/** The inverse of `putMoments`. @throws PilotfishError `DAMAGED`. */
export function takeMoments(snapshot: Snapshot, features: number): MomentValues {
  const expected = { type: Float64Array, shape: [features] };
  const weight = takeNumber(snapshot, 'scaleWeight', [0, Number.MAX_VALUE]);
  const mean = takeTensor(snapshot, 'scaleMean', expected);
  const squares = takeTensor(snapshot, 'scaleSquares', expected);
  checkWithin('scaleMean', mean, [-MAX_MAGNITUDE, MAX_MAGNITUDE]);
  checkWithin('scaleSquares', squares, [0, Number.MAX_VALUE]);
  return { weight, mean, squares };
}
