import type { MatrixProduct, NumberSlot, WholeSlot } from '../training-maths.ts';
import { type Arithmetic, at } from './training-arithmetic.ts';

/** Twins of `assembly/training-matrix.ts`. */
export function product(
  { round }: Arithmetic,
  of: MatrixProduct,
  [rows, columns, depth]: readonly number[],
): void {
  const [a, b] = [of.a.view, of.b.view];
  for (let i = 0; i < (rows as number); i += 1) {
    for (let j = 0; j < (columns as number); j += 1) {
      let sum = of.start === undefined ? 0 : at(of.start.view, i * (of.startRow ?? 0) + j);
      for (let k = 0; k < (depth as number); k += 1) {
        sum = round(sum + round(at(a, i * of.aRow + k * of.aColumn) * at(b, k * of.bRow + j)));
      }
      of.c.view[i * of.cRow + j] = sum;
    }
  }
}

export function transpose(from: NumberSlot, to: NumberSlot, rows: number, columns: number): void {
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j < columns; j += 1) to.view[j * rows + i] = at(from.view, i * columns + j);
  }
}

export function addColumns(
  { round }: Arithmetic,
  from: NumberSlot,
  to: NumberSlot,
  [rows, columns]: readonly [number, number],
): void {
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j < columns; j += 1) {
      to.view[j] = round(at(to.view, j) + at(from.view, i * columns + j));
    }
  }
}

export function gatherRows(from: NumberSlot, ids: WholeSlot, to: NumberSlot, columns: number): void {
  ids.view.forEach((id, row) => {
    to.view.set(from.view.subarray(id * columns, (id + 1) * columns), row * columns);
  });
}

export function scatterRows(
  { round }: Arithmetic,
  [from, to]: readonly [NumberSlot, NumberSlot],
  ids: WholeSlot,
  columns: number,
): void {
  ids.view.forEach((id, row) => {
    for (let j = 0; j < columns; j += 1) {
      const place = id * columns + j;
      to.view[place] = round(at(to.view, place) + at(from.view, row * columns + j));
    }
  });
}
