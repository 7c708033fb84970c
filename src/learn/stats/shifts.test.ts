import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import { ksDistance, ksTest } from './ks.ts';
import { populationStability } from './psi.ts';

const recorded = JSON.parse(
  readFileSync(new URL('../../../test/vectors/scipy.json', import.meta.url), 'utf8'),
) as { ks: { first: number[]; second: number[]; statistic: number; exact: number }[] };

const normals = (seed: number, count: number, mean = 0): Float64Array => {
  const rng = new FastRng(seed);
  return Float64Array.from({ length: count }, () => mean + rng.normal());
};

test("the exact two-sample Kolmogorov-Smirnov test is SciPy's, with and without ties", () => {
  for (const { first, second, statistic, exact } of recorded.ks) {
    const found = ksTest(first, second, 'exact');
    assert.ok(Math.abs(found.statistic - statistic) < 1e-15);
    assert.ok(Math.abs(found.pValue / exact - 1) < 1e-12, `${found.pValue}, ${exact}`);
  }
});

/** All orders of n and m values, by brute force. */
function enumeratedTail(n: number, m: number, statistic: number): number {
  let [reached, total] = [0, 0];
  const walk = (i: number, j: number, most: number): void => {
    const distance = Math.max(most, Math.abs(i / n - j / m));
    if (i === n && j === m) {
      total += 1;
      if (distance > statistic - 1e-9) reached += 1;
      return;
    }
    if (i < n) walk(i + 1, j, distance);
    if (j < m) walk(i, j + 1, distance);
  };
  walk(0, 0, 0);
  return reached / total;
}

test('exact p-values count the orders that are as far apart', () => {
  for (const [n, m] of [
    [4, 4],
    [5, 3],
    [6, 7],
    [2, 8],
  ] as const) {
    for (let seed = 0; seed < 8; seed += 1) {
      const found = ksTest(normals(seed, n), normals(seed + 50, m, seed / 4), 'exact');
      assert.ok(Math.abs(found.pValue - enumeratedTail(n, m, found.statistic)) < 1e-12);
    }
  }
});

test('the asymptotic p-value is near the exact one where it is used', () => {
  for (const [n, m, shift] of [
    [2003, 1999, 0.03],
    [2003, 1999, 0.1],
    [5003, 800, 0.08],
    [20001, 200, 0.1],
  ] as const) {
    const [a, b] = [normals(n, n), normals(m, m, shift)];
    const auto = ksTest(a, b);
    const exact = ksTest(a, b, 'exact').pValue;
    assert.equal(auto.method, n * m > 4e6 ? 'asymptotic' : 'exact');
    assert.ok(Math.abs(auto.pValue / exact - 1) < 0.03, `${n}, ${m}: ${auto.pValue}, ${exact}`);
  }
});

test('laws of the distance: symmetric, 0 for equal samples, 1 for separate ones, blind to rising transformations', () => {
  const sample = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(sample, sample, (first, second) => {
      const { statistic, pValue } = ksTest(first, second);
      assert.equal(ksTest(second, first).statistic, statistic);
      assert.ok(Math.abs(ksTest(second, first).pValue - pValue) < 1e-12);
      assert.ok(pValue >= 0 && pValue <= 1);
      assert.equal(ksTest(first, first).pValue, 1);
      assert.equal(
        ksDistance(
          [...first].sort((a, b) => a - b),
          [100],
        ),
        1,
      );
      assert.equal(ksTest(first.map(Math.cbrt), second.map(Math.cbrt)).statistic, statistic);
    }),
  );
});

test('false alarms stay at their level for small samples', () => {
  let alarms = 0;
  for (let seed = 0; seed < 1000; seed += 1) {
    if (ksTest(normals(seed, 40), normals(seed + 5000, 60)).pValue < 0.05) alarms += 1;
  }
  assert.ok(alarms > 25 && alarms < 65, `${alarms}`);
});

test('the stability index of quarters that halve and double, by hand', () => {
  const reference = Array.from({ length: 400 }, (_, i) => i);
  const current = reference.map((value) => (value < 100 ? value % 50 : value));
  assert.equal(populationStability(reference, current, { bins: 4 }).psi, 0);
  const moved = [...Array.from({ length: 50 }, () => 10), ...Array.from({ length: 150 }, () => 150)];
  moved.push(...Array.from({ length: 100 }, () => 250), ...Array.from({ length: 100 }, () => 350));
  const expected = -0.125 * Math.log(0.5) + 0.125 * Math.log(1.5);
  const { psi, bins } = populationStability(reference, moved, { bins: 4 });
  assert.equal(bins, 4);
  assert.ok(Math.abs(psi - expected) < 1e-12);
});

test('without drift the index is about what it says, so that small windows exceed 0.1', () => {
  let [sum, over, expected] = [0, 0, 0];
  const reference = normals(1, 5000);
  for (let seed = 0; seed < 300; seed += 1) {
    const found = populationStability(reference, normals(seed + 10, 100));
    sum += found.psi;
    over += Number(found.psi > 0.1);
    expected = found.expectedWithoutDrift;
  }
  // Empty bins, which count as 1e-4, make the mean a little larger than the formula.
  assert.ok(sum / 300 > 0.9 * expected && sum / 300 < 1.25 * expected, `${sum / 300}, ${expected}`);
  assert.ok(over / 300 > 0.3 && over / 300 < 0.5, `${over / 300}`);
  assert.ok(populationStability(reference, normals(9, 2000, 0.8)).psi > 0.5);
});

test('a constant reference is a category of its own', () => {
  const constant = new Float64Array(100).fill(7);
  assert.equal(populationStability(constant, constant).psi, 0);
  assert.ok(populationStability(constant, new Float64Array(100).fill(6)).psi > 5);
  assert.ok(populationStability(constant, new Float64Array(100).fill(8)).psi > 5);
  assert.ok(populationStability([1, 2, 2, 3], [1, 1.5, 2, 3]).psi > 0.5);
});

test('what is empty or not finite is refused', () => {
  assert.throws(() => ksTest([], [1]), { code: 'EMPTY' });
  assert.throws(() => ksTest([1], [Number.NaN]), { code: 'NOT_FINITE' });
  assert.throws(() => populationStability([1], []), { code: 'EMPTY' });
  assert.throws(() => populationStability([Infinity], [1]), { code: 'NOT_FINITE' });
  assert.throws(() => populationStability([1], [1], { bins: 1 }), { code: 'USAGE' });
});
