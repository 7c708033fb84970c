import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import { bootstrap } from './bootstrap.ts';
import { comparePaired, welchTest } from './compare.ts';
import { meanInterval, quantileInterval } from './intervals.ts';
import { quantile, summarize } from './summary.ts';

type Recorded = {
  intervals: {
    values: number[];
    level: number;
    mean: number[];
    variance: number;
    quantiles: (number | string)[][];
  }[];
  comparisons: { first: number[]; second: number[]; welch: number[]; paired: number[] }[];
  bootstrap: { values: number[]; ends: Record<string, number[]> };
};
const recorded = JSON.parse(
  readFileSync(new URL('../../../test/vectors/scipy.json', import.meta.url), 'utf8'),
) as Recorded;

function near(actual: number, expected: number | string | undefined, tolerance = 1e-10): void {
  const wanted = typeof expected === 'string' ? Number(expected.replace('inf', 'Infinity')) : expected;
  const close =
    Object.is(actual, wanted) ||
    Math.abs(actual - Number(wanted)) <= tolerance * Math.max(1, Math.abs(Number(wanted)));
  assert.ok(close, `${actual} where ${wanted} is expected`);
}

test("means, quantiles and their intervals are SciPy's", () => {
  for (const { values, level, mean, variance, quantiles } of recorded.intervals) {
    const summary = summarize(values);
    near(summary.variance, variance);
    const interval = meanInterval(summary, level);
    // Its quantiles of Student's distribution have nine digits.
    [interval.estimate, interval.low, interval.high].forEach((value, i) => {
      near(value, mean[i], 1e-8);
    });
    for (const [q, ...expected] of quantiles) {
      const found = quantileInterval(values, q as number, level);
      [found.estimate, found.low, found.high].forEach((value, i) => {
        near(value, expected[i]);
      });
      assert.equal(quantile(values, q as number), found.estimate);
    }
  }
});

test("Welch's and the paired t-test are SciPy's", () => {
  for (const { first, second, welch, paired } of recorded.comparisons) {
    const independent = welchTest(summarize(first), summarize(second));
    near(independent.t, welch[0]);
    assert.ok(Math.abs(independent.pValue / (welch[1] as number) - 1) < 1e-9);
    const shared = Math.min(first.length, second.length);
    const pairs = comparePaired(first.slice(0, shared), second.slice(0, shared), { resamples: 100 });
    near(pairs.t, paired[0]);
    assert.ok(Math.abs(pairs.pValue / (paired[1] as number) - 1) < 1e-9);
    near(pairs.low, paired[2], 1e-8);
    near(pairs.high, paired[3], 1e-8);
  }
});

test("bootstrap intervals come near SciPy's of 100 000 resamples", () => {
  const { values, ends } = recorded.bootstrap;
  const mean = (sample: Float64Array) => sample.reduce((sum, value) => sum + value, 0) / sample.length;
  const deviation = (sample: Float64Array) => {
    const centre = mean(sample);
    return Math.sqrt(sample.reduce((sum, value) => sum + (value - centre) ** 2, 0) / sample.length);
  };
  for (const [name, statistic] of Object.entries({ mean, deviation })) {
    for (const method of ['bca', 'percentile'] as const) {
      const [low, high, error] = ends[`${name} ${method === 'bca' ? 'BCa' : method}`] as [
        number,
        number,
        number,
      ];
      const found = bootstrap(values, statistic, { method, resamples: 20_000, seed: 3 });
      for (const [a, b] of [
        [found.low, low],
        [found.high, high],
        [found.standardError, error],
      ] as const) {
        assert.ok(Math.abs(a - b) < 0.05 * error + 0.02 * (high - low), `${name} ${method}: ${a}, ${b}`);
      }
    }
  }
});

test('intervals cover the truth about as often as they say', () => {
  const rng = new FastRng(11);
  const hits = { mean: 0, median: 0, bootstrap: 0 };
  const [rounds, truth] = [400, Math.exp(0.5)];
  for (let round = 0; round < rounds; round += 1) {
    const values = Float64Array.from({ length: 60 }, () => Math.exp(rng.normal()));
    const inside = ({ low, high }: { low: number; high: number }, value: number) =>
      Number(low <= value && value <= high);
    hits.mean += inside(meanInterval(summarize(values.map(Math.log)), 0.9), 0);
    hits.median += inside(quantileInterval(values, 0.5, 0.9), 1);
    const mean = (sample: Float64Array) => sample.reduce((sum, value) => sum + value, 0) / sample.length;
    hits.bootstrap += inside(bootstrap(values, mean, { level: 0.9, resamples: 300, seed: round }), truth);
  }
  assert.ok(Math.abs(hits.mean / rounds - 0.9) < 0.04, `${hits.mean}`);
  assert.ok(hits.median / rounds > 0.88, `${hits.median}`);
  // The mean of sixty lognormal values is still skewed: a few percent short is what the method gives.
  assert.ok(hits.bootstrap / rounds > 0.8, `${hits.bootstrap}`);
});

