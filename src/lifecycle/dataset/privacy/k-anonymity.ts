import { PilotfishError } from '../../../base/index.ts';
import { wholeNumber } from '../../../learn/index.ts';
import { TrainingDataset } from '../dataset.ts';
import { featuresAt, labelAt } from '../table.ts';

/** Rows by column name: telemetry events, or anything like them. */
export type Records = readonly { readonly [column: string]: unknown }[];

export type AnonymityOptions = {
  /** Columns by which someone might be recognised, together: features, `label`, `group`, `time`, or fields of events. */
  readonly quasiIdentifiers: readonly string[];
  /** A column nobody should learn about someone: asks for l-diversity as well. */
  readonly sensitive?: string;
};

/** How well rows hide among each other. */
export type AnonymityReport = {
  /** Size of the smallest class of rows that agree in all quasi-identifiers: the data are k-anonymous for this k. */
  readonly k: number;
  /** Fewest different sensitive values in a class: distinct l-diversity. Only where `sensitive` was given. */
  readonly l?: number;
  readonly classes: number;
  /** Rows of the smallest class, by number. */
  readonly weakest: readonly number[];
};

/**
 * How anonymous rows are: k-anonymity (Samarati, Sweeney 1998) and distinct l-diversity (Machanavajjhala et al. 2007).
 *
 * This is not differential privacy. It says that a row is hidden among k - 1 others for someone who knows nothing but
 * the quasi-identifiers; it promises nothing against background knowledge, against a second release of the same
 * data, or about what a model trained on them gives away.
 * @throws PilotfishError `EMPTY` without rows, `USAGE` without quasi-identifiers or for a column no row has.
 */
export function anonymityOf(
  data: TrainingDataset | Records,
  { quasiIdentifiers, sensitive }: AnonymityOptions,
): AnonymityReport {
  if (!Array.isArray(quasiIdentifiers) || quasiIdentifiers.length === 0) {
    throw new PilotfishError(
      'USAGE',
      'name the quasiIdentifiers: columns by which someone might be recognised',
    );
  }
  const rows = data instanceof TrainingDataset ? recordsOf(data) : data;
  if (!Array.isArray(rows)) throw new PilotfishError('USAGE', 'give a data set or a list of rows');
  if (rows.length === 0) throw new PilotfishError('EMPTY', 'there are no rows to hide among');
  for (const column of sensitive === undefined ? quasiIdentifiers : [...quasiIdentifiers, sensitive]) {
    if (!rows.some((row) => Object.hasOwn(row, column))) {
      throw new PilotfishError('USAGE', `no row has a column ${column}`);
    }
  }
  const numbers = Array.from(rows, (_, row) => row);
  const keyOf = (row: number, columns: readonly string[]): string =>
    JSON.stringify(columns.map((column) => comparable(rows[row]?.[column])));
  const classes = [...Map.groupBy(numbers, (row) => keyOf(row, quasiIdentifiers)).values()];
  const weakest = classes.reduce((least, members) => (members.length < least.length ? members : least));
  const report = { k: weakest.length, classes: classes.length, weakest };
  if (sensitive === undefined) return report;
  const values = classes.map((members) => new Set(members.map((row) => keyOf(row, [sensitive]))).size);
  return { ...report, l: Math.min(...values) };
}

/**
 * Whether every row agrees in all quasi-identifiers with at least k - 1 others; with `l`, also whether each class holds
 * at least l different values of `sensitive`. Not differential privacy: see `anonymityOf`.
 * @throws PilotfishError as `anonymityOf`; `USAGE` for a `k` or `l` that is no count, or `l` without `sensitive`.
 */
export function kAnonymityCheck(
  data: TrainingDataset | Records,
  options: AnonymityOptions & { readonly k?: number; readonly l?: number },
): boolean {
  const { k = 5, l = 1 } = options;
  for (const [name, value] of [
    ['k', k],
    ['l', l],
  ] as const)
    wholeNumber(name, value, [1, 2 ** 31]);
  if (l > 1 && options.sensitive === undefined) {
    throw new PilotfishError('USAGE', 'l-diversity needs the sensitive column');
  }
  const found = anonymityOf(data, options);
  return found.k >= k && (found.l ?? l) >= l;
}

/**
 * The data set with features made coarser, so that more rows agree: each named feature becomes the nearest multiple of
 * its width. Labels, groups and order stay.
 * @throws PilotfishError `USAGE` for a width that is not positive, or of no feature.
 */
export function generalize(
  dataset: TrainingDataset,
  widths: { readonly [feature: string]: number },
): TrainingDataset {
  const { features } = dataset;
  for (const [name, width] of Object.entries(widths)) {
    if (!(width > 0 && width < Infinity) || !features.some((slot) => slot.name === name)) {
      throw new PilotfishError('USAGE', `${name}: ${width} is no positive width of a feature`);
    }
  }
  const steps = features.map(({ name }) => widths[name]);
  return dataset.mapFeatures((values) => values.map((value, at) => roundTo(value, steps[at])));
}

const roundTo = (value: number, width: number | undefined): number =>
  width === undefined ? value : Math.round(value / width) * width;

function recordsOf({ table }: TrainingDataset): Records {
  return Array.from({ length: table.length }, (_, row) => ({
    ...Object.fromEntries(table.features.map(({ name }, at) => [name, featuresAt(table, row)[at]])),
    label: labelAt(table, row),
    group: table.groups[row],
    time: table.times[row],
  }));
}

/** Values that JSON would take for each other or refuse: NaN and null, a number and its text stay apart. */
function comparable(value: unknown): unknown {
  if (typeof value === 'number') return String(value + 0);
  if (value === undefined || value === null || typeof value === 'boolean') return [String(value)];
  if (typeof value === 'string') return [value, 'text'];
  throw new PilotfishError('USAGE', 'a column holds something that is neither number, text nor truth value');
}
