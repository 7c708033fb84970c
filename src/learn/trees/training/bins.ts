import { PilotfishError } from '../../../base/index.ts';
import type { Matrix } from '../../contract/index.ts';

/**
 * A matrix cut into at most 256 bins a feature. Bin `b` of a feature holds the values from cut `b - 1` up to but
 * not including cut `b`; a split "left of cut `b`" is the question `x < cut`. Missing values have the bin after
 * the last value.
 */
export type BinnedMatrix = {
  readonly rows: number;
  readonly columns: number;
  /**
   * Bins of four features a word, so that one load serves four histograms: feature `f` of a row is byte `f & 3`,
   * the lowest first, of `words[(f >> 2) * rows + row]`.
   */
  readonly words: Uint32Array;
  /** Ascending float32 values a feature; the last lies beyond every value, so it parts present from missing. */
  readonly cuts: readonly Float32Array[];
  readonly hasMissing: readonly boolean[];
  /** The bins of a feature, missing included, fit in `2 ** binBits`, the same for all. */
  readonly binBits: number;
};

// Twice this is still finite in float32, which the cut beyond the largest value needs.
const LARGEST_VALUE = 2 ** 126;

/**
 * Bins by quantiles of the values themselves, all of them (no sketch), without regard to sample weights. With
 * at most `maxBins` different values each has its own bin and the cuts are the values, as in XGBoost's `hist`.
 * @throws PilotfishError `NOT_FINITE` for a value too large for float32.
 */
export function binMatrix(x: Matrix, maxBins: number): BinnedMatrix {
  const { rows, columns } = x;
  const words = new Uint32Array(rows * Math.ceil(columns / 4));
  const values = new Float32Array(rows);
  const sorted = new Float32Array(rows);
  const cuts: Float32Array[] = [];
  const hasMissing: boolean[] = [];
  let mostBins = 2;
  for (let column = 0; column < columns; column += 1) {
    const present = readColumn(x, column, { values, sorted });
    const missing = present < rows;
    const cut = cutsOf(sorted.subarray(0, present).sort(), missing ? maxBins - 1 : maxBins);
    const first = (column >> 2) * rows;
    binColumn(values, cut, { words: words.subarray(first, first + rows), shift: (column & 3) * 8 });
    cuts.push(cut);
    hasMissing.push(missing);
    mostBins = Math.max(mostBins, cut.length + (missing ? 1 : 0));
  }
  const binBits = Math.ceil(Math.log2(mostBins));
  return { rows, columns, words, cuts, hasMissing, binBits };
}

type Columns = { readonly values: Float32Array; readonly sorted: Float32Array };

/** Copies a column into `values` and what is present also to the front of `sorted`; returns how many are. */
function readColumn({ rows, columns, data }: Matrix, column: number, { values, sorted }: Columns): number {
  let present = 0;
  for (let row = 0, at = column; row < rows; row += 1, at += columns) {
    const value = data[at] as number;
    values[row] = value;
    if (Number.isNaN(value)) continue;
    if (Math.abs(value) >= LARGEST_VALUE) {
      throw new PilotfishError(
        'NOT_FINITE',
        `row ${row}, feature ${column}: ${value} is too large; scale it`,
      );
    }
    sorted[present] = value;
    present += 1;
  }
  return present;
}

/**
 * Cuts of ascending values, at most `maxBins`. A value that alone fills a fair share has a bin of its own, and the
 * others share out the rest (as in LightGBM), so that a default value in half of the rows costs no resolution.
 */
function cutsOf(sorted: Float32Array, maxBins: number): Float32Array {
  if (sorted.length === 0) return new Float32Array(0);
  const starts = startsOf(sorted);
  const countOf = (run: number) => (starts[run + 1] ?? sorted.length) - (starts[run] as number);
  const isLarge = (run: number) => run < starts.length && countOf(run) * maxBins >= sorted.length;
  let left = sorted.length;
  let bins = maxBins;
  for (let run = 0; run < starts.length; run += 1) {
    if (!isLarge(run)) continue;
    left -= countOf(run);
    bins -= 1;
  }
  const cuts: number[] = [];
  for (let run = 0, filled = 0; run + 1 < starts.length && cuts.length < maxBins - 1; run += 1) {
    filled += countOf(run);
    const share = starts.length <= maxBins ? 1 : left / Math.max(1, bins);
    if (!isLarge(run) && filled < (isLarge(run + 1) ? share / 2 : share)) continue;
    cuts.push(sorted[starts[run + 1] as number] as number);
    // Large values have been taken out beforehand.
    left -= isLarge(run) ? filled - countOf(run) : filled;
    if (!isLarge(run)) bins -= 1;
    filled = 0;
  }
  const largest = sorted[sorted.length - 1] as number;
  return Float32Array.of(...cuts, largest + Math.abs(largest) + 1e-5);
}

/** Where each different value starts. */
function startsOf(sorted: Float32Array): Uint32Array {
  const starts = new Uint32Array(sorted.length);
  let count = 1;
  for (let at = 1; at < sorted.length; at += 1) {
    if (sorted[at] === sorted[at - 1]) continue;
    starts[count] = at;
    count += 1;
  }
  return starts.subarray(0, count);
}

/** Enters the bin of each value: how many cuts it has reached, which is all of them for NaN. */
function binColumn(
  values: Float32Array,
  cuts: Float32Array,
  { words, shift }: { readonly words: Uint32Array; readonly shift: number },
): void {
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    let low = 0;
    let high = cuts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value < (cuts[middle] as number)) high = middle;
      else low = middle + 1;
    }
    words[row] = (words[row] as number) | (low << shift);
  }
}
