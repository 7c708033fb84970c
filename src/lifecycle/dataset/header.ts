import { PilotfishError } from '../../base/index.ts';
import { featureSchemaOf } from '../../decisions/index.ts';
import { type SampleOptions, TableBuilder, type TableOptions } from './builder.ts';
import { costsAt, featuresAt, labelAt, type Part, type SampleTable } from './table.ts';

/** A data set on its way to a file. */
export type SavedDataset = {
  readonly part: Part;
  readonly testEvaluations: number;
  readonly table: SampleTable;
};

/** A data set as it came from a file. */
export type LoadedDataset = {
  readonly part: Part;
  readonly testEvaluations: number;
  readonly builder: TableBuilder;
};

/** What a file says before its samples. */
export type Header = {
  readonly kind: 'training-dataset';
  readonly format: 1;
  readonly part: Part;
  readonly testEvaluations: number;
  readonly features: NonNullable<TableOptions['features']>;
  /** Hash of the features. */
  readonly featureSchema: string;
  readonly classes: readonly string[] | null;
  readonly moreClasses: boolean;
  /** Alternatives with a cost; 0 where none was measured. */
  readonly costs: number;
  readonly length: number;
};

/** A sample in a file: features (null is missing), label, weight, time, group, costs. */
export type FileRow = readonly [
  features: readonly (number | null)[],
  label: string | number,
  weight: number,
  time: number | null,
  group: string | null,
  cost: readonly number[],
];

const PARTS: readonly unknown[] = ['all', 'train', 'val', 'test'] satisfies Part[];
const KEYS = 'classes costs featureSchema features format kind length moreClasses part testEvaluations';

export function headerOf({ part, testEvaluations, table }: SavedDataset): Header {
  const { features, classes, moreClasses, costs, length } = table;
  return {
    ...({ kind: 'training-dataset', format: 1 } as const),
    ...{ part, testEvaluations, features, featureSchema: featureSchemaOf(features), classes, moreClasses },
    length,
    costs: costs?.columns ?? 0,
  };
}

/** One sample as a file holds it. */
export function fileRowAt(table: SampleTable, row: number): FileRow {
  const time = table.times[row] as number;
  return [
    Array.from(featuresAt(table, row), (value) => (Number.isNaN(value) ? null : value)),
    labelAt(table, row),
    table.weights[row] as number,
    Number.isNaN(time) ? null : time,
    table.groups[row] ?? null,
    Array.from(costsAt(table, row) ?? []),
  ];
}

/** @throws PilotfishError `DAMAGED`, `NEWER_VERSION`. */
export function checkHeader(value: unknown, path: string): Header {
  const header = (typeof value === 'object' && value !== null ? value : {}) as Partial<Header>;
  if (header.kind !== 'training-dataset') throw damaged(path, 'it is no data set');
  if (typeof header.format === 'number' && header.format > 1) {
    throw new PilotfishError('NEWER_VERSION', `${path} is of format ${header.format}: update Pilotfish`, {
      path,
    });
  }
  if (header.format !== 1 || Object.keys(header).sort().join(' ') !== KEYS) throw damaged(path, 'its header');
  const { part, testEvaluations, costs, length, features, classes, moreClasses } = header;
  const counts = [testEvaluations, costs, length];
  const isCount = (count: unknown): boolean => Number.isSafeInteger(count) && (count as number) >= 0;
  if (!PARTS.includes(part) || !counts.every(isCount)) throw damaged(path, 'its header');
  if (!Array.isArray(features) || !features.every((slot) => typeof slot === 'object' && slot !== null)) {
    throw damaged(path, 'its features');
  }
  if ((classes !== null && !Array.isArray(classes)) || typeof moreClasses !== 'boolean')
    throw damaged(path, 'its classes');
  if (featureSchemaOf(features) !== header.featureSchema) throw damaged(path, 'the hash of its features');
  return header as Header;
}

/**
 * Builds the data set of a header and rows that nobody vouches for.
 * @throws PilotfishError `DAMAGED` unless the rows are what the header says and could have been added, `LIMIT`.
 */
export function buildDataset(header: Header, rows: Iterable<FileRow>, path: string): LoadedDataset {
  const { part, testEvaluations, features, classes, moreClasses, costs, length } = header;
  try {
    const builder = new TableBuilder({ features, moreClasses, ...(classes === null ? {} : { classes }) });
    for (const row of rows) addRow(builder, row);
    const { table } = builder;
    const isAll = table.length === length && (table.costs?.columns ?? 0) === costs;
    if (!isAll || table.classes?.length !== classes?.length) throw damaged(path, 'its samples');
    return { part, testEvaluations, builder };
  } catch (error) {
    if (error instanceof PilotfishError && error.code !== 'LIMIT') throw damaged(path, error.message);
    throw error;
  }
}

function addRow(builder: TableBuilder, [x, label, weight, time, group, cost]: FileRow): void {
  const options: SampleOptions = {
    ...{ weight, cost },
    ...(time === null ? {} : { time }),
    ...(group === null ? {} : { group }),
  };
  builder.add(
    x.map((value) => value ?? Number.NaN),
    label,
    options,
  );
}

/** An error that says what of a file is wrong. */
export function damaged(path: string, what: string): PilotfishError {
  return new PilotfishError('DAMAGED', `${path} is no data set that can be used (${what}): save it again`, {
    path,
  });
}
