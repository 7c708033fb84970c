import { type FastRng, PilotfishError } from '../../base/index.ts';
import { checkBatch, checkMatrix, type Matrix, matrixIn, ofLength } from '../contract/index.ts';
import type { LossOptions } from './loss.ts';

/**
 * What a net learns from. The loss says which of the three targets it reads: `cross-entropy` class numbers in `y`,
 * or in `targets` with one a step; `expected-cost` `costs`; `mse` and `huber` `targets`, or `y` for a single output.
 */
export type NetBatch = {
  /** Samples by row; for a sequence net a row is [steps][inputs]. */
  readonly x: Matrix;
  /** One target a row. */
  readonly y?: ArrayLike<number>;
  /** [rows][outputs]; for every-step targets [rows][steps][outputs], or [rows][steps] class numbers. */
  readonly targets?: Matrix;
  /** Cost of choosing each class, in any unit: [rows][classes], or [rows][steps][classes]. */
  readonly costs?: Matrix;
  /** 0, or from 1e-30 to 1e30; not all zero. A row of weight 0 is no example of its class. */
  readonly weights?: ArrayLike<number>;
};

/** A checked batch: target i of a sample is the i-th run of `targets`. */
export type Samples = {
  readonly count: number;
  readonly columns: number;
  readonly x: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
  readonly weights: ArrayLike<number> | undefined;
};

/** What a net expects of a batch. */
export type SampleRules = {
  readonly loss: LossOptions;
  /** Values a row of x. */
  readonly columns: number;
  readonly outputs: number;
  /** Steps a row, and steps with a target. */
  readonly steps: number;
  readonly targetSteps: number;
  /** x holds ids below this. */
  readonly vocabulary?: number | undefined;
  /** A batch to be judged by may have constant features and a single class. */
  readonly isHeldOut: boolean;
  readonly constantFeatures: 'refuse' | 'allow';
};

/**
 * Checks a batch against a net.
 * @throws PilotfishError `EMPTY`, `SHAPE`, `LIMIT`, `NOT_FINITE`, `ONE_CLASS`, `CONSTANT_FEATURE` or `USAGE`.
 */
export function samplesOf(batch: NetBatch, rules: SampleRules): Samples {
  const x = checkMatrix(matrixIn(batch), { constantFeatures: 'allow' });
  const { weights } = batch;
  if (x.columns !== rules.columns) {
    throw new PilotfishError('SHAPE', `rows of ${x.columns} values for a net that takes ${rules.columns}`);
  }
  checkInputs(x, rules);
  if (weights !== undefined) checkWeights(x, weights);
  return { count: x.rows, columns: x.columns, x: x.data, targets: targetsOf(batch, rules), weights };
}

/** Weights that float32 can hold, and whose sums it can divide by. */
function checkWeights(x: Matrix, weights: ArrayLike<number>): void {
  checkBatch({ x, y: new Uint8Array(x.rows), weights }, { constantFeatures: 'allow' });
  for (let i = 0; i < weights.length; i += 1) {
    const weight = weights[i] as number;
    if (weight === 0 || (weight >= 1e-30 && weight <= 1e30)) continue;
    throw new PilotfishError('USAGE', `weights[${i}] is ${weight}; give 0, or a number from 1e-30 to 1e30`);
  }
}

/** Features of a sequence are looked at over all its steps. */
function checkInputs(x: Matrix, rules: SampleRules): void {
  if (rules.vocabulary !== undefined) {
    checkClasses('x', x.data, rules.vocabulary);
    return;
  }
  const steps = { rows: x.rows * rules.steps, columns: x.columns / rules.steps, data: x.data };
  const constantFeatures = rules.isHeldOut ? 'allow' : rules.constantFeatures;
  checkMatrix(steps, { constantFeatures });
  checkFloats('x', x.data);
}

function targetsOf(batch: NetBatch, rules: SampleRules): ArrayLike<number> {
  switch (rules.loss.kind) {
    case 'cross-entropy':
      return classesOf(batch, rules);
    case 'expected-cost':
      return costsOf(batch, rules);
    default:
      return valuesOf(batch, rules);
  }
}

function classesOf(batch: NetBatch, rules: SampleRules): ArrayLike<number> {
  const { targetSteps, outputs, isHeldOut } = rules;
  const isSingle = targetSteps === 1 && (batch.y !== undefined || batch.targets === undefined);
  const name = isSingle ? 'y' : 'targets';
  const classes = isSingle ? batch.y : batch.targets?.data;
  const labels = given([name, 'class numbers'], classes, batch.x.rows * targetSteps);
  checkClasses(name, labels, outputs);
  if (isHeldOut) return labels;
  let first: number | undefined;
  for (let i = 0; i < labels.length; i += 1) {
    if (batch.weights?.[Math.floor(i / targetSteps)] === 0) continue;
    first ??= labels[i] as number;
    if (labels[i] !== first) return labels;
  }
  throw new PilotfishError(
    'ONE_CLASS',
    `every target that counts is class ${first}; a net needs at least two to tell apart`,
  );
}

