import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../base/index.ts';
import type { Matrix } from '../contract/index.ts';
import { type LimeQuery, lime } from './lime.ts';

const ROWS = 40;

/** Four features: deviations near 1, 10 and 0.1, and a constant. */
function backgroundOf(seed: number): Matrix {
  const rng = new FastRng(seed);
  const row = () => [rng.normal(), 10 * rng.normal(), 0.1 * rng.normal(), 7];
  return { rows: ROWS, columns: 4, data: Float64Array.from(Array.from({ length: ROWS }, row).flat()) };
}

const background = backgroundOf(1);
const x = [0.5, -3, 0.2, 7];

const near = (found: number | undefined, due: number, tolerance: number) =>
  assert.ok(Math.abs((found ?? Number.NaN) - due) <= tolerance, `${found} where ${due} is due`);

test('a linear model is found exactly', () => {
  const predict = ([a, b, c, d]: Float64Array) => [3 * (a ?? 0) - (b ?? 0), 2 + 5 * (c ?? 0) + (d ?? 0)];
  const model = lime({ predict, background, x, ridge: 0 });
  const [one, ten, tenth] = model.deviation as unknown as [number, number, number];
  near(model.intercept[0], 4.5, 1e-9);
  near(model.intercept[1], 10, 1e-9);
  for (const [i, due] of [3 * one, -ten, 0, 0].entries()) near(model.values[0]?.[i], due, 1e-9);
  for (const [i, due] of [0, 0, 5 * tenth, 0].entries()) near(model.values[1]?.[i], due, 1e-9);
  for (const fit of model.fit) near(fit, 1, 1e-12);
});

test('deviations are those of the background', () => {
  const { deviation } = lime({ predict: () => 1, background, x });
  for (const [column, found] of deviation.entries()) {
    const values = Array.from({ length: ROWS }, (_, row) => background.data[row * 4 + column] as number);
    const mean = values.reduce((sum, value) => sum + value, 0) / ROWS;
    near(found, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / ROWS), 1e-12);
  }
  assert.equal(deviation[3], 0);
});

test('a narrow kernel finds the slopes of a curve', () => {
  const predict = ([a, b]: Float64Array) => Math.sin(a ?? 0) + ((b ?? 0) / 10) ** 2;
  const slopes = [Math.cos(0.5), (2 * -3) / 100];
  const { values, deviation, fit } = lime({
    predict,
    background,
    x,
    kernelWidth: 0.2,
    ridge: 0,
    samples: 20_000,
  });
  for (const [i, slope] of slopes.entries()) near(values[0]?.[i], slope * (deviation[i] as number), 0.05);
  const wide = lime({ predict, background, x, kernelWidth: 5, ridge: 0 });
  assert.ok((fit[0] as number) > (wide.fit[0] as number), 'the line fits better in a small neighbourhood');
});

test('the kernel makes a normal cloud of the variance w² / (1 + w²)', () => {
  const one = { rows: 2, columns: 1, data: Float64Array.of(-2, 2) };
  for (const kernelWidth of [0.5, 1, 2]) {
    // The best line through z³ over normal z has three variances as its slope.
    const query = { predict: ([a]: Float64Array) => ((a ?? 0) / 2) ** 3, background: one, x: [0] };
    const { values } = lime({ ...query, kernelWidth, ridge: 0, samples: 40_000 });
    const variance = kernelWidth ** 2 / (1 + kernelWidth ** 2);
    near((values[0]?.[0] as number) / (3 * variance), 1, 0.05);
  }
});

test('a ridge draws the slopes to zero, and leaves the intercept', () => {
  const predict = ([a]: Float64Array) => 2 * (a ?? 0);
  const [free, held] = [0, 1e9].map((ridge) => lime({ predict, background, x, ridge }));
  assert.ok(Math.abs(held?.values[0]?.[0] as number) < 1e-5 * Math.abs(free?.values[0]?.[0] as number));
  near(held?.intercept[0], 1, 0.1);
});

test('a constant model is explained by its intercept', () => {
  const { values, intercept, fit } = lime({ predict: () => 4, background, x });
  near(intercept[0], 4, 1e-9);
  for (const value of values[0] ?? []) near(value, 0, 1e-9);
  near(fit[0], 1, 1e-9);
});

test('same seed, same answer; nothing that is given is written', () => {
  const data = background.data.slice();
  const predict = (row: Float64Array) => {
    const answer = row.map(Math.sin);
    row.fill(Number.NaN);
    return answer;
  };
  const ask = (seed: number) => lime({ predict, background, x, samples: 100, seed });
  assert.deepEqual(ask(4), ask(4));
  assert.notDeepEqual(ask(4).values, ask(5).values);
  assert.deepEqual(background.data, data);
});

test('what cannot be explained is refused', () => {
  const query: LimeQuery = { predict: (row) => row[0] as number, background, x };
  const refused = (change: Partial<LimeQuery>, code: string) =>
    assert.throws(() => lime({ ...query, ...change }), { code });
  refused({ x: [1, 2] }, 'SHAPE');
  refused({ x: [1, 2, 3, Number.NaN] }, 'NOT_FINITE');
  refused({ predict: () => Number.POSITIVE_INFINITY }, 'NOT_FINITE');
  refused({ background: { rows: 0, columns: 4, data: new Float64Array(0) } }, 'EMPTY');
  refused({ samples: 1 }, 'USAGE');
  refused({ ridge: -1 }, 'USAGE');
  refused({ seed: 1.5 }, 'USAGE');
  refused({ kernelWidth: 0 }, 'USAGE');
  refused({ samples: 3, ridge: 0 }, 'USAGE');
});
