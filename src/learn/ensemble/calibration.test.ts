import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, FastRng, hasCode, PilotfishError } from '../../base/index.ts';
import type { Batch, Snapshot } from '../contract/index.ts';
import { confidenceReliability, IsotonicRegression, reliability, TemperatureScaling } from './index.ts';

const coded =
  (...codes: ErrorCode[]) =>
  (error: unknown) => {
    assert.ok(hasCode(error, ...codes), `not ${codes.join(' or ')}: ${String(error)}`);
    return true;
  };

const near = (actual: number | undefined, expected: number, within = 1e-9) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= within, `${actual} is not ${expected}`);

const column = (values: readonly number[]) => ({
  rows: values.length,
  columns: 1,
  data: Float64Array.from(values),
});

const sample = fc.record({
  score: fc.oneof(fc.nat(5), fc.double({ min: -10, max: 10, noNaN: true })),
  y: fc.double({ min: -10, max: 10, noNaN: true }),
  weight: fc.oneof(fc.constant(0), fc.double({ min: 0.1, max: 5, noNaN: true })),
});
const samples = fc
  .array(sample, { minLength: 2, maxLength: 40 })
  .filter(
    (rows) => rows.some(({ weight }) => weight > 0) && new Set(rows.map(({ score }) => score)).size > 1,
  );

const fitted = (rows: readonly { score: number; y: number; weight: number }[]) => {
  const model = new IsotonicRegression();
  const y = rows.map((row) => row.y);
  model.fit({ x: column(rows.map(({ score }) => score)), y, weights: rows.map(({ weight }) => weight) });
  return (score: number) => model.predict([score])[0] as number;
};

test('isotonic regression rises, stays within the targets and keeps their mean', () => {
  fc.assert(
    fc.property(samples, fc.array(fc.double({ min: -12, max: 12, noNaN: true })), (rows, asked) => {
      const at = fitted(rows);
      const values = asked.sort((a, b) => a - b).map(at);
      const used = rows.filter(({ weight }) => weight > 0);
      const targets = used.map(({ y }) => y);
      values.forEach((value, i) => {
        assert.ok(i === 0 || value >= (values[i - 1] as number) - 1e-12);
        assert.ok(value >= Math.min(...targets) - 1e-9 && value <= Math.max(...targets) + 1e-9);
      });
      const left = used.reduce((sum, { score, y, weight }) => sum + weight * (at(score) - y), 0);
      near(left, 0, 1e-7);
    }),
  );
});

test('no other rising function has a smaller squared error', () => {
  fc.assert(
    fc.property(samples, fc.double({ min: -10, max: 10, noNaN: true }), fc.nat(100), (rows, level, mix) => {
      const at = fitted(rows);
      // Mixtures with any rising function rise; at the best, none of them may be better.
      const step = (score: number) => (score > level ? 5 : -5);
      const error = (guess: (score: number) => number) =>
        rows.reduce((sum, { score, y, weight }) => sum + weight * (guess(score) - y) ** 2, 0);
      const other = (score: number) => at(score) + (mix / 1000) * (step(score) - at(score));
      assert.ok(error(at) <= error(other) + 1e-9);
    }),
  );
});

test('isotonic regression of rising targets is those targets, straight between and flat beyond', () => {
  const model = new IsotonicRegression();
  const report = model.fit({ x: column([3, 1, 2, 2]), y: [9, 1, 4, 6] });
  assert.equal(report.points, 3);
  const at = (score: number) => model.predict([score])[0];
  assert.deepEqual([0, 1, 1.5, 2, 2.5, 3, 4].map(at), [1, 1, 3, 5, 7, 9, 9]);
  const pooled = new IsotonicRegression();
  pooled.fit({ x: column([1, 2, 3, 4]), y: [0, 1, 0, 1] });
  assert.deepEqual(
    [1, 2, 2.5, 3, 4].map((score) => pooled.predict([score])[0]),
    [0, 0.5, 0.5, 0.5, 1],
  );
});

/** Labels drawn by the softmax of logits, and the logits times `sharp`. */
function drawn(rows: number, classes: number, sharp: number): Batch {
  const rng = new FastRng(8);
  const data = Float64Array.from({ length: rows * classes }, () => 2 * rng.normal());
  const y = Array.from({ length: rows }, (_, row) => {
    const shares = Array.from(data.subarray(row * classes, (row + 1) * classes), Math.exp);
    const reached = shares.map((_, c) => shares.slice(0, c + 1).reduce((sum, share) => sum + share, 0));
    const point = rng.next() * (reached.at(-1) as number);
    return reached.findIndex((sum) => point < sum);
  });
  return { x: { rows, columns: classes, data: data.map((value) => value * sharp) }, y };
}

test('temperature scaling undoes a known sharpening and makes the labels likelier', () => {
  for (const sharp of [0.2, 1, 5]) {
    const scaling = new TemperatureScaling({ classes: 4, input: 'logits' });
    const report = scaling.fit(drawn(4000, 4, sharp));
    near(report.temperature / sharp, 1, 0.08);
    assert.ok(report.lossAfter <= report.lossBefore);
    assert.equal(scaling.temperature, report.temperature);
  }
});

