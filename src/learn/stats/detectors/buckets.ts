import { PilotfishError } from '../../../base/index.ts';

/** Rows that no stream fills: 2^48 values. */
const MAX_ROWS = 48;

/**
 * An exponential histogram (Datar, Gionis, Indyk, Motwani 2002): sums and squared deviations of the last values in
 * buckets of 1, 2, 4, … values, at most `perRow` of each size; when a row has one more, its two oldest become one
 * bucket of the next. Flat arrays, oldest bucket of a row first.
 */
export class Buckets {
  readonly perRow: number;
  readonly #stride: number;
  readonly sums: Float64Array;
  /** Sums of squared deviations from the mean of the bucket. */
  readonly squares: Float64Array;
  /** Buckets in each row. */
  readonly counts: Uint8Array;
  /** Rows in use; the last holds the oldest values. */
  rows = 1;

  constructor(perRow: number) {
    this.perRow = perRow;
    this.#stride = perRow + 1;
    this.sums = new Float64Array(MAX_ROWS * this.#stride);
    this.squares = new Float64Array(MAX_ROWS * this.#stride);
    this.counts = new Uint8Array(MAX_ROWS);
  }

  /** Where the oldest bucket of a row lies in `sums` and `squares`. */
  start(row: number): number {
    return row * this.#stride;
  }

  add(value: number): void {
    const at = this.#open(0);
    this.sums[at] = value;
    this.squares[at] = 0;
    for (let row = 0; (this.counts[row] as number) > this.perRow; row += 1) this.#merge(row);
  }

  /** Room for one more bucket of a row: where. Taking the sums as arguments would put them on the heap. */
  #open(row: number): number {
    const count = this.counts[row] as number;
    this.counts[row] = count + 1;
    if (row === this.rows) this.rows += 1;
    return this.start(row) + count;
  }

  /** Joins the two oldest buckets of a row (Chan, Golub, LeVeque 1979). */
  #merge(row: number): void {
    const { sums, squares } = this;
    const from = this.start(row);
    const to = this.#open(row + 1);
    const size = 2 ** row;
    const first = sums[from] as number;
    const second = sums[from + 1] as number;
    const gap = first / size - second / size;
    sums[to] = first + second;
    squares[to] = (squares[from] as number) + (squares[from + 1] as number) + size * 0.5 * gap * gap;
    this.#drop(row, 2);
  }

  /** Lets go of the oldest bucket of all. */
  dropOldest(): void {
    const last = this.rows - 1;
    this.#drop(last, 1);
    if (this.counts[last] === 0 && last > 0) this.rows = last;
  }

  #drop(row: number, buckets: number): void {
    const at = this.start(row);
    const left = (this.counts[row] as number) - buckets;
    for (let i = at; i < at + left; i += 1) {
      this.sums[i] = this.sums[i + buckets] as number;
      this.squares[i] = this.squares[i + buckets] as number;
    }
    this.counts[row] = left;
  }

  /** Values in all buckets. */
  get width(): number {
    return this.counts.reduce((sum, count, row) => sum + count * 2 ** row, 0);
  }

  /**
   * Takes the place of what it holds, from arrays laid out alike.
   * @throws PilotfishError `DAMAGED` for more rows or buckets than there can be, or an empty last row.
   */
  fill(counts: Uint8Array, sums: Float64Array, squares: Float64Array): void {
    const rows = counts.length;
    const fits = rows <= MAX_ROWS && counts.every((count) => count <= this.perRow);
    if (!fits || (rows > 1 && counts[rows - 1] === 0) || squares.some((sum) => sum < 0))
      throw new PilotfishError('DAMAGED', 'the buckets are none of such a window; start a new detector');
    this.clear();
    this.counts.set(counts);
    this.sums.set(sums);
    this.squares.set(squares);
    this.rows = rows;
  }

  clear(): void {
    this.counts.fill(0);
    this.rows = 1;
  }
}