const sample = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 60 });

test('laws: order and shift do not matter, mirrored comparisons mirror, the same seed gives the same interval', () => {
  fc.assert(
    fc.property(sample, fc.double({ min: -1e3, max: 1e3, noNaN: true }), (values, shift) => {
      const before = summarize(values);
      const after = summarize(values.toReversed().map((value) => value + shift));
      near(after.mean, before.mean + shift, 1e-9);
      near(after.variance, before.variance, 1e-6);
      const other = values.map((value, i) => value + i - shift);
      const [there, back] = [
        comparePaired(values, other, { seed: 5, resamples: 100 }),
        comparePaired(other, values, { seed: 5, resamples: 100 }),
      ];
      near(there.estimate, -back.estimate, 1e-9);
      near(there.pValue, back.pValue, 1e-9);
      assert.deepEqual(comparePaired(values, other, { seed: 5, resamples: 100 }), there);
      assert.ok(there.low <= there.estimate && there.estimate <= there.high);
      const welch = welchTest(before, summarize(other));
      near(welch.low, -welchTest(summarize(other), before).high, 1e-9);
      assert.ok(welch.freedom >= values.length - 1 - 1e-6 && welch.freedom <= 2 * values.length - 2 + 1e-6);
    }),
    { numRuns: 50 },
  );
});

test('a large offset costs no precision', () => {
  const values = [1, 2, 3, 4].map((value) => value + 1e9);
  assert.equal(summarize(values).variance, 5 / 3);
  assert.equal(quantile(values, 0.5), 1e9 + 2.5);
});

test('samples without spread', () => {
  const flat = summarize([2, 2, 2]);
  assert.deepEqual(meanInterval(flat), { estimate: 2, low: 2, high: 2 });
  const same = welchTest(flat, flat);
  assert.deepEqual([same.t, same.pValue], [0, 1]);
  const apart = welchTest(flat, summarize([1, 1]));
  assert.deepEqual([apart.t, apart.pValue, apart.low, apart.high], [Infinity, 0, 1, 1]);
  const paired = comparePaired([1, 2, 3], [0, 1, 2]);
  assert.deepEqual(
    [paired.t, paired.pValue, paired.bootstrap.low, paired.bootstrap.high],
    [Infinity, 0, 1, 1],
  );
});

test('what is too little or not finite is refused, and inputs stay as they were', () => {
  const mean = (values: Float64Array) => values[0] as number;
  assert.throws(() => summarize([]), { code: 'EMPTY' });
  assert.throws(() => summarize([1, Number.NaN]), { code: 'NOT_FINITE' });
  assert.throws(() => meanInterval(summarize([1])), { code: 'EMPTY' });
  assert.throws(() => meanInterval(summarize([1, 2]), 1), { code: 'USAGE' });
  assert.throws(() => welchTest(summarize([1]), summarize([1, 2])), { code: 'EMPTY' });
  assert.throws(() => comparePaired([1, 2], [1]), { code: 'SHAPE' });
  assert.throws(() => comparePaired([1, Infinity], [1, 2]), { code: 'NOT_FINITE' });
  assert.throws(() => quantile([1], 1.5), { code: 'USAGE' });
  assert.throws(() => quantileInterval([1, 2], 1), { code: 'USAGE' });
  assert.throws(() => bootstrap([1], mean), { code: 'EMPTY' });
  assert.throws(() => bootstrap([1, 2], mean, { resamples: 10 }), { code: 'USAGE' });
  assert.throws(() => bootstrap([1, 2], () => Number.NaN), { code: 'NOT_FINITE' });
  for (const seed of [1.5, Number.NaN])
    assert.throws(() => bootstrap([1, 2], mean, { seed }), { code: 'USAGE' });
  assert.throws(() => bootstrap([1, 2], mean, { method: 'foo' as never }), { code: 'USAGE' });
  assert.throws(() => bootstrap([1e300, -1e300], mean), { code: 'NOT_FINITE' });
  assert.throws(() => summarize([1.7e308, -1.7e308]), { code: 'NOT_FINITE' });
  assert.equal(quantile([-1.7e308, 1.7e308], 0.5), 0);
  const values = Object.freeze([3, 1, 2]);
  quantileInterval(values, 0.5);
  bootstrap(values, mean, { resamples: 100 });
  assert.deepEqual(values, [3, 1, 2]);
  assert.deepEqual(quantileInterval(values, 0.5), { estimate: 2, low: -Infinity, high: Infinity });
});
