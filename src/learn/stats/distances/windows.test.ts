import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../../base/index.ts';
import { heapChange } from '../../kernels/testing/heap-change.ts';
import { ksDistance } from '../ks.ts';
import { populationStability } from '../psi.ts';
import { BinnedWindow } from './binned-window.ts';
import { BinnedBaseline } from './bins.ts';
import { psiThreshold } from './psi-threshold.ts';
import { SlidingKs } from './sliding-ks.ts';

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const normals = (seed: number, count: number): number[] => {
  const rng = new FastRng(seed);
  return Array.from({ length: count }, () => rng.normal());
};

/** Few different values, so that ties and repeats are common. */
const stream = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 1, maxLength: 60 });
const baselines = fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 1, maxLength: 40 });

describe('the sliding Kolmogorov-Smirnov distance', () => {
  test('is that of the sorted window at every value, while it fills and after', () => {
    fc.assert(
      fc.property(baselines, stream, fc.integer({ min: 1, max: 20 }), (baseline, values, windowSize) => {
        const sliding = new SlidingKs(baseline, windowSize);
        values.forEach((value, i) => {
          sliding.add(value);
          const window = values.slice(Math.max(0, i + 1 - windowSize), i + 1);
          assert.equal(sliding.filled, window.length);
          const expected = ksDistance(sorted(baseline), sorted(window));
          assert.ok(Math.abs(sliding.distance - expected) < 1e-12, `${sliding.distance}, ${expected}`);
        });
      }),
      { numRuns: 200 },
    );
  });

  test('does not drift: exact after a hundred thousand values', () => {
    const [baseline, values] = [normals(1, 3000), normals(2, 100_000)];
    const sliding = new SlidingKs(baseline, 500);
    for (const value of values) sliding.add(value);
    const expected = ksDistance(sorted(baseline), sorted(values.slice(-500)));
    assert.ok(Math.abs(sliding.distance - expected) < 1e-14);
  });

  test('is 0 for an empty window, and keeps its window when a value is refused', () => {
    const sliding = new SlidingKs([1, 2, 3], 2);
    assert.equal(sliding.distance, 0);
    sliding.add(9);
    assert.throws(() => sliding.add(Number.NaN), { code: 'NOT_FINITE' });
    assert.equal(sliding.distance, 1);
    assert.equal(sliding.filled, 1);
    assert.throws(() => new SlidingKs([], 2), { code: 'EMPTY' });
    assert.throws(() => new SlidingKs([1], 0), { code: 'USAGE' });
  });
});

describe('the binned window', () => {
  test('counts the last values, and has the stability index of the whole window', () => {
    fc.assert(
      fc.property(baselines, stream, fc.integer({ min: 1, max: 20 }), (baseline, values, windowSize) => {
        const window = new BinnedWindow(BinnedBaseline.of(baseline, { bins: 4 }), windowSize);
        values.forEach((value, i) => {
          window.add(value);
          const current = values.slice(Math.max(0, i + 1 - windowSize), i + 1);
          assert.equal(window.filled, current.length);
          assert.deepEqual([...window.counts], [...window.baseline.countsOf(current)]);
          const { psi } = populationStability(baseline, current, { bins: 4 });
          assert.ok(Math.abs(window.psi() - psi) < 1e-12);
          assert.ok(window.ks() >= 0 && window.ks() <= 1);
        });
      }),
    );
  });

  test('is short of the exact distance by less than a bin, and exact for categories', () => {
    const baseline = normals(3, 2000);
    const values = normals(4, 300).map((value) => value * 1.4 + 0.2);
    const window = new BinnedWindow(BinnedBaseline.of(baseline), 300);
    for (const value of values) window.add(value);
    const exact = ksDistance(sorted(baseline), sorted(values));
    assert.ok(window.ks() <= exact + 1e-12 && window.ks() > exact - 0.1);
    const dice = [1, 1, 2, 3, 3, 3, 5];
    const few = new BinnedWindow(BinnedBaseline.of(dice), 5);
    for (const value of [3, 3, 5, 5, 1]) few.add(value);
    assert.ok(Math.abs(few.ks() - ksDistance(dice, [1, 3, 3, 5, 5])) < 1e-15);
  });

  test('takes a constant baseline for a category of its own', () => {
    const window = new BinnedWindow(BinnedBaseline.of([7, 7, 7]), 4);
    for (let i = 0; i < 4; i += 1) window.add(7);
    assert.deepEqual([window.ks(), window.psi()], [0, 0]);
    for (let i = 0; i < 4; i += 1) window.add(i < 2 ? 6 : 8);
    assert.equal(window.ks(), 1);
    assert.ok(window.psi() > 5);
  });

  test('empties, and refuses what is no value without a change', () => {
    const window = new BinnedWindow(BinnedBaseline.of(normals(5, 50)), 3);
    assert.deepEqual([window.ks(), window.psi()], [0, 0]);
    window.add(1);
    assert.throws(() => window.add(Infinity), { code: 'NOT_FINITE' });
    assert.equal(window.filled, 1);
    window.clear();
    assert.deepEqual([window.filled, window.ks(), window.psi()], [0, 0, 0]);
    assert.throws(() => new BinnedWindow(window.baseline, 0), { code: 'USAGE' });
    assert.throws(() => BinnedBaseline.of([1, 2], { bins: 1 }), { code: 'USAGE' });
    assert.throws(() => BinnedBaseline.of([]), { code: 'EMPTY' });
  });

  test('goes on from a snapshot; what is none is refused', () => {
    const values = normals(6, 100);
    for (const at of [0, 7, 20, 55]) {
      const window = new BinnedWindow(BinnedBaseline.of(normals(7, 500)), 20);
      for (const value of values.slice(0, at)) window.add(value);
      const baseline = BinnedBaseline.restore(window.baseline.snapshot());
      const again = BinnedWindow.restore(window.snapshot(), baseline);
      for (const value of values.slice(at)) {
        window.add(value);
        again.add(value);
        assert.deepEqual([again.ks(), again.psi()], [window.ks(), window.psi()]);
      }
    }
    const whole = BinnedBaseline.of([1, 2, 3]);
    const { tensors, ...head } = whole.snapshot();
    const falling = { shape: [3], data: Float64Array.of(3, 2, 1) };
    const half = { shape: [4], data: Float64Array.of(1, 1, 0.5, 0) };
    for (const bad of [{ edges: falling }, { counts: half }])
      assert.throws(() => BinnedBaseline.restore({ ...head, tensors: { ...tensors, ...bad } }), {
        code: 'DAMAGED',
      });
    const window = new BinnedWindow(BinnedBaseline.of(normals(8, 90)), 2);
    window.add(9);
    assert.throws(() => BinnedWindow.restore(window.snapshot(), whole), { code: 'DAMAGED' });
  });
});

