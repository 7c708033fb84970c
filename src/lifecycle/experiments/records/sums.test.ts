import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { FastRng } from '../../../base/index.ts';
import { summarize } from '../../../learn/index.ts';
import { summaryOf, UnitSums } from './sums.ts';

const near = (found: number, wanted: number, scale = 1): void =>
  assert.ok(
    Math.abs(found - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted), scale),
    `${found} for ${wanted}`,
  );

test('units whose totals changed count as if they had come with the last ones', () => {
  const step = fc.tuple(
    fc.nat(7),
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.integer({ min: 1, max: 9 }),
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const sums = new UnitSums();
      const units = new Map<number, [number, number]>();
      for (const [unit, value, weight] of steps) {
        const before = units.get(unit);
        if (before !== undefined) sums.remove(...before);
        const now: [number, number] = [(before?.[0] ?? 0) + value, (before?.[1] ?? 0) + weight];
        sums.add(...now);
        units.set(unit, now);
      }
      const direct = new UnitSums();
      for (const totals of units.values()) direct.add(...totals);
      const [a, b] = [summaryOf(sums.saved()), summaryOf(direct.saved())];
      assert.equal(a.count, b.count);
      near(a.mean, b.mean, 1e6);
      near(Math.sqrt(a.variance), Math.sqrt(b.variance), 1e7);
    }),
  );
});

test('without denominators the summary is that of the values', () => {
  const rng = new FastRng(1);
  const values = Array.from({ length: 500 }, () => 1e9 + rng.normal());
  const sums = new UnitSums();
  for (const value of values) sums.add(value, 1);
  const [found, wanted] = [summaryOf(new UnitSums(sums.saved()).saved()), summarize(values)];
  assert.equal(found.count, wanted.count);
  near(found.mean, wanted.mean);
  near(found.variance, wanted.variance, 10);
});

test('a ratio has the variance that repeated experiments show', () => {
  const rng = new FastRng(2);
  const [ratios, estimates]: [number[], number[]] = [[], []];
  for (let round = 0; round < 1500; round += 1) {
    const sums = new UnitSums();
    for (let unit = 0; unit < 200; unit += 1) {
      const records = 1 + rng.below(6);
      // What a unit's records have in common is what makes the naive variance too small.
      const own = 2 + rng.normal();
      sums.add(records * own + rng.normal() * Math.sqrt(records), records);
    }
    const { mean, variance, count } = summaryOf(sums.saved());
    ratios.push(mean);
    estimates.push(variance / count);
  }
  const ratio = summarize(ratios).variance / summarize(estimates).mean;
  assert.ok(ratio > 0.9 && ratio < 1.1, `${ratio}`);
});

test('no units, and one, show no spread', () => {
  const sums = new UnitSums();
  assert.deepEqual(summaryOf(sums.saved()), { count: 0, mean: 0, variance: 0 });
  sums.add(3, 2);
  assert.deepEqual(summaryOf(sums.saved()), { count: 1, mean: 1.5, variance: 0 });
  sums.remove(3, 2);
  assert.deepEqual(sums.saved(), new UnitSums().saved());
});
