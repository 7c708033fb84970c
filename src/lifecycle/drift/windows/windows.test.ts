import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng, ManualClock } from '../../../base/index.ts';
import { ksDistance, ksTest } from '../../../learn/index.ts';
import { DriftBaseline } from './baseline.ts';
import { criticalDistance, levelsOf, MONTH_MS, MonthlyCredit } from './budget.ts';
import { ratePValue } from './rates.ts';
import { BlockSums } from './sums.ts';
import { WindowTower } from './tower.ts';

const sorted = (values: readonly number[]): Float64Array => Float64Array.from(values).sort();
/** Values with ties, and now and then one that is far off. */
const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -1e6, max: 1e6, noNaN: true }));

test('the code of a value is its place among those of the baseline', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), value, (baseline, asked) => {
      const distinct = [...new Set(sorted(baseline))];
      const below = distinct.filter((each) => each < asked).length;
      const expected = 2 * below + (distinct.includes(asked) ? 1 : 0);
      assert.equal(new DriftBaseline(sorted(baseline)).codeOf(asked), expected);
    }),
  );
});

test('every window is compared exactly, ties included, or bounded where it cannot matter', () => {
  const half = 4;
  const sizes = 3;
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 30 }),
      fc.array(value, { minLength: 16 * half, maxLength: 16 * half }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (given, stream, needed) => {
        const baseline = new DriftBaseline(sorted(given));
        const tower = new WindowTower(baseline.below, { half, sizes });
        tower.needed.fill(needed);
        let compared = 0;
        for (let end = half; end <= stream.length; end += half) {
          tower.add(Uint16Array.from(stream.slice(end - half, end), (each) => baseline.codeOf(each)));
          tower.distances.forEach((distance, size) => {
            const length = 2 * half * 2 ** size;
            const isDue = end >= length && end % (length / 2) === 0;
            assert.equal(!Number.isNaN(distance), isDue);
            if (!isDue) return;
            compared += 1;
            const exact = ksDistance(sorted(stream.slice(end - length, end)), baseline.values);
            assert.ok(Math.abs(tower.distanceOf(size) - exact) < 1e-9);
            if (distance >= needed) assert.ok(Math.abs(distance - exact) < 1e-9);
            else assert.ok(exact <= distance + 1e-9);
          });
        }
        assert.equal(compared, 15 + 7 + 3);
      },
    ),
    { numRuns: 50 },
  );
});

test('sums of the last blocks are those of their values', () => {
  const rng = new FastRng(3);
  const values = Array.from({ length: 80 }, () => rng.normal() * 3 + 100);
  const baseline = new DriftBaseline(sorted(values.slice(0, 40)));
  const sums = new BlockSums(baseline, { half: 10, blocks: 4 });
  for (let at = 0; at < 80; at += 10) sums.add(Float64Array.from(values.slice(at, at + 10)));
  const last = values.slice(60);
  const { count, mean, variance, min, max, histogram } = sums.of(2);
  const expected = last.reduce((sum, each) => sum + each, 0) / 20;
  assert.equal(count, 20);
  assert.ok(Math.abs(mean - expected) < 1e-9);
  assert.ok(Math.abs(variance - last.reduce((sum, each) => sum + (each - expected) ** 2, 0) / 19) < 1e-9);
  assert.deepEqual([min, max], [Math.min(...last), Math.max(...last)]);
  assert.equal(
    histogram.reduce((sum, each) => sum + each, 0),
    20,
  );
  assert.ok(Math.abs(sums.sumOf(2) - expected * 20) < 1e-9);
});

test('values that follow each other are told from values that have moved', () => {
  const rng = new FastRng(4);
  const correlationOf = (next: (last: number, block: number) => number): number => {
    const sums = new BlockSums(new DriftBaseline(Float64Array.of(-1, 1)), { half: 500, blocks: 4 });
    let last = 0;
    for (let block = 0; block < 4; block += 1) {
      const values = new Float64Array(500);
      for (let i = 0; i < 500; i += 1) {
        last = next(last, block);
        values[i] = last;
      }
      sums.add(values);
    }
    return sums.of(4).autocorrelation;
  };
  assert.ok(Math.abs(correlationOf((last) => 0.8 * last + rng.normal()) - 0.8) < 0.1);
  assert.ok(Math.abs(correlationOf((_, block) => 3 * block + rng.normal())) < 0.1);
});

test('a sample beyond the critical distance has no larger p-value than asked for, one below it has', () => {
  for (const [sizes, level] of [
    [[100, 100], 1e-3],
    [[64, 500], 1e-4],
    [[1000, 10_000], 1e-5],
  ] as const) {
    const at = criticalDistance(sizes, level);
    // A sample of the smaller size that is off by the wanted share.
    const [n, m] = sizes;
    const uniform = Float64Array.from({ length: m }, (_, i) => (i + 0.5) / m);
    const off = (share: number): Float64Array =>
      Float64Array.from({ length: n }, (_, i) => (i < Math.ceil(share * n) ? -1 - i : (i + 0.5) / n)).sort();
    assert.ok(ksTest(off(at), uniform).pValue <= level * 1.1);
    assert.ok(ksTest(off(at - 2 / n), uniform).pValue > level * 0.9);
  }
});

test('the shares of all comparisons of a million observations make up the budget', () => {
  const plan = { half: 500, sizes: 4, streams: 18, baseline: 5000 };
  const levels = levelsOf(10, plan);
  const total = levels.reduce((sum, { share }, size) => sum + (share * 1e6) / (plan.half * 2 ** size), 0);
  assert.ok(Math.abs(total * plan.streams - 10) < 1e-9);
  for (const { share, pValue } of levels) assert.ok(pValue > share && pValue < 5 * share);
  // A small baseline is shared by all its windows: their alarms come together.
  assert.ok((levelsOf(10, { ...plan, baseline: 500 })[0]?.pValue ?? 0) > (levels[0]?.pValue ?? 1));
});

test('the credit of a month is never more than a month, and a clock that goes back earns nothing', () => {
  const clock = new ManualClock();
  const credit = new MonthlyCredit(3, clock);
  assert.equal(credit.spend(2), 2);
  assert.equal(credit.spend(2), 1);
  assert.equal(credit.spend(2), 0);
  clock.advance(-MONTH_MS);
  assert.equal(credit.spend(1), 0);
  clock.advance(MONTH_MS / 3);
  assert.ok(Math.abs(credit.spend(5) - 1) < 1e-9);
  clock.advance(10 * MONTH_MS);
  assert.equal(credit.spend(9), 3);
});

test("Fisher's exact test: the lady tasting tea, and a rise against a fall", () => {
  // 3 of 4 against 1 of 4: 17 of 70 orders are as good or better.
  const [three, one] = [
    { ones: 3, count: 4 },
    { ones: 1, count: 4 },
  ];
  assert.ok(Math.abs(ratePValue(three, one, 'rise') - 17 / 70) < 1e-12);
  assert.ok(Math.abs(ratePValue(three, one, 'both') - 34 / 70) < 1e-12);
  assert.ok(ratePValue(one, three, 'rise') > 0.9);
  assert.ok(Math.abs(ratePValue(one, three, 'both') - 34 / 70) < 1e-12);
  assert.equal(ratePValue({ ones: 0, count: 9 }, { ones: 0, count: 9 }, 'both'), 1);
});
