import { FastRng } from '../../base/index.ts';
import { featuresAt, type SampleTable } from './table.ts';

/** Up to so many different values each is its own bin; more are put in so many bins of equal size. */
const BINS = 64;
const SEED = 42;

/**
 * How well one feature alone predicts the label, on samples it was not fitted on: 0 is no better than always saying the
 * commonest class (or the mean), 1 is always right. A histogram per bin of the feature, fitted on one half by lot and
 * judged on the other.
 * @returns 0 when the label is constant in either half
 */
export function singleFeatureSkill(table: SampleTable, column: number): number {
  const rows = Array.from({ length: table.length }, (_, row) => row);
  new FastRng(SEED).shuffle(rows);
  const valueAt = (row: number): number => featuresAt(table, row)[column] as number;
  const half = Math.floor(rows.length / 2);
  const [fitted, judged] = [rows.slice(0, half), rows.slice(half)];
  const edges = edgesOf(fitted.map(valueAt));
  const bins = Map.groupBy(fitted, (row) => binOf(edges, valueAt(row)));
  const summarise = table.classes === null ? meanOf : commonestOf;
  const overall = summarise(table.y, fitted);
  const answers = new Map([...bins].map(([bin, members]) => [bin, summarise(table.y, members)]));
  const loss = table.classes === null ? squared : different;
  const lossOf = (answer: (row: number) => number): number =>
    judged.reduce((sum, row) => sum + loss(answer(row), table.y[row] as number), 0);
  const base = lossOf(() => overall);
  if (base === 0) return 0;
  return Math.max(0, 1 - lossOf((row) => answers.get(binOf(edges, valueAt(row))) ?? overall) / base);
}

const different = (answer: number, truth: number): number => (answer === truth ? 0 : 1);
const squared = (answer: number, truth: number): number => (answer - truth) ** 2;

function meanOf(y: Float64Array, rows: readonly number[]): number {
  return rows.reduce((sum, row) => sum + (y[row] as number), 0) / rows.length;
}

function commonestOf(y: Float64Array, rows: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(y[row] as number, (counts.get(y[row] as number) ?? 0) + 1);
  let [best, most] = [0, 0];
  for (const [label, count] of counts) if (count > most) [best, most] = [label, count];
  return best;
}

/** Lower edges of the bins, rising; missing values have a bin of their own. */
function edgesOf(values: readonly number[]): Float64Array {
  const sorted = Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort();
  const distinct = sorted.filter((value, at) => at === 0 || value !== sorted[at - 1]);
  if (distinct.length <= BINS) return distinct;
  return Float64Array.from(
    { length: BINS },
    (_, bin) => sorted[Math.floor((bin * sorted.length) / BINS)] as number,
  );
}

/** The last bin whose edge is not above the value; -1 for a missing value and below the first edge. */
function binOf(edges: Float64Array, value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
