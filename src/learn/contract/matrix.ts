import { PilotfishError } from '../../base/index.ts';
import { shown } from './checks.ts';

/** Most values one matrix may hold: 2^28, one GiB of float32. */
export const MAX_MATRIX_VALUES = 2 ** 28;

/** @throws PilotfishError `LIMIT` for a table that no matrix can hold: asked before it is allocated. */
export function checkSize(rows: number, columns: number): void {
  if (rows * columns <= MAX_MATRIX_VALUES) return;
  throw new PilotfishError(
    'LIMIT',
    `${rows} rows of ${columns}; a matrix holds at most ${MAX_MATRIX_VALUES} values, so split the data`,
  );
}

/** A dense table, row by row: `data[row * columns + column]`. Learners read it and never write it. */
export type Matrix = {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array | Float64Array;
};

/**
 * A float32 matrix copied from rows of equal length; NaN is kept, for learners that know missing values.
 * @throws PilotfishError `USAGE` for what are no rows, `EMPTY` without rows or columns, `SHAPE` for ragged rows, `LIMIT`
 * when too large.
 */
export function matrixOf(rows: readonly ArrayLike<number>[]): Matrix {
  checkRows(rows);
  const columns = rows[0]?.length ?? 0;
  if (columns === 0) throw new PilotfishError('EMPTY', 'the matrix has no values; give it at least one row');
  checkSize(rows.length, columns);
  const data = new Float32Array(rows.length * columns);
  rows.forEach((row, index) => {
    if (row.length !== columns) {
      throw new PilotfishError('SHAPE', `row ${index} has ${row.length} values, the first row ${columns}`);
    }
    data.set(row, index * columns);
  });
  return { rows: rows.length, columns, data };
}

function checkRows(rows: readonly ArrayLike<number>[]): void {
  if (typeof rows?.length !== 'number') {
    throw new PilotfishError(
      'USAGE',
      `the rows are ${shown(rows)}; give a list, as in matrixOf([[1, 2], [3, 4]])`,
    );
  }
  for (let index = 0; index < rows.length; index += 1) {
    if (typeof rows[index] === 'object' && typeof rows[index]?.length === 'number') continue;
    const what = typeof rows[index] === 'number' ? 'a number' : shown(rows[index]);
    throw new PilotfishError('USAGE', `row ${index} is ${what}; give rows, as in matrixOf([[1, 2], [3, 4]])`);
  }
}

/** A view of one row: shares memory with the matrix. */
export function rowOf(matrix: Matrix, row: number): Float32Array | Float64Array {
  return matrix.data.subarray(row * matrix.columns, (row + 1) * matrix.columns);
}

/**
 * The named rows, copied in the given order; the type of the data is kept.
 * @throws PilotfishError `USAGE` for what is no row of the matrix, `LIMIT` when the rows are too many.
 */
export function takeRows(matrix: Matrix, rows: ArrayLike<number>): Matrix {
  const { columns } = matrix;
  checkSize(rows.length, columns);
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i] as number;
    if (!Number.isInteger(row) || row < 0 || row >= matrix.rows) {
      const range = `whole numbers from 0 to ${matrix.rows - 1}`;
      throw new PilotfishError('USAGE', `rows[${i}] is ${shown(row)}; give ${range}`);
    }
  }
  const size = rows.length * columns;
  const data = matrix.data instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
  for (let i = 0; i < rows.length; i += 1) data.set(rowOf(matrix, rows[i] as number), i * columns);
  return { rows: rows.length, columns, data };
}
