import { PilotfishError } from '../../base/index.ts';
import {
  allFinite,
  type Batch,
  checkBatch,
  checkSnapshot,
  type Fits,
  type Learner,
  ofLength,
  type Predicts,
  rowOf,
  type Snapshot,
  wholeNumber,
} from '../contract/index.ts';
import { checkDistribution, checkMagnitude, indexOfLargest } from './checks.ts';

export type TemperatureOptions = {
  /** Number of classes, from 2. */
  readonly classes: number;
  /** What is to be calibrated: what `predict` of a learner gives, or scores before a softmax. Default `probabilities`. */
  readonly input?: 'probabilities' | 'logits';
};

export type TemperatureReport = {
  readonly temperature: number;
  /** Mean negative log-likelihood of the batch in nats, at temperature 1 and at the one found. */
  readonly lossBefore: number;
  readonly lossAfter: number;
};

const kind = 'temperature-scaling';

/** Where the data know no best temperature (all right, or no better than chance), one of these is the answer. */
const [COLDEST, HOTTEST] = [0.01, 100];

/** Probabilities below count as this. */
const SMALLEST_PROBABILITY = 2 ** -52;

const MOST_CLASSES = 2 ** 16;

/** Loss of a batch as a function of 1 / temperature: its value, slope and curvature. */
type Loss = { value: number; slope: number; curvature: number };

/**
 * Temperature scaling (Guo, Pleiss, Sun, Weinberger, On calibration of modern neural networks, ICML 2017): divides
 * logits by the one number, from 0.01 to 100, that makes held-out labels most likely. It never changes which class
 * is most likely.
 *
 * `fit`: one row of probabilities (or logits, as `input` says) a sample, held out from training. `predict`: one such
 * row to probabilities.
 *
 * Errors: `USAGE`, `SHAPE`, `NOT_FINITE`, `LIMIT`; `UNTRAINED` before `fit`; `fit` also as `checkBatch`.
 */
export class TemperatureScaling implements Learner, Predicts, Fits<TemperatureReport> {
  readonly kind = kind;
  readonly classes: number;
  readonly #input: 'logits' | 'probabilities';
  readonly #logits: Float64Array;
  readonly #answer: Float64Array;
  #temperature = 0;

  constructor({ classes, input = 'probabilities' }: TemperatureOptions) {
    this.classes = wholeNumber('classes', classes, [2, MOST_CLASSES]);
    if (input !== 'logits' && input !== 'probabilities') {
      throw new PilotfishError('USAGE', `input is ${input}; give 'probabilities' or 'logits'`);
    }
    this.#input = input;
    this.#logits = new Float64Array(classes);
    this.#answer = new Float64Array(classes);
  }

  /** The inverse of `snapshot`. @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `USAGE`. */
  static restore(snapshot: Snapshot): TemperatureScaling {
    const { classes, input, temperature } = checkSnapshot(snapshot, kind, 1).config;
    const isOurs =
      typeof classes === 'number' &&
      (input === 'logits' || input === 'probabilities') &&
      typeof temperature === 'number' &&
      (temperature === 0 || (temperature >= COLDEST && temperature <= HOTTEST));
    if (!isOurs) throw new PilotfishError('DAMAGED', 'the snapshot holds no temperature for known classes');
    const scaling = new TemperatureScaling({ classes, input });
    scaling.#temperature = temperature;
    return scaling;
  }