test('a value allocates nothing', () => {
  // Whole numbers, and no distance asked for: others may be put on the heap on their way in or out.
  const whole = (seed: number, count: number) =>
    normals(seed, count).map((value) => Math.round(1000 * value) | 0);
  const values = whole(3, 4096);
  const baseline = whole(2, 500);
  const windows = {
    binned: new BinnedWindow(BinnedBaseline.of(baseline), 1000),
    sliding: new SlidingKs(baseline, 100),
  };
  for (const [name, window] of Object.entries(windows)) {
    for (const value of values) window.add(value);
    assert.ok(windows.sliding.distance <= 1);
    let at = 0;
    const call = () => {
      window.add(values[at & 4095] as number);
      at += 1;
    };
    const change = heapChange(call, () => process.memoryUsage().heapUsed);
    assert.ok(change <= 1, `${name}: ${change} bytes a value`);
  }
});

describe('the threshold of the stability index', () => {
  test('is what simulated windows without drift exceed in one of twenty', () => {
    // 95th percentiles of 1500 windows against 5000 values in 10 bins; the largest is a jump, where a bin is empty.
    for (const [windowCount, percentile] of [
      [50, 0.776],
      [100, 0.176],
      [200, 0.09],
      [500, 0.037],
      [1000, 0.019],
    ] as const) {
      const found = psiThreshold({ baselineCount: 5000, windowCount, bins: 10, alpha: 0.05 });
      assert.ok(Math.abs(found / percentile - 1) < 0.1, `${windowCount}: ${found}`);
    }
  });

  test('holds its level for equal bins and for shares of all sizes', () => {
    const rng = new FastRng(5);
    const draw = (count: number) => Array.from({ length: count }, () => Math.floor(8 * rng.next() ** 3));
    for (const windowCount of [60, 250]) {
      const bins = BinnedBaseline.of(draw(100_000)).counts;
      const threshold = psiThreshold({ baselineCount: 800, windowCount, bins, alpha: 0.1 });
      let above = 0;
      for (let run = 0; run < 1500; run += 1) {
        const window = new BinnedWindow(BinnedBaseline.of(draw(800)), windowCount);
        for (const value of draw(windowCount)) window.add(value);
        if (window.psi() > threshold) above += 1;
      }
      assert.ok(above > 105 && above < 195, `${windowCount}: ${above}`);
    }
  });

  test('falls with the window and rises with rarity; nothing is allowed to a constant', () => {
    const at = (windowCount: number, alpha: number) =>
      psiThreshold({ baselineCount: 1e6, windowCount, bins: 10, alpha });
    assert.ok(at(50, 0.05) > at(100, 0.05) && at(100, 0.05) > at(1000, 0.05));
    assert.ok(at(200, 1e-6) > at(200, 1e-3) && at(200, 1e-3) > at(200, 0.5));
    // The exact figure meets the limit where the two change over.
    assert.ok(Math.abs(at(500, 0.01) / at(501, 0.01) - 1) < 0.03);
    assert.equal(psiThreshold({ baselineCount: 9, windowCount: 9, bins: [9, 0], alpha: 0.01 }), 0);
    assert.throws(() => at(0, 0.05), { code: 'USAGE' });
    assert.throws(() => at(10, 0), { code: 'USAGE' });
    assert.throws(() => psiThreshold({ baselineCount: 9, windowCount: 9, bins: [], alpha: 0.1 }), {
      code: 'USAGE',
    });
  });
});
