import { resolve } from 'node:path';
import { type FileSystem, NodeFileSystem, PilotfishError } from '../../base/index.ts';
import { type FeatureSlot, featureSchemaOf } from '../../decisions/index.ts';
import { type Batch, finite, type Matrix, ofLength, wholeNumber } from '../../learn/index.ts';
import { type FeatureValues, type SampleOptions, TableBuilder, type TableOptions } from './builder.ts';
import { readJson, writeJson } from './json-file.ts';
import { readParquet, writeParquet } from './parquet-file.ts';
import { type EvaluationCount, SealedDataset } from './sealed.ts';
import { type SplitOptions, splitRows } from './split.ts';
import {
  costsAt,
  featuresAt,
  labelAt,
  observationDigest,
  type Part,
  type SampleTable,
  tableDigest,
  takeSamples,
} from './table.ts';

/** One sample as it lies in the data set; features and costs are views. */
export type Sample = {
  /** In the order of the slots; NaN is a missing value. */
  readonly features: Float64Array;
  readonly label: string | number;
  readonly group: string | null;
  /** NaN when it has none. */
  readonly time: number;
  readonly weight: number;
  readonly cost: Float64Array | null;
};

/** Where the samples of a data set come from, unless they were added one by one. */
type Origin = {
  readonly table: SampleTable;
  readonly part: Part;
  readonly count: EvaluationCount;
  /** What goes on growing. */
  readonly builder?: TableBuilder;
};

/** By the ending of the path. */
const FORMATS = {
  '.json': { write: writeJson, read: readJson },
  '.parquet': { write: writeParquet, read: readParquet },
} as const;

/**
 * Labelled samples to learn from. Labels are classes (texts) or values (numbers), all of one kind; every sample has the
 * same features.
 *
 * @example
 * const dataset = new TrainingDataset();
 * dataset.addSample({ block_size_log: 0.4, sibling_ratio: 0.5 }, 'zstd', { group: 'file-1' });
 * const [trainData, valData, testData] = dataset.split({ trainRatio: 0.7, valRatio: 0.15, testRatio: 0.15 });
 * await dataset.save('training_dataset.json');
 */
export class TrainingDataset {
  /** What samples are added to; null for a part, which does not grow. */
  #builder: TableBuilder | null;
  #table: SampleTable;
  #part: Part = 'all';
  /** Shared with every part. */
  #count: EvaluationCount = { evaluations: 0 };

  /** @throws PilotfishError `USAGE`, `EMPTY` or `LIMIT` for slots or classes that make no sense. */
  constructor(options: TableOptions = {}) {
    this.#builder = new TableBuilder(options);
    this.#table = this.#builder.table;
  }

  /**
   * Adds a sample. Features are numbers by name (every sample the same names) or, where the data set was made with slots,
   * numbers in their order; NaN says that one is missing.
   * @throws PilotfishError `USAGE`, `SHAPE`, `NOT_FINITE`, `LIMIT`, and then nothing was added; `REFUSED` for a part
   * or a changed copy.
   */
  addSample(features: FeatureValues, label: string | number, options: SampleOptions = {}): void {
    if (this.#builder === null) {
      throw new PilotfishError('REFUSED', 'a part or a changed copy does not grow: add to the original');
    }
    this.#builder.add(features, label, options);
    this.#table = this.#builder.table;
  }

  get length(): number {
    return this.#table.length;
  }

  /** `all`, or which part of a split this is. */
  get part(): Part {
    return this.#part;
  }

  /** The slots of the features, in order; empty before the first sample unless given. */
  get features(): readonly FeatureSlot[] {
    return this.#table.features;
  }

