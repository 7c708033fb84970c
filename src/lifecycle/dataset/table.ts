import { createHash, type Hash } from 'node:crypto';
import { type FeatureSlot, featureSchemaOf } from '../../decisions/index.ts';
import type { Matrix } from '../../learn/index.ts';

/** Which part of a split a table is; `all` before it is split. */
export type Part = 'all' | 'train' | 'val' | 'test';

/** Samples by column. The arrays are views that the data set shares: they are read, never written. */
export type SampleTable = {
  readonly features: readonly FeatureSlot[];
  /** Names of the classes; null where labels are values, or where there are none yet. */
  readonly classes: readonly string[] | null;
  /** Whether a class that is not among them may be added. */
  readonly moreClasses: boolean;
  readonly length: number;
  /** Row by row; NaN is a missing value. */
  readonly x: Float64Array;
  /** Class numbers, or values. */
  readonly y: Float64Array;
  readonly weights: Float64Array;
  /** NaN where a sample has none. */
  readonly times: Float64Array;
  /** What a sample belongs together with; null where it stands alone. */
  readonly groups: readonly (string | null)[];
  /** What each alternative cost, one row a sample; null where it was not measured. */
  readonly costs: Matrix | null;
};

/** The row of features of a sample, as a view. */
export function featuresAt({ features, x }: SampleTable, row: number): Float64Array {
  return x.subarray(row * features.length, (row + 1) * features.length);
}

/** The costs of a sample, as a view; null where there are none. */
export function costsAt({ costs }: SampleTable, row: number): Float64Array | null {
  return costs === null
    ? null
    : (costs.data as Float64Array).subarray(row * costs.columns, (row + 1) * costs.columns);
}

/** The label as it was given. */
export function labelAt({ classes, y }: SampleTable, row: number): string | number {
  const value = y[row] as number;
  return classes === null ? value : (classes[value] as string);
}

/** The named rows, copied, in the given order. */
export function takeSamples(table: SampleTable, rows: readonly number[]): SampleTable {
  const { features, classes, costs } = table;
  const column = (values: Float64Array) => Float64Array.from(rows, (row) => values[row] as number);
  const x = new Float64Array(rows.length * features.length);
  rows.forEach((row, at) => {
    x.set(featuresAt(table, row), at * features.length);
  });
  return {
    ...{ features, classes: classes && [...classes], moreClasses: table.moreClasses },
    ...{ length: rows.length, x },
    y: column(table.y),
    weights: column(table.weights),
    times: column(table.times),
    groups: rows.map((row) => table.groups[row] ?? null),
    costs: costs === null ? null : takeCosts(table, costs.columns, rows),
  };
}

function takeCosts(table: SampleTable, columns: number, rows: readonly number[]): Matrix {
  const data = new Float64Array(rows.length * columns);
  rows.forEach((row, at) => {
    data.set(costsAt(table, row) ?? [], at * columns);
  });
  return { rows: rows.length, columns, data };
}

const addNumbers = (hash: Hash, values: Float64Array): Hash =>
  hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));

/** Hash of features and label: equal for samples that cannot be told apart. */
export function contentDigest(table: SampleTable, row: number): string {
  const hash = addNumbers(createHash('sha256'), featuresAt(table, row));
  return addNumbers(hash, table.y.subarray(row, row + 1)).digest('base64');
}

/**
 * Hash of the whole observation: features, label, time and costs. Two samples with one digest are one observation that
 * was entered twice; who entered it, the group, is left out.
 */
export function observationDigest(table: SampleTable, row: number): string {
  const hash = addNumbers(createHash('sha256'), featuresAt(table, row));
  addNumbers(hash, table.y.subarray(row, row + 1));
  addNumbers(hash, table.times.subarray(row, row + 1));
  return addNumbers(hash, costsAt(table, row) ?? new Float64Array(0)).digest('base64');
}

/** Hash of everything, in order: names what a model was trained on. */
export function tableDigest(table: SampleTable): string {
  const { features, classes, groups, costs } = table;
  const hash = createHash('sha256');
  hash.update(JSON.stringify([featureSchemaOf(features), classes, groups, costs?.columns ?? 0]));
  for (const values of [table.x, table.y, table.weights, table.times]) addNumbers(hash, values);
  if (costs !== null) addNumbers(hash, costs.data as Float64Array);
  return hash.digest('hex');
}
