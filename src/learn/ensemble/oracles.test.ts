import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { IsotonicRegression, reliability, TemperatureScaling } from './index.ts';

const sklearn = JSON.parse(
  readFileSync(new URL('../../../test/vectors/sklearn.json', import.meta.url), 'utf8'),
);

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, within: number): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i += 1) {
    const [a, b] = [actual[i] as number, expected[i] as number];
    assert.ok(Math.abs(a - b) <= within * Math.max(1, Math.abs(b)), `[${i}] is ${a}, not ${b}`);
  }
}

test('isotonic regression is that of scikit-learn', () => {
  for (const { x, y, weight, asked, answers } of sklearn.isotonic) {
    const model = new IsotonicRegression();
    model.fit({ x: { rows: x.length, columns: 1, data: Float64Array.from(x) }, y, weights: weight });
    const own = asked.map((score: number) => model.predict([score])[0]);
    close(own, answers, 1e-12);
  }
});

test('the reliability diagram is the calibration curve of scikit-learn', () => {
  const { probability, happened, predicted, observed } = sklearn.calibrationCurve;
  const { bins } = reliability(probability, happened);
  const used = bins.filter(({ count }) => count > 0);
  close(
    used.map((bin) => bin.predicted),
    predicted,
    1e-12,
  );
  close(
    used.map((bin) => bin.observed),
    observed,
    1e-12,
  );
});

test('no minimiser finds a better temperature', () => {
  for (const { classes, logits, y, temperature, lossBefore, lossAfter } of sklearn.temperature) {
    const x = { rows: y.length, columns: classes, data: Float64Array.from(logits as number[]) };
    const report = new TemperatureScaling({ classes, input: 'logits' }).fit({ x, y });
    close([report.lossBefore, report.lossAfter], [lossBefore, lossAfter], 1e-12);
    assert.ok(report.lossAfter <= lossAfter + 1e-15);
    close([report.temperature], [temperature], 1e-5);
  }
});
