import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { matrixOf } from '../../contract/index.ts';
import { classificationReport, confusionMatrix } from './classes.ts';
import { brierScore, logLoss, rocAuc } from './probabilities.ts';
import { regressionReport } from './values.ts';

type Recorded = {
  classes: {
    classes: number;
    truth: number[];
    predicted: number[];
    probabilities: number[][];
    confusion: number[][];
    accuracy: number;
    perClass: number[][];
    macro: number[];
    logLoss: number;
  }[];
  binary: { truth: number[]; scores: number[]; auc: number; brier: number }[];
  values: { truth: number[]; predicted: number[]; mae: number; mse: number; rmse: number; r2: number }[];
};
const recorded = JSON.parse(
  readFileSync(new URL('../../../../test/vectors/sklearn-metrics.json', import.meta.url), 'utf8'),
) as Recorded;

const near = (actual: number, expected: number | undefined, tolerance = 1e-12): void =>
  assert.ok(Math.abs(actual - Number(expected)) <= tolerance, `${actual} where ${expected} is expected`);

const matrix64 = (rows: number[][]) => ({
  rows: rows.length,
  columns: rows[0]?.length ?? 0,
  data: Float64Array.from(rows.flat()),
});

test("class metrics are scikit-learn's, with classes that never occur", () => {
  for (const { truth, predicted, classes, ...expected } of recorded.classes) {
    const confusion = confusionMatrix(truth, predicted, classes);
    assert.deepEqual(Array.from(confusion.counts), expected.confusion.flat());
    const report = classificationReport(confusion);
    near(report.accuracy, expected.accuracy);
    [report.macro.precision, report.macro.recall, report.macro.f1].forEach((value, i) => {
      near(value, expected.macro[i]);
    });
    report.perClass.forEach((scores, label) => {
      [scores.precision, scores.recall, scores.f1, scores.support].forEach((value, i) => {
        near(value, expected.perClass[i]?.[label]);
      });
    });
    near(logLoss(truth, matrix64(expected.probabilities)), expected.logLoss);
  }
});

test("area under the curve and Brier's score are scikit-learn's, with ties", () => {
  for (const { truth, scores, auc, brier } of recorded.binary) {
    near(rocAuc(truth, scores), auc);
    near(brierScore(truth, matrix64(scores.map((p) => [1 - p, p]))) / 2, brier);
  }
});

test("regression metrics are scikit-learn's, with a constant truth", () => {
  for (const { truth, predicted, ...expected } of recorded.values) {
    const report = regressionReport(truth, predicted);
    for (const name of ['mae', 'mse', 'rmse', 'r2'] as const) near(report[name], expected[name], 1e-11);
  }
  assert.equal(regressionReport([2, 2], [2, 2]).r2, 1);
});

test('a certain mistake costs a finite amount', () => {
  near(
    logLoss(
      [0, 1],
      matrixOf([
        [1, 0],
        [1, 0],
      ]),
    ),
    -Math.log(Number.EPSILON) / 2,
  );
  assert.equal(
    brierScore(
      [0, 1],
      matrixOf([
        [1, 0],
        [1, 0],
      ]),
    ),
    1,
  );
});

test('the area does not change under rising transformations and mirrors when classes swap', () => {
  const truth = [0, 1, 1, 0, 1, 0];
  const scores = [0.1, 0.4, 0.35, 0.8, 0.9, 0.35];
  const area = rocAuc(truth, scores);
  assert.equal(rocAuc(truth, scores.map(Math.exp)), area);
  near(
    rocAuc(
      truth.map((label) => 1 - label),
      scores,
    ),
    1 - area,
  );
  assert.equal(rocAuc([0, 1], [0.2, 0.7]), 1);
});

test('what does not fit is refused', () => {
  assert.throws(() => confusionMatrix([], [], 2), { code: 'EMPTY' });
  assert.throws(() => confusionMatrix([0], [0, 1], 2), { code: 'SHAPE' });
  assert.throws(() => confusionMatrix([0], [2], 2), { code: 'USAGE' });
  assert.throws(() => confusionMatrix([0.5], [1], 2), { code: 'USAGE' });
  assert.throws(() => confusionMatrix([0], [0], 1e9), { code: 'USAGE' });
  assert.throws(() => classificationReport({ classes: 2, counts: new Float64Array(4) }), { code: 'EMPTY' });
  assert.throws(() => classificationReport({ classes: 2, counts: new Float64Array(3) }), { code: 'SHAPE' });
  assert.throws(() => logLoss([0], matrixOf([[0.5, 0.2]])), { code: 'USAGE' });
  assert.throws(() => logLoss([0], matrixOf([[1.5, -0.5]])), { code: 'USAGE' });
  assert.throws(() => logLoss([0, 1], matrixOf([[0.5, 0.5]])), { code: 'SHAPE' });
  assert.throws(() => brierScore([2], matrixOf([[0.5, 0.5]])), { code: 'USAGE' });
  assert.throws(() => rocAuc([1, 1], [0.1, 0.2]), { code: 'ONE_CLASS' });
  assert.throws(() => rocAuc([0, 2], [0.1, 0.2]), { code: 'USAGE' });
  assert.throws(() => rocAuc([0, 1], [0.1, Number.NaN]), { code: 'NOT_FINITE' });
  assert.throws(() => regressionReport([1], [1, 2]), { code: 'SHAPE' });
  assert.throws(() => regressionReport([], []), { code: 'EMPTY' });
  assert.throws(() => regressionReport([1e200], [0]), { code: 'NOT_FINITE' });
});
