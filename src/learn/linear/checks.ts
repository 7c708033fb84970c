import { PilotfishError } from '../../base/index.ts';
import {
  type Batch,
  type BatchRules,
  checkBatch,
  type Json,
  rowOf,
  type Snapshot,
  type StreamSample,
} from '../contract/index.ts';

/** Largest feature or target: their squares, and any sum of squares a stream can reach, stay finite. */
export const MAX_MAGNITUDE = 1e60;

/** Most numbers one learner of this room keeps for one purpose (128 MiB of float64). */
export const MAX_STATE_VALUES = 2 ** 24;

/**
 * One sample's features.
 * @throws PilotfishError `SHAPE`, `NOT_FINITE`, or `LIMIT` beyond `MAX_MAGNITUDE`.
 */
export function checkRow(x: ArrayLike<number>, features: number): void {
  if (x.length !== features) {
    throw new PilotfishError('SHAPE', `the sample has ${x.length} features where ${features} are expected`);
  }
  for (let j = 0; j < features; j += 1) {
    const value = x[j] as number;
    if (!(value <= MAX_MAGNITUDE && value >= -MAX_MAGNITUDE)) refuseValue(`feature ${j}`, value);
  }
}

function refuseValue(name: string, value: number): never {
  if (!Number.isFinite(value)) {
    throw new PilotfishError('NOT_FINITE', `${name} is ${value}; give a finite number`);
  }
  throw new PilotfishError('LIMIT', `${name} is ${value}; rescale it to at most ${MAX_MAGNITUDE}`);
}

/** What a stream learner expects of a target: a class number below `classes`, or without it any value. */
export type Shape = { readonly features: number; readonly classes?: number };

/**
 * A sample of a stream; returns its weight, 1 if not given.
 * @throws PilotfishError as `checkRow`; `USAGE` for a target that is no class or a negative weight.
 */
export function checkSample(sample: StreamSample, shape: Shape): number {
  const { x, y, weight = 1 } = sample;
  checkRow(x, shape.features);
  if (shape.classes === undefined) {
    if (!(Math.abs(y) <= MAX_MAGNITUDE)) refuseValue('the target', y);
  } else if (!(Number.isInteger(y) && y >= 0 && y < shape.classes)) {
    throw new PilotfishError('USAGE', `class ${y}; give a whole number from 0 to ${shape.classes - 1}`);
  }
  checkWeight(weight);
  return weight;
}

/** A sample may count between these, or not at all. */
const WEIGHT_RANGE = [1e-9, 1e9] as const;

/** @throws PilotfishError `USAGE` unless `weight` is 0 or within `WEIGHT_RANGE`. */
export function checkWeight(weight: number): void {
  const [least, most] = WEIGHT_RANGE;
  if (!(weight === 0 || (weight >= least && weight <= most))) {
    throw new PilotfishError('USAGE', `the weight is ${weight}; give 0 or a number from ${least} to ${most}`);
  }
}

/** How strict `fit` is about features with one value throughout; they do no harm to these learners. */
export type ConstantFeatures = NonNullable<BatchRules['constantFeatures']>;

/**
 * A batch to learn from, every row of which `checkSample` would accept.
 * @throws PilotfishError as `checkBatch` and `checkSample`.
 */
export function checkTraining(batch: Batch, shape: Shape, constantFeatures: ConstantFeatures): void {
  checkBatch(batch, {
    constantFeatures,
    ...(shape.classes === undefined ? {} : { classes: shape.classes }),
  });
  for (let row = 0; row < batch.x.rows; row += 1) checkSample(sampleOf(batch, row), shape);
}

/** One row of a batch as a sample; its features share memory with the batch. */
export function sampleOf(batch: Batch, row: number): StreamSample & { readonly weight: number } {
  return { x: rowOf(batch.x, row), y: batch.y[row] as number, weight: batch.weights?.[row] ?? 1 };
}

/** @throws PilotfishError `USAGE` unless `word` is one of those given. */
export function oneOf(name: string, word: string, words: readonly string[]): void {
  if (!words.includes(word)) {
    throw new PilotfishError('USAGE', `${name} is ${JSON.stringify(word)}; give one of ${words.join(', ')}`);
  }
}

/** @throws PilotfishError `LIMIT` when a learner would keep more than `MAX_STATE_VALUES` numbers. */
export function checkStateSize(values: number): void {
  if (values > MAX_STATE_VALUES) {
    throw new PilotfishError(
      'LIMIT',
      `${values} numbers of state; choose fewer features, classes or leaves (at most ${MAX_STATE_VALUES})`,
    );
  }
}

const damaged = (name: string, value: Json | undefined, wanted: string) =>
  new PilotfishError('DAMAGED', `the snapshot says ${name} = ${JSON.stringify(value)}, not ${wanted}`);

const configValue = (snapshot: Snapshot, name: string): Json | undefined =>
  Object.hasOwn(snapshot.config, name) ? snapshot.config[name] : undefined;

/** A number of a snapshot's config in [min, max]. @throws PilotfishError `DAMAGED`. */
export function takeNumber(snapshot: Snapshot, name: string, [min, max]: readonly [number, number]): number {
  const value = configValue(snapshot, name);
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw damaged(name, value, `a number from ${min} to ${max}`);
}

/** A whole number of a snapshot's config in [min, max]. @throws PilotfishError `DAMAGED`. */
export function takeCount(snapshot: Snapshot, name: string, range: readonly [number, number]): number {
  const value = takeNumber(snapshot, name, range);
  if (Number.isInteger(value)) return value;
  throw damaged(name, value, 'a whole number');
}

/** A word of a snapshot's config, one of those given. @throws PilotfishError `DAMAGED`. */
export function takeWord<Word extends string>(
  snapshot: Snapshot,
  name: string,
  words: readonly Word[],
): Word {
  const value = configValue(snapshot, name);
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw damaged(name, value, `one of ${words.join(', ')}`);
}

/** @throws PilotfishError `DAMAGED` unless all values of a snapshot's tensor lie in [min, max]. */
export function checkWithin(
  name: string,
  values: Float64Array | Int32Array,
  [min, max]: readonly [number, number],
): void {
  for (const value of values) {
    if (!(value >= min && value <= max)) {
      throw new PilotfishError('DAMAGED', `tensor "${name}" of the snapshot holds ${value}`);
    }
  }
}
