import { allFinite, notEmpty, ofLength } from '../../contract/index.ts';
import { checkSums } from '../summary.ts';

/** How far predicted values are from true ones. */
export type RegressionReport = {
  /** Mean absolute error, in the units of the values. */
  readonly mae: number;
  /** Mean squared error, in squared units. */
  readonly mse: number;
  /** Root of the mean squared error, in the units of the values. */
  readonly rmse: number;
  /**
   * Share of the variance explained: 1 is perfect, 0 as good as always saying the mean, negative worse. Where the
   * truth is constant: 1 for a perfect prediction, else 0.
   */
  readonly r2: number;
};

/**
 * Errors of predicted values.
 * @throws PilotfishError `EMPTY`, `SHAPE` for unequal lengths, `NOT_FINITE` for values or where squares overflow.
 */
export function regressionReport(truth: ArrayLike<number>, predicted: ArrayLike<number>): RegressionReport {
  allFinite('truth', notEmpty('truth', truth));
  allFinite('predicted', ofLength('predicted', predicted, truth.length));
  const count = truth.length;
  let mean = 0;
  for (let i = 0; i < count; i += 1) mean += ((truth[i] as number) - mean) / (i + 1);
  let [absolute, squared, spread] = [0, 0, 0];
  for (let i = 0; i < count; i += 1) {
    const error = (predicted[i] as number) - (truth[i] as number);
    absolute += Math.abs(error);
    squared += error * error;
    spread += ((truth[i] as number) - mean) ** 2;
  }
  checkSums(mean, squared, spread);
  const mse = squared / count;
  const r2 = spread === 0 ? Number(squared === 0) : 1 - squared / spread;
  return { mae: absolute / count, mse, rmse: Math.sqrt(mse), r2 };
}
