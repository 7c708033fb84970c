import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../../base/index.ts';
import { chiSquareCritical, chiSquareTail } from '../distributions/chi-square.ts';
import { cramerVonMisesTail } from '../distributions/cramer-von-mises.ts';
import { ksPValue, ksTest } from '../ks.ts';
import { chiSquareTest, jensenShannon } from './counts.ts';
import { cramerVonMises, wasserstein } from './samples.ts';

type Counted = { first: number[]; second: number[]; jensenShannon: number; chiSquare: number[] };
type Sampled = {
  first: number[];
  second: number[];
  wasserstein: number;
  cramerVonMises: number[];
  kolmogorovSmirnov: number[];
};

const recorded = JSON.parse(
  readFileSync(new URL('../../../../test/vectors/distances.json', import.meta.url), 'utf8'),
) as { chiSquareTail: number[][]; counts: Counted[]; samples: Sampled[] };

const close = (actual: number, expected: number, within: number, what = ''): void => {
  const error = Math.abs(actual - expected) / Math.max(Math.abs(expected), 1e-300);
  assert.ok(error <= within, `${what} ${actual}, not ${expected}: off by ${error}`);
};

test("chi-square's tail and its inverse are SciPy's", () => {
  assert.ok(recorded.chiSquareTail.length > 50);
  for (const [x, freedom, tail] of recorded.chiSquareTail as [number, number, number][]) {
    const what = `chi-square ${x} with ${freedom}`;
    close(chiSquareTail(x, freedom), tail, 1e-11, what);
    if (tail < 0.999 && tail > 1e-120) close(chiSquareCritical(tail, freedom), x, 1e-10, what);
  }
  assert.equal(chiSquareTail(0, 3), 1);
  assert.equal(chiSquareTail(Infinity, 3), 0);
  assert.throws(() => chiSquareTail(-1, 3), { code: 'USAGE' });
  assert.throws(() => chiSquareTail(1, 0), { code: 'USAGE' });
  assert.throws(() => chiSquareCritical(0, 3), { code: 'USAGE' });
});

test("chi-square's test and the Jensen-Shannon distance are SciPy's", () => {
  for (const { first, second, chiSquare, jensenShannon: distance } of recorded.counts) {
    const found = chiSquareTest(first, second);
    const [statistic, freedom, pValue] = chiSquare as [number, number, number];
    close(found.statistic, statistic, 1e-12);
    assert.equal(found.freedom, freedom);
    close(found.pValue, pValue, 1e-10);
    close(jensenShannon(first, second), distance, 1e-10);
  }
});

test("the Wasserstein distance, Cramér-von Mises' and Kolmogorov-Smirnov's tests are SciPy's", () => {
  for (const row of recorded.samples) {
    const { first, second } = row;
    close(wasserstein(first, second), row.wasserstein, 1e-12);
    const [statistic, pValue] = row.cramerVonMises as [number, number];
    const found = cramerVonMises(first, second);
    assert.ok(Math.abs(found.statistic - statistic) < 1e-9, `${found.statistic}, ${statistic}`);
    // SciPy leaves off terms below 1e-7.
    assert.ok(Math.abs(found.pValue - pValue) < 1e-8, `${found.pValue}, ${pValue}`);
    const [distance, exact] = row.kolmogorovSmirnov as [number, number];
    const test = ksTest(first, second, 'exact');
    close(test.statistic, distance, 1e-13);
    close(test.pValue, exact, 1e-9);
    assert.equal(ksPValue(test.statistic, [first.length, second.length], 'exact'), test.pValue);
  }
});

test("Cramér-von Mises' tail: Anderson and Darling's table, and digits far out", () => {
  for (const [x, tail] of [
    [0.02878, 0.98],
    [0.11888, 0.5],
    [0.3473, 0.1],
    [0.46136, 0.05],
    [0.74346, 0.01],
    [1.16786, 0.001],
  ] as const)
    close(cramerVonMisesTail(x), tail, 2e-3);
  assert.equal(cramerVonMisesTail(0), 1);
  // Far out only the first term is left, whose integral is near its lower end: the ratio tells the rate π²/2.
  close(Math.log(cramerVonMisesTail(10) / cramerVonMisesTail(11)), Math.PI ** 2 / 2, 0.02);
});

const sample = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 2, maxLength: 30 });

test('laws: symmetric, nothing between equal samples, moved by a shift as far as it is', () => {
  fc.assert(
    fc.property(sample, sample, fc.integer({ min: 0, max: 50 }), (first, second, shift) => {
      close(wasserstein(first, second), wasserstein(second, first), 1e-12);
      assert.equal(wasserstein(first, first), 0);
      const moved = first.map((value) => value + shift);
      assert.ok(Math.abs(wasserstein(first, moved) - shift) < 1e-9);
      const [there, back] = [cramerVonMises(first, second), cramerVonMises(second, first)];
      assert.ok(Math.abs(there.statistic - back.statistic) < 1e-9);
      assert.ok(cramerVonMises(first, first).pValue > 0.99);
    }),
  );
  const counts = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(counts, counts, (first, second) => {
      fc.pre(first.some(Boolean) && second.some(Boolean));
      assert.ok(Math.abs(jensenShannon(first, second) - jensenShannon(second, first)) < 1e-12);
      assert.ok(jensenShannon(first, second) <= 1);
      assert.ok(jensenShannon(first, first) < 1e-7);
      close(chiSquareTest(first, second).statistic, chiSquareTest(second, first).statistic, 1e-12);
      assert.equal(chiSquareTest(first, first).pValue, 1);
    }),
  );
  assert.equal(jensenShannon([3, 0], [0, 5]), 1);
  assert.equal(wasserstein([0, 1, 3], [5, 6, 8]), 5);
});

test('the p-value of Cramér-von Mises is one for samples of ten', () => {
  const rng = new FastRng(12);
  const normals = (count: number) => Array.from({ length: count }, () => rng.normal());
  let below = 0;
  for (let run = 0; run < 2000; run += 1)
    if (cramerVonMises(normals(10), normals(15)).pValue < 0.05) below += 1;
  assert.ok(below > 70 && below < 130, `${below}`);
});

test('what is empty, negative, not finite or of two lengths is refused', () => {
  assert.throws(() => wasserstein([], [1]), { code: 'EMPTY' });
  assert.throws(() => wasserstein([Number.NaN], [1]), { code: 'NOT_FINITE' });
  assert.throws(() => wasserstein([-1e308], [1e308]), { code: 'NOT_FINITE' });
  assert.throws(() => cramerVonMises([1], [1, 2]), { code: 'EMPTY' });
  assert.throws(() => chiSquareTest([1, 2], [1, 2, 3]), { code: 'SHAPE' });
  assert.throws(() => chiSquareTest([0, 0], [1, 2]), { code: 'EMPTY' });
  assert.throws(() => chiSquareTest([1, -1], [1, 2]), { code: 'USAGE' });
  assert.throws(() => jensenShannon([Infinity, 1], [1, 2]), { code: 'NOT_FINITE' });
  assert.throws(() => ksPValue(1.5, [3, 3]), { code: 'USAGE' });
});
