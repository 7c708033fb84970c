import { type BatchRules, checkMatrix } from './batch.ts';
import { checkSize, type Matrix, rowOf } from './matrix.ts';

/**
 * The answers to all rows, `[rows][answers]`, in a fresh matrix; `predict` may reuse the array it returns.
 * @throws PilotfishError as `checkMatrix` and as `predict`, and `LIMIT` for more answers than a matrix holds.
 */
export function predictRows(
  x: Matrix,
  predict: (row: ArrayLike<number>) => Float64Array,
  rules: Pick<BatchRules, 'missing'> = {},
): Matrix {
  checkMatrix(x, { ...rules, constantFeatures: 'allow' });
  const columns = predict(rowOf(x, 0)).length;
  checkSize(x.rows, columns);
  const data = new Float64Array(x.rows * columns);
  for (let row = 0; row < x.rows; row += 1) data.set(predict(rowOf(x, row)), row * columns);
  return { rows: x.rows, columns, data };
}