test('a mean over weighted samples; probabilities serve as well as logits', () => {
  const batch = drawn(300, 3, 3);
  const { data } = batch.x;
  const logits = new TemperatureScaling({ classes: 3, input: 'logits' });
  const doubled = { ...batch, weights: new Float64Array(300).fill(2) };
  assert.deepEqual(logits.fit(doubled).temperature, logits.fit(batch).temperature);
  const shares = Float64Array.from(data, (value, i) => {
    const row = Array.from(data.subarray(i - (i % 3), i - (i % 3) + 3), Math.exp);
    return Math.exp(value) / row.reduce((sum, share) => sum + share, 0);
  });
  const probabilities = new TemperatureScaling({ classes: 3 });
  near(
    probabilities.fit({ ...batch, x: { ...batch.x, data: shares } }).temperature,
    logits.temperature,
    1e-6,
  );
  logits.predict(data.subarray(0, 3)).forEach((value, c) => {
    near(probabilities.predict(shares.subarray(0, 3))[c], value, 1e-9);
  });
});

test('without a best temperature the nearest allowed one is taken', () => {
  const x = { rows: 2, columns: 2, data: Float64Array.of(1, 0, 0, 1) };
  const scaling = new TemperatureScaling({ classes: 2, input: 'logits' });
  assert.equal(scaling.fit({ x, y: [0, 1] }).temperature, 0.01);
  assert.equal(scaling.fit({ x, y: [1, 0] }).temperature, 100);
  assert.ok(scaling.predict([1e100, -1e100]).every(Number.isFinite));
});

test('calibration keeps the most likely class and sums to 1', () => {
  const row = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 3, maxLength: 3 });
  const scaling = new TemperatureScaling({ classes: 3, input: 'logits' });
  scaling.fit(drawn(100, 3, 4));
  fc.assert(
    fc.property(row, (logits) => {
      const answer = scaling.predict(logits);
      near(
        answer.reduce((sum, value) => sum + value),
        1,
      );
      assert.equal(answer[logits.indexOf(Math.max(...logits))], Math.max(...answer));
    }),
  );
});

test('reliability counts every event once and measures by hand', () => {
  const { bins, expectedError, largestError } = reliability([0, 0.1, 0.95, 1], [0, 1, 1, 0]);
  assert.deepEqual(
    bins.map(({ count }) => count),
    [2, 0, 0, 0, 0, 0, 0, 0, 0, 2],
  );
  near(expectedError, (2 * 0.45 + 2 * 0.475) / 4);
  near(largestError, 0.475);
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }),
      fc.integer({ min: 1, max: 30 }),
      (given, count) => {
        const found = reliability(
          given,
          given.map(() => 1),
          { bins: count },
        );
        assert.equal(
          found.bins.reduce((sum, bin) => sum + bin.count, 0),
          given.length,
        );
        for (const bin of found.bins) {
          const inside = given.filter((p) => (p > bin.from || bin.from === 0) && p <= bin.to);
          assert.equal(bin.count, inside.length);
        }
        near(found.expectedError, given.reduce((sum, p) => sum + 1 - p, 0) / given.length);
        assert.ok(found.expectedError <= found.largestError + 1e-12);
      },
    ),
  );
  const matrix = { rows: 3, columns: 2, data: Float64Array.of(0.9, 0.1, 0.9, 0.1, 0.2, 0.8) };
  near(confidenceReliability([0, 1, 1], matrix).expectedError, (0.8 + 0.2) / 3);
});

test('a probability on the edge of two bins belongs to the lower one', () => {
  for (let bins = 1; bins <= 200; bins += 1) {
    const edges = Array.from({ length: bins }, (_, bin) => (bin + 1) / bins);
    const found = reliability(edges, new Uint8Array(bins), { bins });
    assert.ok(
      found.bins.every(({ count }) => count === 1),
      `${bins} bins`,
    );
  }
});

