import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Batch,
  checkBatch,
  checkMatrix,
  checkSnapshot,
  type Matrix,
  matrixOf,
  notEmpty,
  ofLength,
  predictRows,
  takeRows,
  wholeNumber,
} from './index.ts';

/** Code and advice of what is thrown for values that the types would not let through. */
const refused = (run: () => unknown, code: string, message: RegExp) =>
  assert.throws(run, (error: Error & { code?: string }) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });

const x = matrixOf([
  [1, 2],
  [3, 5],
]);

test('what is no list of rows is refused with an example of one', () => {
  const example = /matrixOf\(\[\[1, 2\], \[3, 4\]\]\)/;
  for (const [rows, what] of [
    [[1, 2, 3], /row 0 is a number; give rows/],
    [new Float32Array(4), /row 0 is a number; give rows/],
    [[[1, 2], null], /row 1 is null/],
    [[[1, 2], '34'], /row 1 is the string "34"/],
    [undefined, /the rows are left out/],
    [7, /the rows are 7/],
  ] as const) {
    refused(() => matrixOf(rows as never), 'USAGE', what);
    refused(() => matrixOf(rows as never), 'USAGE', example);
  }
  refused(() => matrixOf([]), 'EMPTY', /at least one row/);
});

test('what is no matrix is refused with the advice to make one', () => {
  const lists = [
    [1, 2],
    [3, 4],
  ] as never;
  for (const [value, what] of [
    [lists, /x is a list, not a matrix; make one with matrixOf/],
    [new Float32Array(4), /x is a list/],
    [undefined, /x is left out/],
    [null, /x is null/],
    [{ rows: 2, columns: 2, data: [1, 2, 3, 5] }, /x is an object, not a matrix/],
  ] as const) {
    refused(() => checkMatrix(value as never), 'USAGE', what);
    refused(() => checkBatch({ x: value as never, y: [0, 1] }), 'USAGE', what);
  }
});

test('a batch that lacks something is refused by name', () => {
  refused(() => checkBatch(undefined as never), 'USAGE', /the batch is left out; give \{ x, y \}/);
  refused(() => checkBatch({ x } as Batch), 'USAGE', /no `y`; give one target a row/);
  refused(() => checkBatch({ x, y: 1 as never }), 'USAGE', /y is 1; give a list/);
  refused(() => checkBatch({ x, y: [1] }), 'SHAPE', /y has 1 values where 2 are expected/);
  assert.equal(checkBatch({ x, y: [0, 1] }, { classes: 2 }).x, x);
});

test('a list that is left out is a mistake of use, not of shape', () => {
  refused(() => ofLength('target', undefined as never, 2), 'USAGE', /target is left out; give a list/);
  refused(() => notEmpty('members', null as never), 'USAGE', /members is null/);
  refused(() => notEmpty('members', []), 'EMPTY', /members is empty/);
  refused(() => ofLength('x', [1], 2), 'SHAPE', /x has 1 values/);
});

test('a number of another type is shown with its type', () => {
  const range = [1, 64] as const;
  refused(
    () => wholeNumber('hidden', [64] as never, range),
    'USAGE',
    /hidden is a list; give a whole number/,
  );
  refused(() => wholeNumber('hidden', '64' as never, range), 'USAGE', /hidden is the string "64"/);
  refused(() => wholeNumber('hidden', undefined as never, range), 'USAGE', /hidden is left out/);
  refused(() => wholeNumber('hidden', { toString: 1 } as never, range), 'USAGE', /hidden is an object/);
  refused(() => wholeNumber('hidden', 6.5, range), 'USAGE', /hidden is 6.5;/);
});

test('a snapshot of another kind is refused with the way to restore it', () => {
  const snapshot = { kind: 'mlp', version: 1, config: {}, tensors: {} };
  refused(() => checkSnapshot(snapshot, 'lstm', 1), 'DAMAGED', /; restore it with the class of that kind$/);
});

test('the version of a snapshot says whether a later release is needed', () => {
  const at = (version: unknown) => () =>
    checkSnapshot({ kind: 'mlp', version: version as number, config: {}, tensors: {} }, 'mlp', 2);
  assert.equal(at(2)().version, 2);
  refused(at(3), 'NEWER_VERSION', /has version 3, this release reads 2; restore it with a later release/);
  for (const version of [1, 0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY, '3', null, undefined])
    refused(at(version), 'DAMAGED', /this release reads 2; take the snapshot anew/);
});

test('rows that count for nothing do not make a second class', () => {
  const four = matrixOf([[1], [2], [3], [4]]);
  const batch = { x: four, y: [0, 1, 1, 1] };
  const check = (weights: number[]) => checkBatch({ ...batch, weights }, { classes: 2 });
  refused(() => check([0, 1, 1, 1]), 'ONE_CLASS', /every target that counts is class 1/);
  check([1, 0, 0, 1]);
  refused(
    () => checkBatch({ ...batch, y: [9, 0, 0, 1], weights: [0, 1, 1, 1] }, { classes: 2 }),
    'USAGE',
    /y\[0\]/,
  );
});

test('weights whose sum is not finite are refused', () => {
  const weighted = (weights: number[]) => checkBatch({ x, y: [0, 1], weights });
  refused(() => weighted([1e308, 1e308]), 'NOT_FINITE', /divide them all by the largest/);
  weighted([1e308, 0]);
});

test('rows are taken by their numbers, which must be such', () => {
  assert.deepEqual(takeRows(x, [1, 0, 1]).data, Float32Array.of(3, 5, 1, 2, 3, 5));
  for (const row of [2, -1, 0.5, Number.NaN, '0' as never])
    refused(() => takeRows(x, [0, row]), 'USAGE', /rows\[1\] is .*; give whole numbers from 0 to 1/);
});

test('more answers than a matrix holds are refused before they are asked for', () => {
  const many = { rows: 2 ** 14, columns: 1, data: new Float32Array(2 ** 14) };
  const wide = new Float64Array(2 ** 14 + 1);
  let asked = 0;
  const predict = () => {
    asked += 1;
    return wide;
  };
  refused(() => predictRows(many, predict), 'LIMIT', /16384 rows of 16385; .* split the data/);
  assert.equal(asked, 1);
  refused(
    () => takeRows({ rows: 1, columns: 2 ** 20, data: new Float32Array(2 ** 20) }, new Uint8Array(257)),
    'LIMIT',
    /257 rows/,
  );
});

test('answers to rows are copied into one matrix, of arrays that are used again too', () => {
  const reused = new Float64Array(3);
  const answers: Matrix = predictRows(x, (row) => {
    reused.set([...Array.from(row), 9]);
    return reused;
  });
  assert.deepEqual(answers, { rows: 2, columns: 3, data: Float64Array.of(1, 2, 9, 3, 5, 9) });
  const holed = matrixOf([[1, Number.NaN]]);
  refused(() => predictRows(holed, () => reused), 'NOT_FINITE', /feature 1 is NaN/);
  assert.equal(predictRows(holed, () => reused, { missing: 'allow' }).columns, 3);
});
