import { resolve } from 'node:path';
import { type FileSystem, NodeFileSystem, PilotfishError } from '../../base/index.ts';
import { type FeatureSlot, featureSchemaOf } from '../../decisions/index.ts';
import type { Batch, Matrix } from '../../learn/index.ts';
import { type FeatureValues, type SampleOptions, TableBuilder, type TableOptions } from './builder.ts';
import type { DatasetFile } from './header.ts';
import { readJson, writeJson } from './json-file.ts';
import { readParquet, writeParquet } from './parquet-file.ts';
import { type EvaluationCount, SealedDataset } from './sealed.ts';
import { type SplitOptions, splitRows } from './split.ts';
import {
  costsAt,
  featuresAt,
  labelAt,
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

/** A saved data set in all that was saved. */
const FORMATS = { '.json': [writeJson, readJson], '.parquet': [writeParquet, readParquet] } as const;

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
  /** Which part of a split it is: `all` before the split. */
  readonly part: Part;
  #builder: TableBuilder | undefined;
  #table: SampleTable;
  readonly #count: EvaluationCount;

  /** @throws PilotfishError `USAGE`, `EMPTY` or `LIMIT` for slots or classes that make no sense. */
  constructor(options: TableOptions = {}, from?: DatasetFile) {
    this.part = from?.part ?? 'all';
    this.#count = { evaluations: from?.testEvaluations ?? 0 };
    this.#builder = from === undefined ? new TableBuilder(options) : undefined;
    this.#table = from?.table ?? (this.#builder as TableBuilder).table;
  }
}
