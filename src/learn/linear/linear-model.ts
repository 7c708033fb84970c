import { FastRng, PilotfishError } from '../../base/index.ts';
import {
  type Batch,
  type Fits,
  type Learner,
  type LearnsOne,
  type Matrix,
  numberWithin,
  type Predicts,
  predictRows,
  type Snapshot,
  type StreamSample,
  wholeNumber,
} from '../contract/index.ts';
import {
  checkRow,
  checkSample,
  checkStateSize,
  checkTraining,
  MAX_STATE_VALUES,
  type Shape,
  sampleOf,
} from './checks.ts';
import type { Head, LinearFitOptions, LinearOptions, LinearReport, RestoredLinear } from './linear-parts.ts';
import { Moments, putMoments } from './moments.ts';
import { putSchedule, type RateSchedule, rateAt, scheduleOf } from './schedule.ts';

/** No slope is steeper than this, so that no finite sample leads to infinite weights; real ones stay far below. */
const STEEPEST_SLOPE = 1e12;

/** An epoch's mean loss so many times that of weights of 0 is never made good again. */
const DIVERGED = 1e6;

/**
 * Generalised linear model by stochastic gradient descent on single samples (Bottou, COMPSTAT 2010). Weights lie
 * row by row, one row an output, the intercept last.
 */
