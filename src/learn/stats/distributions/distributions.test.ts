import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { binomialCdf, incompleteBeta } from './beta.ts';
import { logGamma } from './gamma.ts';
import { kolmogorovTail } from './kolmogorov.ts';
import { normalCdf, normalQuantile } from './normal.ts';
import { studentCdf, studentQuantile, studentTwoSided } from './student.ts';

const recorded = JSON.parse(
  readFileSync(new URL('../../../../test/vectors/scipy.json', import.meta.url), 'utf8'),
) as { functions: Record<string, number[][]> };

/** Relative distance, absolute for values below `floor`. */
const gap = (a: number, b: number, floor = 0): number => Math.abs(a - b) / Math.max(Math.abs(b), floor);

const cases: Record<string, { of: (...x: number[]) => number; within: number; floor?: number }> = {
  normalCdf: { of: (x) => normalCdf(x as number), within: 1e-13 },
  normalQuantile: { of: (p) => normalQuantile(p as number), within: 1e-14 },
  studentCdf: { of: (t, freedom) => studentCdf(t as number, freedom as number), within: 1e-13 },
  // SciPy finds them by a search that stops at nine digits.
  studentQuantile: { of: (p, freedom) => studentQuantile(p as number, freedom as number), within: 1e-8 },
  incompleteBeta: { of: (x, a, b) => incompleteBeta(x as number, a as number, b as number), within: 1e-13 },
  binomialCdf: { of: (k, n, p) => binomialCdf(k as number, n as number, p as number), within: 1e-13 },
  logGamma: { of: (x) => logGamma(x as number), within: 4e-15, floor: 1 },
  kolmogorovTail: { of: (x) => kolmogorovTail(x as number), within: 1e-14 },
};

for (const [name, { of, within, floor }] of Object.entries(cases)) {
  test(`${name} is SciPy's within ${within}`, () => {
    const rows = recorded.functions[name] ?? [];
    assert.ok(rows.length >= 5);
    for (const row of rows) {
      const expected = row.at(-1) as number;
      const actual = of(...row.slice(0, -1));
      const error = expected === actual ? 0 : gap(actual, expected, floor);
      assert.ok(
        error <= within,
        `${name}(${row.slice(0, -1)}) = ${actual}, not ${expected}: off by ${error}`,
      );
    }
  });
}

test('quantiles of one and two degrees of freedom have closed forms', () => {
  for (const p of [1e-12, 1e-5, 0.01, 0.3, 0.49, 0.499999]) {
    const cauchy = p < 0.1 ? -1 / Math.tan(Math.PI * p) : Math.tan(Math.PI * (p - 0.5));
    assert.ok(gap(studentQuantile(p, 1), cauchy) < 2e-12, `${p}: ${studentQuantile(p, 1)}, ${cauchy}`);
    const two = (2 * p - 1) / Math.sqrt(2 * p * (1 - p));
    assert.ok(gap(studentQuantile(p, 2), two) < 1e-11 * (0.5 / (0.5 - p)), `${p}`);
  }
});

test('quantiles invert their distributions, tails mirror each other', () => {
  const p = fc.double({ min: 1e-100, max: 0.5, noNaN: true });
  const freedom = fc.oneof(fc.double({ min: 1, max: 5000, noNaN: true }), fc.constant(Infinity));
  fc.assert(
    fc.property(p, freedom, (tail, degrees) => {
      assert.ok(gap(normalCdf(normalQuantile(tail)), tail) < 1e-11);
      assert.ok(gap(studentCdf(studentQuantile(tail, degrees), degrees), tail) < 1e-11);
      const t = studentQuantile(tail, degrees);
      assert.ok(Math.abs(studentCdf(-t, degrees) + studentCdf(t, degrees) - 1) < 1e-14);
      assert.ok(gap(studentTwoSided(t, degrees), 2 * tail) < 1e-11);
    }),
  );
});

test('I_x(a, b) + I_1-x(b, a) = 1, and the middle of equal arguments is a half', () => {
  const positive = fc.double({ min: 0.01, max: 1e4, noNaN: true });
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 0.999999, noNaN: true }), positive, positive, (x, a, b) => {
      assert.ok(Math.abs(incompleteBeta(x, a, b) + incompleteBeta(1 - x, b, a) - 1) < 1e-10);
    }),
  );
  for (const a of [0.01, 1, 500, 1e6]) assert.ok(Math.abs(incompleteBeta(0.5, a, a) - 0.5) < 1e-12);
});

test('ends and bad arguments', () => {
  assert.deepEqual([normalQuantile(0), normalQuantile(0.5), normalQuantile(1)], [-Infinity, 0, Infinity]);
  assert.deepEqual(
    [studentQuantile(0, 3), studentQuantile(0.5, 3), studentQuantile(1, 3)],
    [-Infinity, 0, Infinity],
  );
  assert.deepEqual([normalCdf(-Infinity), normalCdf(Infinity)], [0, 1]);
  assert.deepEqual(
    [studentCdf(-Infinity, 4), studentCdf(Infinity, 4), studentTwoSided(Infinity, 4)],
    [0, 1, 0],
  );
  assert.deepEqual([incompleteBeta(0, 2, 3), incompleteBeta(1, 2, 3)], [0, 1]);
  assert.deepEqual([binomialCdf(-1, 5, 0.5), binomialCdf(5, 5, 0.5)], [0, 1]);
  assert.deepEqual([kolmogorovTail(0), kolmogorovTail(30)], [1, 0]);
  const usage = { code: 'USAGE' };
  for (const p of [-1e-9, 1.1, Number.NaN]) {
    assert.throws(() => normalQuantile(p), usage);
    assert.throws(() => studentQuantile(p, 3), usage);
    assert.throws(() => incompleteBeta(p, 1, 1), usage);
  }
  assert.throws(() => studentCdf(1, 0.5), usage);
  assert.throws(() => binomialCdf(1, 2.5, 0.5), usage);
  for (const cdf of [normalCdf, (x: number) => studentCdf(x, 3), (x: number) => studentTwoSided(x, 3)]) {
    assert.throws(() => cdf(Number.NaN), { code: 'NOT_FINITE' });
  }
  assert.equal(studentQuantile(1e-200, 1), -Infinity);
  assert.throws(() => logGamma(0), usage);
  assert.throws(() => incompleteBeta(0.5, 0, 1), usage);
});

test("the quantile of Student's distribution is found where its density is below float64", () => {
  // Two degrees have a closed form: 1 / sqrt(2 p) far out.
  assert.ok(gap(studentQuantile(1e-220, 2), -1 / Math.sqrt(2e-220)) < 1e-12);
  for (const [p, freedom] of [
    [1e-260, 4],
    [1e-300, 10],
    [1e-300, 900],
    [1e-300, 1e5],
    [1e-308, 3],
  ] as const) {
    assert.ok(gap(studentCdf(studentQuantile(p, freedom), freedom), p) < 1e-9, `${p}, ${freedom}`);
  }
  for (const freedom of [1, 2, 1e9]) assert.ok(studentQuantile(Number.MIN_VALUE, freedom) < -30);
});

test('parameters next to 0 put all the mass at one end, smaller ones are refused', () => {
  assert.ok(gap(incompleteBeta(0.5, 1e-100, 1e9), 1) < 1e-12);
  assert.ok(incompleteBeta(0.5, 1e9, 1e-100) < 1e-12);
  assert.throws(() => incompleteBeta(0.5, Number.MIN_VALUE, 1), { code: 'USAGE' });
});
