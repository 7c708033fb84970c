import {
  type Batch,
  checkSnapshot,
  type Fits,
  type Learner,
  type LearnsOne,
  type Matrix,
  numberWithin,
  type Predicts,
  predictRows,
  type Snapshot,
  type StreamSample,
  takeTensor,
  wholeNumber,
} from '../contract/index.ts';
import {
  type ConstantFeatures,
  checkRow,
  checkSample,
  checkStateSize,
  checkTraining,
  checkWithin,
  MAX_MAGNITUDE,
  MAX_STATE_VALUES,
  sampleOf,
  takeCount,
  takeNumber,
} from './checks.ts';
import { GaussianTable } from './gaussian-table.ts';
import { logsInto, softmaxInto } from './posterior.ts';

export type NaiveBayesOptions = {
  /** Length of every sample. */
  readonly features: number;
  /** Number of classes, from 2. */
  readonly classes: number;
  /**
   * How many samples' worth of the overall variance each class starts from. Near 0 the variances are those of
   * maximum likelihood. Default 1.
   */
  readonly priorWeight?: number;
};

export type NaiveBayesFitOptions = {
  /** Default `refuse`. */
  readonly constantFeatures?: ConstantFeatures;
};

export type NaiveBayesReport = {
  /** Weight learnt of each class. */
  readonly classWeights: readonly number[];
};

const kind = 'naive-bayes';
const priorRange = [1e-9, 1e9] as const;

/**
 * Gaussian naive Bayes, one sample at a time: class shares times one Gaussian a feature. Variances are drawn to the
 * feature's variance over all classes, so that a class seen once or a feature without spread in one class does no
 * harm. `predict` answers one probability a class; classes not yet seen have probability 0, and before anything is
 * learnt all have the same.
 *
 * Errors: `USAGE` for options or targets out of range, `SHAPE`, `NOT_FINITE`, `LIMIT`; `fit` also as `checkBatch`.
 */
export class NaiveBayes
  implements Learner, Predicts, LearnsOne<StreamSample>, Fits<NaiveBayesReport, NaiveBayesFitOptions>
{
  readonly kind = kind;
  readonly features: number;
  readonly classes: number;
  readonly #priorWeight: number;
  readonly #table: GaussianTable;
  readonly #answer: Float64Array;

  constructor(options: NaiveBayesOptions) {
    const { features, classes, priorWeight = 1 } = options;
    this.features = wholeNumber('features', features, [1, MAX_STATE_VALUES]);
    this.classes = wholeNumber('classes', classes, [2, MAX_STATE_VALUES]);
    this.#priorWeight = numberWithin('priorWeight', priorWeight, priorRange);
    checkStateSize((classes + 1) * features);
    this.#table = new GaussianTable(classes, features);
    this.#answer = new Float64Array(classes);
  }

  /** The inverse of `snapshot`. @throws PilotfishError `DAMAGED`, `NEWER_VERSION`. */
  static restore(snapshot: Snapshot): NaiveBayes {
    checkSnapshot(snapshot, kind, 1);
    const features = takeCount(snapshot, 'features', [1, MAX_STATE_VALUES]);
    const classes = takeCount(snapshot, 'classes', [2, MAX_STATE_VALUES]);
    const priorWeight = takeNumber(snapshot, 'priorWeight', priorRange);
    const rows = classes + 1;
    const weight = takeTensor(snapshot, 'weight', { type: Float64Array, shape: [rows] });
    const mean = takeTensor(snapshot, 'mean', { type: Float64Array, shape: [rows, features] });
    const squares = takeTensor(snapshot, 'squares', { type: Float64Array, shape: [rows, features] });
    checkWithin('weight', weight, [0, Number.MAX_VALUE]);
    checkWithin('mean', mean, [-MAX_MAGNITUDE, MAX_MAGNITUDE]);
    checkWithin('squares', squares, [0, Number.MAX_VALUE]);
    const model = new NaiveBayes({ features, classes, priorWeight });
    model.#table.weight.set(weight);
    model.#table.mean.set(mean);
    model.#table.squares.set(squares);
    return model;
  }

  /** The array is used again by the next call. */
  predict(x: ArrayLike<number>): Float64Array {
    checkRow(x, this.features);
    const answer = this.#answer;
    logsInto(this.#table.weight, answer);
    this.#table.addLogDensities(x, this.#priorWeight, answer);
    softmaxInto(answer, answer);
    return answer;
  }

  /** `predict` for every row, in a fresh matrix. */
  predictMany(x: Matrix): Matrix {
    return predictRows(x, (row) => this.predict(row));
  }

  learnOne(sample: StreamSample): void {
    const weight = checkSample(sample, this);
    if (weight > 0) this.#table.add(sample.x, sample.y, weight);
  }

  /** Learns from scratch; the order of the rows does not matter beyond rounding. */
  fit(batch: Batch, options: NaiveBayesFitOptions = {}): NaiveBayesReport {
    checkTraining(batch, this, options.constantFeatures ?? 'refuse');
    this.#table.reset();
    for (let row = 0; row < batch.x.rows; row += 1) {
      const { x, y, weight } = sampleOf(batch, row);
      if (weight > 0) this.#table.add(x, y, weight);
    }
    return { classWeights: Array.from(this.#table.weight.subarray(0, this.classes)) };
  }

  snapshot(): Snapshot {
    const { features, classes } = this;
    const { weight, mean, squares } = this.#table;
    const shape = [classes + 1, features];
    return {
      kind,
      version: 1,
      config: { features, classes, priorWeight: this.#priorWeight },
      tensors: {
        weight: { shape: [classes + 1], data: weight.slice() },
        mean: { shape, data: mean.slice() },
        squares: { shape, data: squares.slice() },
      },
    };
  }
}