  /** Hash of the slots, comparable with that in a model's manifest. */
  get featureSchema(): string {
    return featureSchemaOf(this.#table.features);
  }

  /** Names of the classes by number; null where labels are values. */
  get classes(): readonly string[] | null {
    return this.#table.classes;
  }

  /** All samples by column; views that must not be written and are valid until the next `addSample`. */
  get table(): SampleTable {
    return this.#table;
  }

  /** How often the test parts of this data set were evaluated on, also before it was saved. */
  get testEvaluations(): number {
    return this.#count.evaluations;
  }

  /** One sample. @throws PilotfishError `USAGE` unless there is a sample of that number. */
  sampleAt(row: number): Sample {
    const table = this.#table;
    wholeNumber('row', row, [0, table.length - 1]);
    return {
      features: featuresAt(table, row),
      label: labelAt(table, row),
      group: table.groups[row] ?? null,
      time: table.times[row] as number,
      weight: table.weights[row] as number,
      cost: costsAt(table, row),
    };
  }

  /** The samples as learners take them: class numbers or values as targets, weights if there are any but 1. */
  batch(): Batch {
    const { x, y, weights, length, features } = this.#table;
    const matrix = { rows: length, columns: features.length, data: x };
    return weights.every((weight) => weight === 1) ? { x: matrix, y } : { x: matrix, y, weights };
  }

  /** What each alternative cost, a row a sample; null where it was not measured. */
  costs(): Matrix | null {
    return this.#table.costs;
  }

  /** The named samples, copied, as a data set of the same part. @throws PilotfishError `USAGE` for a row that is none. */
  take(rows: readonly number[]): TrainingDataset {
    for (const row of rows) wholeNumber('row', row, [0, this.length - 1]);
    const table = takeSamples(this.#table, rows);
    return new TrainingDataset().#become({ table, part: this.#part, count: this.#count });
  }

  /**
   * The same samples with other features, made one by one; the same part. @param change gets a view, returns as many
   * @throws PilotfishError `SHAPE` or `NOT_FINITE` for what could not have been added.
   */
  mapFeatures(change: (features: Float64Array) => ArrayLike<number>): TrainingDataset {
    const rows = Array.from({ length: this.length }, (_, row) => row);
    const table = takeSamples(this.#table, rows);
    for (const row of rows) {
      const features = featuresAt(table, row);
      const changed = Array.from(ofLength('features', change(features), features.length));
      changed.forEach((value, at) => {
        features[at] = Number.isNaN(value) ? value : finite(`feature ${at}`, value) + 0;
      });
    }
    return new TrainingDataset().#become({ table, part: this.#part, count: this.#count });
  }

  /**
   * Training, validation and test part; the last is sealed. The same samples, in whatever order they were added, the
   * same seed: the same parts.
   * @throws PilotfishError `EMPTY` when a part would have no sample, `REFUSED` for a part or for duplicates in two parts,
   * `USAGE`.
   */
  split(options: SplitOptions = {}): [TrainingDataset, TrainingDataset, SealedDataset] {
    if (this.#part !== 'all') throw new PilotfishError('REFUSED', 'this is a part already: split the whole');
    const [train, val, test] = splitRows(this.#table, options);
    const part = (rows: readonly number[], name: Part): TrainingDataset => {
      const table = takeSamples(this.#table, rows);
      return new TrainingDataset().#become({ table, part: name, count: this.#count });
    };
    return [part(train, 'train'), part(val, 'val'), new SealedDataset(part(test, 'test'), this.#count)];
  }

  /** Hashes of the observations, to find them in another data set. */
  digests(): ReadonlySet<string> {
    return new Set(Array.from({ length: this.length }, (_, row) => observationDigest(this.#table, row)));
  }

  /** Hash of all samples in order: names in a lineage what was learnt from. */
  digest(): string {
    return tableDigest(this.#table);
  }

  /**
   * Writes the data set, whole or not at all: JSON or Parquet, by the ending of the path. Parquet needs the package
   * `@duckdb/node-api`.
   * @throws PilotfishError `USAGE` for another ending, `UNSUPPORTED` without the package, `EMPTY`, `NO_SPACE`, `IO`.
   */
  async save(path: string, fs: FileSystem = new NodeFileSystem()): Promise<void> {
    if (this.length === 0) throw new PilotfishError('EMPTY', 'there is nothing to save: add samples first');
    const file = { part: this.#part, testEvaluations: this.#count.evaluations, table: this.#table };
    await formatOf(path).write(fs, resolve(path), file);
  }

  /**
   * Reads what `save` wrote: an equal data set. A part stays a part.
   * @throws PilotfishError `USAGE` for another ending, `UNSUPPORTED` without the package, `MISSING`, `DAMAGED`, `LIMIT`,
   * `NEWER_VERSION`, `IO`.
   */
  static async load(path: string, fs: FileSystem = new NodeFileSystem()): Promise<TrainingDataset> {
    const { builder, part, testEvaluations } = await formatOf(path).read(fs, resolve(path));
    const origin = { table: builder.table, part, count: { evaluations: testEvaluations } };
    return new TrainingDataset().#become(part === 'all' ? { ...origin, builder } : origin);
  }

  /** Turns a fresh data set into another one: a part, or what came from a file. */
  #become(origin: Origin): TrainingDataset {
    this.#builder = origin.builder ?? null;
    this.#table = origin.table;
    this.#part = origin.part;
    this.#count = origin.count;
    return this;
  }
}

function formatOf(path: string): (typeof FORMATS)[keyof typeof FORMATS] {
  const ending = Object.keys(FORMATS).find((known) => path.endsWith(known));
  if (ending === undefined) {
    throw new PilotfishError('USAGE', `${path} ends neither in .json nor in .parquet`, { path });
  }
  return FORMATS[ending as keyof typeof FORMATS];
}

/**
 * Returns what may be trained or tuned on. @param who names the caller in the error, e.g. `the tuner`
 * @throws PilotfishError `REFUSED` for a test part, sealed or opened; `USAGE` for what is no data set.
 */
export function checkTrainable(data: unknown, who: string): TrainingDataset {
  if (data instanceof SealedDataset || (data instanceof TrainingDataset && data.part === 'test')) {
    throw new PilotfishError('REFUSED', `${who} must not see the test part: give it train and val`);
  }
  if (data instanceof TrainingDataset) return data;
  throw new PilotfishError('USAGE', `${who} needs a TrainingDataset`);
}