  /** What logits are divided by. @throws PilotfishError `UNTRAINED` before `fit`. */
  get temperature(): number {
    if (this.#temperature === 0) throw new PilotfishError('UNTRAINED', 'temperature scaling: call fit first');
    return this.#temperature;
  }

  fit(batch: Batch): TemperatureReport {
    checkBatch(batch, { classes: this.classes, constantFeatures: 'allow' });
    for (let row = 0; row < batch.x.rows; row += 1) this.#read(rowOf(batch.x, row));
    const lossAt = (inverse: number) => this.#loss(batch, inverse);
    const inverse = bestInverse(lossAt);
    this.#temperature = 1 / inverse;
    return {
      temperature: this.#temperature,
      lossBefore: lossAt(1).value,
      lossAfter: lossAt(inverse).value,
    };
  }

  /** The array is used again by the next call. */
  predict(x: ArrayLike<number>): Float64Array {
    const { temperature } = this;
    this.#read(allFinite('x', x));
    this.#soften(1 / temperature);
    return this.#answer;
  }

  snapshot(): Snapshot {
    const config = { classes: this.classes, input: this.#input, temperature: this.#temperature };
    return { kind, version: 1, config, tensors: {} };
  }

  /** Checks a row and keeps its logits, less the largest of them. */
  #read(row: ArrayLike<number>): void {
    ofLength('a row', row, this.classes);
    const logits = this.#logits;
    if (this.#input === 'logits') {
      checkMagnitude('logits', row);
      logits.set(row);
    } else {
      checkDistribution('a row', row);
      for (let c = 0; c < row.length; c += 1) {
        logits[c] = Math.log(Math.max(SMALLEST_PROBABILITY, row[c] as number));
      }
    }
    const largest = logits[indexOfLargest(logits)] as number;
    for (let c = 0; c < logits.length; c += 1) logits[c] = (logits[c] as number) - largest;
  }

  /** Answers the row read last; returns the sum of `exp(inverse · logit)`. */
  #soften(inverse: number): number {
    const logits = this.#logits;
    const answer = this.#answer;
    let sum = 0;
    for (let c = 0; c < answer.length; c += 1) {
      const value = Math.exp((logits[c] as number) * inverse);
      answer[c] = value;
      sum += value;
    }
    for (let c = 0; c < answer.length; c += 1) answer[c] = (answer[c] as number) / sum;
    return sum;
  }

  /** Mean over the batch of `ln Σ exp(b z) - b z_y`, whose derivatives by b are those of the mean logit. */
  #loss({ x, y, weights }: Batch, inverse: number): Loss {
    const loss = { value: 0, slope: 0, curvature: 0 };
    let total = 0;
    for (let row = 0; row < x.rows; row += 1) {
      const weight = weights?.[row] ?? 1;
      this.#read(rowOf(x, row));
      const sum = this.#soften(inverse);
      const { mean, variance } = momentsOf(this.#logits, this.#answer);
      const own = this.#logits[y[row] as number] as number;
      loss.value += weight * (Math.log(sum) - inverse * own);
      loss.slope += weight * (mean - own);
      loss.curvature += weight * variance;
      total += weight;
    }
    return { value: loss.value / total, slope: loss.slope / total, curvature: loss.curvature / total };
  }
}

function momentsOf(values: Float64Array, shares: Float64Array): { mean: number; variance: number } {
  let mean = 0;
  for (let c = 0; c < values.length; c += 1) mean += (shares[c] as number) * (values[c] as number);
  let variance = 0;
  for (let c = 0; c < values.length; c += 1) {
    variance += (shares[c] as number) * ((values[c] as number) - mean) ** 2;
  }
  return { mean, variance };
}

/** Where the slope of the convex loss is 0: Newton's steps, halving the bracket where they would leave it. */
function bestInverse(lossAt: (inverse: number) => Loss): number {
  let [low, high] = [1 / HOTTEST, 1 / COLDEST];
  if (lossAt(low).slope >= 0) return low;
  if (lossAt(high).slope <= 0) return high;
  let at = 1;
  for (let round = 0; round < 200 && high - low > 1e-12 * at; round += 1) {
    const { slope, curvature } = lossAt(at);
    if (slope < 0) low = at;
    else high = at;
    const step = at - slope / curvature;
    const next = step > low && step < high ? step : (low + high) / 2;
    if (Math.abs(next - at) <= 1e-12 * at) return next;
    at = next;
  }
  return at;
}