export abstract class LinearModel
  implements Learner, Predicts, LearnsOne<StreamSample>, Fits<LinearReport, LinearFitOptions>
{
  readonly kind: string;
  readonly features: number;
  readonly #head: Head;
  readonly #shape: Shape;
  readonly #schedule: RateSchedule;
  readonly #l2: number;
  readonly #seed: number;
  readonly #moments: Moments | undefined;
  readonly #weights: Float64Array;
  readonly #row: Float64Array;
  readonly #scores: Float64Array;
  readonly #slopes: Float64Array;
  readonly #answer: Float64Array;
  #steps = 0;

  protected constructor(options: LinearOptions, head: Head) {
    const { features, rate = 0.01, l2 = 0, scale = true, seed = 0 } = options;
    this.features = wholeNumber('features', features, [1, MAX_STATE_VALUES]);
    checkStateSize(head.outputs * (features + 1));
    this.kind = head.kind;
    this.#head = head;
    this.#shape = head.classes === undefined ? { features } : { features, classes: head.classes };
    this.#l2 = numberWithin('l2', l2, [0, 1e6]);
    this.#schedule = scheduleOf(rate, l2);
    this.#seed = wholeNumber('seed', seed, [0, Number.MAX_SAFE_INTEGER]);
    this.#moments = scale ? new Moments(features) : undefined;
    this.#weights = new Float64Array(head.outputs * (features + 1));
    this.#row = new Float64Array(features);
    this.#scores = new Float64Array(head.outputs);
    this.#slopes = new Float64Array(head.outputs);
    this.#answer = new Float64Array(head.answers);
  }

  /** The weights, copied: one row of `features + 1` an output, the intercept last, for scaled features. */
  get weights(): Float64Array {
    return this.#weights.slice();
  }

  /** The array is used again by the next call. Before anything is learnt, the answer to all scores being 0. */
  predict(x: ArrayLike<number>): Float64Array {
    checkRow(x, this.features);
    this.#score(x);
    return this.#answer;
  }

  /** `predict` for every row, in a fresh matrix. */
  predictMany(x: Matrix): Matrix {
    return predictRows(x, (row) => this.predict(row));
  }

  /** One step, `weight` times as long: rate · weight above 2 / features overshoots, ever farther. */
  learnOne(sample: StreamSample): void {
    const weight = checkSample(sample, this.#shape);
    if (weight === 0) return;
    this.#moments?.add(sample.x, weight);
    this.#score(sample.x);
    this.#step(sample.y, weight);
  }

  /**
   * Learns from scratch: the scale of all rows first, then `epochs` passes in seeded order. Weights count relative
   * to their mean, so that their unit does not change the steps.
   * @throws PilotfishError also `NOT_FINITE` when the loss grows without bound; the learner has then learnt nothing.
   */
  fit(batch: Batch, options: LinearFitOptions = {}): LinearReport {
    const { epochs = 10, constantFeatures = 'refuse' } = options;
    wholeNumber('epochs', epochs, [1, 1e6]);
    checkTraining(batch, this.#shape, constantFeatures);
    const unit = meanWeight(batch);
    this.#reset();
    const order = new Uint32Array(batch.x.rows).map((_, row) => row);
    for (const row of order) {
      const { x, weight } = sampleOf(batch, row);
      if (weight > 0) this.#moments?.add(x, weight / unit);
    }
    const start = this.#lossOfNothing(batch);
    const rng = new FastRng(this.#seed);
    const losses = Array.from({ length: epochs }, () => {
      rng.shuffle(order);
      const loss = this.#epoch(batch, { order, unit });
      if (!(loss <= DIVERGED * start)) this.#refuseDivergence(loss);
      return loss;
    });
    return { losses };
  }

  snapshot(): Snapshot {
    const { features } = this;
    const scale = putMoments(this.#moments ?? new Moments(features));
    return {
      kind: this.kind,
      version: 1,
      config: {
        features,
        classes: this.#head.classes ?? 0,
        l2: this.#l2,
        scale: this.#moments === undefined ? 'off' : 'on',
        seed: this.#seed,
        steps: this.#steps,
        ...putSchedule(this.#schedule),
        ...scale.config,
      },
      tensors: {
        weights: { shape: [this.#head.outputs, features + 1], data: this.weights },
        ...scale.tensors,
      },
    };
  }

  protected load(restored: RestoredLinear): void {
    this.#steps = restored.steps;
    this.#weights.set(restored.weights);
    this.#moments?.load(restored.moments);
  }

  #refuseDivergence(loss: number): never {
    this.#reset();
    throw new PilotfishError(
      'NOT_FINITE',
      `the loss grew to ${loss}: the steps are too large; lower the rate, or scale the features`,
    );
  }

  /** Mean loss of weights that are all 0. */
  #lossOfNothing(batch: Batch): number {
    let [loss, total] = [0, 0];
    for (let row = 0; row < batch.x.rows; row += 1) {
      const { y, weight } = sampleOf(batch, row);
      loss += weight * this.#head.loss(this.#scores.fill(0), y);
      total += weight;
    }
    return loss / total;
  }

  #epoch(batch: Batch, { order, unit }: { order: Uint32Array; unit: number }): number {
    let [loss, total] = [0, 0];
    for (const row of order) {
      const { x, y, weight } = sampleOf(batch, row);
      if (weight === 0) continue;
      this.#score(x);
      loss += weight * this.#head.loss(this.#scores, y);
      total += weight;
      this.#step(y, weight / unit);
    }
    return loss / total;
  }

  /** Row, scores and answer for `x`. */
  #score(x: ArrayLike<number>): void {
    const row = this.#row;
    if (this.#moments === undefined) row.set(x);
    else this.#moments.scaleInto(x, row);
    const weights = this.#weights;
    const features = row.length;
    for (let output = 0, at = 0; output < this.#scores.length; output += 1) {
      let sum = 0;
      for (let j = 0; j < features; j += 1, at += 1) sum += (weights[at] as number) * (row[j] as number);
      this.#scores[output] = sum + (weights[at] as number);
      at += 1;
    }
    this.#head.link(this.#scores, this.#answer);
  }

  /** One step down the slope of the row just scored. */
  #step(y: number, weight: number): void {
    const rate = rateAt(this.#schedule, this.#l2, this.#steps);
    const keep = 1 - rate * this.#l2;
    this.#steps += 1;
    this.#head.slope(this.#answer, y, this.#slopes);
    const weights = this.#weights;
    const row = this.#row;
    for (let output = 0, at = 0; output < this.#slopes.length; output += 1) {
      const slope = (this.#slopes[output] as number) * weight;
      const move = rate * Math.min(STEEPEST_SLOPE, Math.max(-STEEPEST_SLOPE, slope));
      for (let j = 0; j < row.length; j += 1, at += 1) {
        weights[at] = keep * (weights[at] as number) - move * (row[j] as number);
      }
      weights[at] = (weights[at] as number) - move;
      at += 1;
    }
  }

  #reset(): void {
    this.#steps = 0;
    this.#weights.fill(0);
    this.#moments?.reset();
  }
}

/** The mean of the weights that count. */
function meanWeight({ weights }: Batch): number {
  if (weights === undefined) return 1;
  let [sum, count] = [0, 0];
  for (let row = 0; row < weights.length; row += 1) {
    sum += weights[row] as number;
    if (weights[row] !== 0) count += 1;
  }
  return sum / count;
}