function valuesOf(batch: NetBatch, { targetSteps, outputs }: SampleRules): ArrayLike<number> {
  const single = targetSteps * outputs === 1 && batch.targets === undefined;
  const name = single ? 'y' : 'targets';
  const values = single ? batch.y : batch.targets?.data;
  return checkFloats(name, given([name, 'values'], values, batch.x.rows * targetSteps * outputs));
}

function costsOf(batch: NetBatch, { targetSteps, outputs, isHeldOut }: SampleRules): ArrayLike<number> {
  const length = batch.x.rows * targetSteps * outputs;
  const costs = checkFloats('costs', given(['costs', 'a cost a class'], batch.costs?.data, length));
  const weightOf = (row: number) => batch.weights?.[Math.floor(row / targetSteps)] ?? 1;
  const best = unbeaten(costs, outputs, weightOf);
  if (best < 0 || isHeldOut) return costs;
  throw new PilotfishError(
    'ONE_CLASS',
    `class ${best} is the cheapest in every row that counts; choose it without a net`,
  );
}

/** A class that is cheapest, alone or with others, in every row that counts; -1 if there is none. */
function unbeaten(costs: ArrayLike<number>, classes: number, weightOf: (row: number) => number): number {
  const candidates = new Set(Array.from({ length: classes }, (_, index) => index));
  for (let start = 0; start < costs.length && candidates.size > 0; start += classes) {
    if (weightOf(start / classes) === 0) continue;
    let lowest = Number.POSITIVE_INFINITY;
    for (let j = 0; j < classes; j += 1) lowest = Math.min(lowest, costs[start + j] as number);
    for (const j of candidates) if ((costs[start + j] as number) > lowest) candidates.delete(j);
  }
  return candidates.values().next().value ?? -1;
}

function given(
  [name, what]: readonly [name: string, what: string],
  values: ArrayLike<number> | undefined,
  length: number,
): ArrayLike<number> {
  if (values === undefined)
    throw new PilotfishError(
      'USAGE',
      `the batch lacks what the loss of this net reads; give ${what} in \`${name}\``,
    );
  return ofLength(name, values, length);
}

/** @throws PilotfishError `NOT_FINITE` for NaN, an infinity, or what would become one in float32. */
export function checkFloats<Values extends ArrayLike<number>>(name: string, values: Values): Values {
  for (let i = 0; i < values.length; i += 1) {
    if (!Number.isFinite(Math.fround(values[i] as number))) {
      throw new PilotfishError('NOT_FINITE', `${name}[${i}] is ${values[i]}; give finite float32 numbers`);
    }
  }
  return values;
}

/** @throws PilotfishError `USAGE` unless all are whole numbers from 0 below `classes`. */
export function checkClasses(name: string, values: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < values.length; i += 1) checkClass(name, values, i, classes);
}

/** One of them, given back: what a kernel takes for an index is looked at on its way there. */
export function checkClass(name: string, values: ArrayLike<number>, at: number, classes: number): number {
  const value = values[at] as number;
  if (Number.isInteger(value) && value >= 0 && value < classes) return value;
  throw new PilotfishError(
    'USAGE',
    `${name}[${at}] is ${value}; give whole numbers from 0 to ${classes - 1}`,
  );
}

/** Changes a copy of a row of `x` in place; chance only from `rng`. */
export type Augment = (row: Float32Array, rng: FastRng) => void;

/** Hands samples to a net row by row, without allocation. */
export class Feed {
  readonly samples: Samples;
  /** Where `place` points into. */
  readonly values: ArrayLike<number>;
  readonly #augment: Augment | undefined;
  readonly #rng: FastRng | undefined;
  readonly #copy: Float32Array;

  /** With `augment`, every row is changed each time it is asked for. */
  constructor(samples: Samples, augment?: { readonly apply: Augment; readonly rng: FastRng }) {
    this.samples = samples;
    this.#augment = augment?.apply;
    this.#rng = augment?.rng;
    this.#copy = new Float32Array(augment === undefined ? 0 : samples.columns);
    this.values = augment === undefined ? samples.x : this.#copy;
  }

  /** Where the row of a sample begins in `values`, until the next call. */
  place(sample: number): number {
    const { x, columns } = this.samples;
    const from = sample * columns;
    if (this.#augment === undefined || this.#rng === undefined) return from;
    for (let i = 0; i < columns; i += 1) this.#copy[i] = x[from + i] as number;
    this.#augment(this.#copy, this.#rng);
    return 0;
  }

  weight(sample: number): number {
    return (this.samples.weights?.[sample] as number | undefined) ?? 1;
  }
}
