import { PilotfishError } from '../../base/index.ts';
import {
  allFinite,
  type Batch,
  checkBatch,
  checkSnapshot,
  type Fits,
  finite,
  type Learner,
  ofLength,
  type Predicts,
  type Snapshot,
  takeTensor,
} from '../contract/index.ts';
import { checkMagnitude } from './checks.ts';

export type IsotonicReport = {
  /** Points the fitted line goes through. */
  readonly points: number;
};

const kind = 'isotonic-regression';

/** A stretch of equal fitted values: from the first to the last score in it. */
type Block = { from: number; to: number; sum: number; weight: number };

/**
 * Isotonic regression: the non-decreasing function of one score with the least weighted squared error, by pooling
 * adjacent violators (Ayer et al. 1955; as a calibrator: Zadrozny and Elkan, KDD 2002). Between fitted scores it
 * goes straight, beyond them it stays at the end values. Samples with equal scores count as one at their mean.
 *
 * `fit`: one column of scores, targets 0 and 1 or any values. `predict`: one score to one value; the
 * array is used again by the next call.
 *
 * Errors: `SHAPE`, `NOT_FINITE`, `LIMIT`, `UNTRAINED`; `fit` also as `checkBatch`.
 */
export class IsotonicRegression implements Learner, Predicts, Fits<IsotonicReport> {
  readonly kind = kind;
  readonly #answer = new Float64Array(1);
  #scores = new Float64Array(0);
  #values = new Float64Array(0);

  /** The inverse of `snapshot`. @throws PilotfishError `DAMAGED`, `NEWER_VERSION`. */
  static restore(snapshot: Snapshot): IsotonicRegression {
    checkSnapshot(snapshot, kind, 1);
    const shape = [snapshot.tensors['scores']?.data.length ?? 0];
    const scores = takeTensor(snapshot, 'scores', { type: Float64Array, shape });
    const values = takeTensor(snapshot, 'values', { type: Float64Array, shape });
    for (const data of [scores, values]) checkMagnitude('a point of the snapshot', allFinite('points', data));
    const rises = (at: number) =>
      at === 0 ||
      ((scores[at] as number) > (scores[at - 1] as number) &&
        (values[at] as number) >= (values[at - 1] as number));
    if (!scores.every((_, at) => rises(at))) {
      throw new PilotfishError('DAMAGED', 'the points of the snapshot do not rise');
    }
    const model = new IsotonicRegression();
    model.#scores = scores;
    model.#values = values;
    return model;
  }

  fit(batch: Batch): IsotonicReport {
    checkBatch(batch);
    ofLength('a row', { length: batch.x.columns }, 1);
    checkMagnitude('x', batch.x.data);
    checkMagnitude('y', batch.y);
    const blocks = pool(merge(batch));
    const points = blocks.flatMap(({ from, to, sum, weight }) => {
      const value = sum / weight;
      return from === to ? [[from, value] as const] : [[from, value] as const, [to, value] as const];
    });
    this.#scores = Float64Array.from(points, ([score]) => score);
    this.#values = Float64Array.from(points, ([, value]) => value);
    return { points: points.length };
  }

  predict(x: ArrayLike<number>): Float64Array {
    const scores = this.#scores;
    if (scores.length === 0) throw new PilotfishError('UNTRAINED', 'isotonic regression: call fit first');
    ofLength('x', x, 1);
    this.#answer[0] = this.#valueAt(finite('the score', x[0] as number));
    return this.#answer;
  }

  snapshot(): Snapshot {
    const shape = [this.#scores.length];
    return {
      kind,
      version: 1,
      config: {},
      tensors: {
        scores: { shape, data: this.#scores.slice() },
        values: { shape, data: this.#values.slice() },
      },
    };
  }

  #valueAt(score: number): number {
    const scores = this.#scores;
    const values = this.#values;
    let [low, high] = [0, scores.length - 1];
    if (score <= (scores[low] as number)) return values[low] as number;
    if (score >= (scores[high] as number)) return values[high] as number;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((scores[middle] as number) <= score) low = middle;
      else high = middle;
    }
    const [from, to] = [scores[low] as number, scores[high] as number];
    const share = (score - from) / (to - from);
    return (values[low] as number) + ((values[high] as number) - (values[low] as number)) * share;
  }
}

/** One block for each different score, in rising order; samples of weight 0 are left out. */
function merge({ x, y, weights }: Batch): Block[] {
  const order = Array.from({ length: x.rows }, (_, row) => row)
    .filter((row) => (weights?.[row] ?? 1) > 0)
    .sort((a, b) => (x.data[a] as number) - (x.data[b] as number));
  const blocks: Block[] = [];
  for (const row of order) {
    const score = x.data[row] as number;
    const weight = weights?.[row] ?? 1;
    const last = blocks.at(-1);
    if (last?.to === score) {
      last.sum += weight * (y[row] as number);
      last.weight += weight;
    } else blocks.push({ from: score, to: score, sum: weight * (y[row] as number), weight });
  }
  return blocks;
}

/** Joins neighbours until their means rise. */
function pool(blocks: readonly Block[]): Block[] {
  const done: Block[] = [];
  for (const next of blocks) {
    const block = { ...next };
    for (
      let before = done.at(-1);
      before !== undefined && before.sum / before.weight >= block.sum / block.weight;
      before = done.at(-1)
    ) {
      done.pop();
      block.from = before.from;
      block.sum += before.sum;
      block.weight += before.weight;
    }
    done.push(block);
  }
  return done;
}