test('calibrators go on from their snapshots, and refuse damaged ones', () => {
  const isotonic = new IsotonicRegression();
  isotonic.fit({ x: column([1, 2, 3]), y: [0, 1, 5] });
  const scaling = new TemperatureScaling({ classes: 3, input: 'probabilities' });
  assert.throws(() => scaling.predict([1, 0, 0]), coded('UNTRAINED'));
  assert.throws(() => TemperatureScaling.restore(scaling.snapshot()).temperature, coded('UNTRAINED'));
  scaling.fit({ x: { rows: 2, columns: 3, data: Float64Array.of(0.9, 0.1, 0, 0.5, 0.25, 0.25) }, y: [0, 1] });
  const again = IsotonicRegression.restore(structuredClone(isotonic.snapshot()));
  assert.deepEqual(again.snapshot(), isotonic.snapshot());
  assert.deepEqual(again.predict([2.5]), isotonic.predict([2.5]));
  const cooled = TemperatureScaling.restore(structuredClone(scaling.snapshot()));
  assert.deepEqual(cooled.predict([0.5, 0.3, 0.2]), scaling.predict([0.5, 0.3, 0.2]));

  const tensors = (scores: number[], values: number[]): Snapshot => ({
    ...isotonic.snapshot(),
    tensors: {
      scores: { shape: [scores.length], data: Float64Array.from(scores) },
      values: { shape: [values.length], data: Float64Array.from(values) },
    },
  });
  for (const [scores, values] of [
    [
      [1, 1],
      [0, 1],
    ],
    [
      [1, 2],
      [1, 0],
    ],
    [
      [1, Number.NaN],
      [0, 1],
    ],
    [
      [1, 2],
      [0, 1e200],
    ],
    [[1, 2], [0]],
  ] as [number[], number[]][]) {
    assert.throws(() => IsotonicRegression.restore(tensors(scores, values)), PilotfishError);
  }
  assert.throws(() => IsotonicRegression.restore(tensors([], [])).predict([1]), coded('UNTRAINED'));
  for (const config of [
    { temperature: -1 },
    { temperature: Number.NaN },
    { temperature: '1' },
    { classes: 1e9 },
    { input: 'x' },
    { input: null },
    {},
  ]) {
    const from = Object.keys(config).length === 0 ? {} : scaling.snapshot().config;
    const damaged = { ...scaling.snapshot(), config: { ...from, ...config } };
    assert.throws(() => TemperatureScaling.restore(damaged), coded('DAMAGED', 'USAGE'));
  }
});

test('bad input is refused and changes nothing', () => {
  const isotonic = new IsotonicRegression();
  isotonic.fit({ x: column([1, 2]), y: [0, 1] });
  const before = isotonic.snapshot();
  const refused: [Batch, ErrorCode][] = [
    [{ x: column([1, 2]), y: [1] }, 'SHAPE'],
    [{ x: { rows: 1, columns: 2, data: Float64Array.of(1, 2) }, y: [1] }, 'SHAPE'],
    [{ x: column([1, Number.NaN]), y: [1, 2] }, 'NOT_FINITE'],
    [{ x: column([1, 2]), y: [1, Number.POSITIVE_INFINITY] }, 'NOT_FINITE'],
    [{ x: column([1, 1e300]), y: [1, 2] }, 'LIMIT'],
    [{ x: column([1, 1]), y: [1, 2] }, 'CONSTANT_FEATURE'],
    [{ x: column([]), y: [] }, 'EMPTY'],
  ];
  for (const [batch, code] of refused) assert.throws(() => isotonic.fit(batch), coded(code));
  assert.throws(() => isotonic.predict([1, 2]), coded('SHAPE'));
  assert.throws(() => isotonic.predict([Number.NaN]), coded('NOT_FINITE'));
  assert.deepEqual(isotonic.snapshot(), before);

  const scaling = new TemperatureScaling({ classes: 2, input: 'probabilities' });
  const rows = (...data: number[]) => ({ rows: data.length / 2, columns: 2, data: Float64Array.from(data) });
  assert.throws(() => scaling.fit({ x: rows(0.5, 0.5, 0.7, 0.7), y: [0, 1] }), coded('USAGE'));
  assert.throws(() => scaling.fit({ x: rows(0.5, 0.5, 1.5, -0.5), y: [0, 1] }), coded('USAGE'));
  assert.throws(() => scaling.fit({ x: rows(0.5, 0.5, 0.5, 0.5), y: [1, 1] }), coded('ONE_CLASS'));
  assert.throws(() => scaling.fit({ x: column([1, 2]), y: [0, 1] }), coded('SHAPE'));
  assert.throws(() => scaling.temperature, coded('UNTRAINED'));
  assert.throws(() => new TemperatureScaling({ classes: 1 }), coded('USAGE'));
  assert.throws(() => new TemperatureScaling({ classes: 2, input: 'x' as never }), coded('USAGE'));

  assert.throws(() => reliability([], []), coded('EMPTY'));
  assert.throws(() => reliability([0.5], []), coded('SHAPE'));
  assert.throws(() => reliability([Number.NaN], [1]), coded('NOT_FINITE'));
  assert.throws(() => reliability([1.1], [1]), coded('USAGE'));
  assert.throws(() => reliability([0.1], [2]), coded('USAGE'));
  assert.throws(() => reliability([0.1], [1], { bins: 0 }), coded('USAGE'));
  assert.throws(() => confidenceReliability([2], rows(0.5, 0.5)), coded('USAGE'));
  assert.throws(() => confidenceReliability([0], rows(0.5, 0.2)), coded('USAGE'));
  const negative = { rows: 1, columns: 3, data: Float64Array.of(0.6, 0.6, -0.2) };
  assert.throws(() => confidenceReliability([0], negative), coded('USAGE'));
});
