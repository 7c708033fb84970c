import { PilotfishError } from '../../base/index.ts';
import { ofLength, shown } from './checks.ts';
import { checkSize, type Matrix } from './matrix.ts';

/** Labelled samples: one target a row (a class number from 0, or a value) and, if given, one weight a row. */
export type Batch = {
  readonly x: Matrix;
  readonly y: ArrayLike<number>;
  /** Finite, not negative, not all zero, with a finite sum. A row of weight 0 is no example of its class. */
  readonly weights?: ArrayLike<number>;
};

/** What a learner accepts; everything else is refused before any work. */
export type BatchRules = {
  /** Targets are class numbers `0 … classes - 1`; rows that count must have at least two different ones. */
  readonly classes?: number;
  /** NaN in `x` stands for a missing value. Infinities are never accepted. */
  readonly missing?: 'refuse' | 'allow';
  /** A feature with one value throughout is usually a mistake upstream; some data sets have them on purpose. */
  readonly constantFeatures?: 'refuse' | 'allow';
};

/**
 * Checks a batch against the rules of a learner.
 * @throws PilotfishError `EMPTY`, `SHAPE`, `LIMIT`, `NOT_FINITE`, `ONE_CLASS`, `CONSTANT_FEATURE` or `USAGE`.
 */
export function checkBatch(batch: Batch, rules: BatchRules = {}): Batch {
  const x = checkMatrix(matrixIn(batch), rules);
  const { y, weights } = batch;
  if (y === undefined) throw new PilotfishError('USAGE', 'the batch has no `y`; give one target a row');
  ofLength('y', y, x.rows);
  if (weights !== undefined) checkWeights(weights, x.rows);
  if (rules.classes === undefined) checkValues('y', y);
  else checkClasses(batch, rules.classes);
  return batch;
}

/** The matrix of a batch of which nothing is known yet. @throws PilotfishError `USAGE` when there is none. */
export function matrixIn(batch: { readonly x: Matrix }): Matrix {
  if (typeof batch === 'object' && batch !== null) return asMatrix(batch.x);
  throw new PilotfishError('USAGE', `the batch is ${shown(batch)}; give { x, y }`);
}

function asMatrix(x: Matrix): Matrix {
  if (typeof x === 'object' && x !== null && ArrayBuffer.isView(x.data)) return x;
  throw new PilotfishError('USAGE', `x is ${shown(x)}, not a matrix; make one with matrixOf([[…], …])`);
}

/** The same for samples without targets. @throws PilotfishError as `checkBatch`. */
export function checkMatrix(x: Matrix, rules: BatchRules = {}): Matrix {
  asMatrix(x);
  const isCount = (value: number) => Number.isInteger(value) && value >= 0;
  if (!isCount(x.rows) || !isCount(x.columns))
    throw new PilotfishError('SHAPE', 'rows and columns must be whole');
  if (x.rows === 0 || x.columns === 0)
    throw new PilotfishError('EMPTY', 'no samples, or samples without features');
  checkSize(x.rows, x.columns);
  if (x.data.length !== x.rows * x.columns) {
    throw new PilotfishError('SHAPE', `${x.data.length} values do not make ${x.rows} rows of ${x.columns}`);
  }
  checkFeatures(x, rules);
  return x;
}

function checkFeatures(x: Matrix, rules: BatchRules): void {
  for (let column = 0; column < x.columns; column += 1) {
    const first = x.data[column] as number;
    let constant = true;
    for (let at = column; at < x.data.length; at += x.columns) {
      const value = x.data[at] as number;
      if (!Number.isFinite(value) && !(Number.isNaN(value) && rules.missing === 'allow')) {
        const row = (at - column) / x.columns;
        throw new PilotfishError(
          'NOT_FINITE',
          `row ${row}, feature ${column} is ${value}; give finite numbers`,
        );
      }
      constant &&= Object.is(value, first);
    }
    if (constant && x.rows > 1 && rules.constantFeatures !== 'allow') {
      throw new PilotfishError(
        'CONSTANT_FEATURE',
        `feature ${column} is ${first} in every row; leave it out, or say constantFeatures: 'allow'`,
      );
    }
  }
}

function checkValues(name: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i += 1) {
    if (!Number.isFinite(values[i])) throw new PilotfishError('NOT_FINITE', `${name}[${i}] is ${values[i]}`);
  }
}

function checkClasses({ y, weights }: Batch, classes: number): void {
  checkValues('y', y);
  let first: number | undefined;
  let several = false;
  for (let i = 0; i < y.length; i += 1) {
    const label = y[i] as number;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new PilotfishError(
        'USAGE',
        `y[${i}] is ${label}; classes are whole numbers from 0 to ${classes - 1}`,
      );
    }
    if (weights?.[i] === 0) continue;
    first ??= label;
    several ||= label !== first;
  }
  if (!several) {
    throw new PilotfishError(
      'ONE_CLASS',
      `every target that counts is class ${first}; a classifier needs at least two classes`,
    );
  }
}

function checkWeights(weights: ArrayLike<number>, rows: number): void {
  if (weights.length !== rows)
    throw new PilotfishError('SHAPE', `${weights.length} weights for ${rows} rows`);
  checkValues('weights', weights);
  let sum = 0;
  for (let i = 0; i < weights.length; i += 1) {
    if ((weights[i] as number) < 0) throw new PilotfishError('USAGE', `weights[${i}] is negative`);
    sum += weights[i] as number;
  }
  if (!(sum > 0)) throw new PilotfishError('USAGE', 'all weights are zero; at least one sample must count');
  if (Number.isFinite(sum)) return;
  throw new PilotfishError('NOT_FINITE', 'the weights add up to Infinity; divide them all by the largest');
}
