import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, hasCode as isCoded } from '../../../base/index.ts';
import type { Summary } from '../summary.ts';
import { DriftMixture } from './drift-mixture.ts';
import { differenceTest } from './fixed-horizon.ts';
import { differenceSequence } from './sequences.ts';
import { SequentialSrm } from './srm.ts';

const hasCode = (code: ErrorCode) => (error: unknown) => isCoded(error, code);
const rate = (count: number, mean: number): Summary => ({ count, mean, variance: mean * (1 - mean) });
const sides = fc.constantFrom('two', 'greater', 'less' as const);
const arms = fc
  .record({
    before: fc.double({ min: 0.01, max: 0.9, noNaN: true }),
    gap: fc.double({ min: -0.005, max: 0.1, noNaN: true }),
  })
  .chain(({ before, gap }) =>
    fc.record({
      control: fc.integer({ min: 2, max: 1_000_000 }).map((count) => rate(count, before)),
      treatment: fc.integer({ min: 2, max: 1_000_000 }).map((count) => rate(count, before + gap)),
    }),
  );

test('the interval leaves out 0 exactly where the p-value is below alpha, for both kinds of test', () => {
  fc.assert(
    fc.property(arms, sides, fc.constantFrom(0.05, 0.001), ({ control, treatment }, side, alpha) => {
      for (const compare of [differenceSequence, differenceTest]) {
        const found = compare(control, treatment, { side, alpha });
        if (Math.abs(found.pValue / alpha - 1) < 1e-9) continue;
        assert.equal(found.lower > 0 || found.upper < 0, found.pValue < alpha);
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

test('it is tuned to the values of both arms together', () => {
  const arm = { count: 500, mean: 1, variance: 2 };
  const { effect, upper } = differenceSequence(arm, arm, { tuneCount: 1000 });
  const reach = (upper - effect) / Math.sqrt(2 * (2 / 500));
  assert.ok(Math.abs(reach / new DriftMixture(0.05, 2).reach(0.05, 1) - 1) < 1e-12, String(reach));
});

test('looking at every moment costs width: the sequence is wider than the test of one look', () => {
  fc.assert(
    fc.property(arms, ({ control, treatment }) => {
      if (Math.min(control.count, treatment.count) < 100) return;
      const [always, once] = [differenceSequence(control, treatment), differenceTest(control, treatment)];
      assert.ok(always.lower < once.lower && always.upper > once.upper);
      assert.ok(always.pValue >= once.pValue);
    }),
    { seed: 2, numRuns: 200 },
  );
});

test('without a drift the mean of the evidence is 1 at every time, and reach is where it crosses 1 / alpha', () => {
  for (const sides of [1, 2] as const) {
    const mixture = new DriftMixture(0.05, sides);
    for (const time of [0.01, 0.3, 1, 5, 40]) {
      // The trapezoid rule, which for smooth functions that vanish at both ends has nearly no error.
      let mean = 0;
      for (let z = -60; z <= 60; z += 0.005)
        mean += (0.005 * Math.exp(mixture.logEvidence(z, time) - (z * z) / 2)) / Math.sqrt(2 * Math.PI);
      assert.ok(Math.abs(mean - 1) < 1e-6, `${mean} at ${time}`);
      assert.ok(Math.abs(mixture.logEvidence(mixture.reach(0.05, time), time) + Math.log(0.05)) < 1e-9);
    }
  }
});

test('changing places changes signs', () => {
  const [control, treatment] = [rate(3000, 0.1), rate(2000, 0.13)];
  const [forth, back] = [differenceSequence(control, treatment), differenceSequence(treatment, control)];
  assert.equal(forth.lower, -back.upper);
  assert.equal(forth.pValue, back.pValue);
  const greater = differenceSequence(control, treatment, { side: 'greater' });
  const less = differenceSequence(treatment, control, { side: 'less' });
  assert.equal(greater.lower, -less.upper);
  assert.equal(greater.upper, Infinity);
  assert.equal(greater.pValue, less.pValue);
  assert.ok(greater.lower > forth.lower);
});

test('a relative effect is a part of the control', () => {
  const [control, treatment] = [rate(30_000, 0.1), rate(30_000, 0.12)];
  const { effect, lower, upper } = differenceSequence(control, treatment, { scale: 'relative' });
  assert.ok(Math.abs(effect - 0.2) < 1e-12);
  assert.ok(lower > 0 && upper < 0.4);
  assert.throws(() => differenceSequence(rate(10, 0), treatment, { scale: 'relative' }), hasCode('USAGE'));
});

test('without spread nothing is said, and beyond all doubt nothing overflows', () => {
  const nothing = differenceSequence(rate(1000, 1), rate(1000, 0));
  assert.deepEqual([nothing.lower, nothing.upper, nothing.pValue], [-Infinity, Infinity, 1]);
  const sure = differenceSequence(
    { count: 1e9, mean: 0, variance: 1e-300 },
    { count: 1e9, mean: 1, variance: 1e-300 },
  );
  assert.equal(sure.pValue, 0);
  assert.ok(sure.lower <= 1 && sure.upper >= 1);
});

test('bad arms and options are refused', () => {
  const good = rate(100, 0.5);
  assert.throws(() => differenceSequence(rate(1, 0.5), good), hasCode('EMPTY'));
  assert.throws(() => differenceSequence(good, rate(100, Number.NaN)), hasCode('NOT_FINITE'));
  assert.throws(() => differenceSequence(good, { ...good, variance: -1 }), hasCode('USAGE'));
  for (const options of [{ alpha: 0 }, { alpha: 1 }, { tuneCount: 0 }, { side: 'both' }, { scale: 'log' }])
    assert.throws(() => differenceSequence(good, good, options as never), hasCode('USAGE'));
});

test('the evidence against correct shares has no drift either', () => {
  const shares = [0.2, 0.8];
  let mean = 0;
  for (let outcomes = 0; outcomes < 2 ** 10; outcomes += 1) {
    const split = new SequentialSrm(shares);
    let chance = 1;
    for (let bit = 0; bit < 10; bit += 1) {
      const arm = (outcomes >> bit) & 1;
      chance *= shares[arm] as number;
      split.add(arm);
    }
    mean += chance * Math.exp(split.logValue);
  }
  assert.ok(Math.abs(mean - 1) < 1e-12, String(mean));
});

test('a wrong split is found, stays found, and goes on from a snapshot', () => {
  const split = new SequentialSrm([50, 50]);
  for (let i = 0; i < 2000; i += 1) split.add(i % 3 === 0 ? 1 : 0);
  assert.ok(split.rejects(0.001));
  assert.equal(split.count, 2000);
  const again = SequentialSrm.restore(JSON.parse(JSON.stringify(split.snapshot())));
  for (let i = 0; i < 700; i += 1) {
    again.add(1);
    split.add(1);
  }
  assert.deepEqual(again.snapshot(), split.snapshot());
  assert.ok(split.rejects(0.001));
  assert.ok(split.pValue < 0.001);
});

test('bad splits are refused', () => {
  for (const shares of [[], [1], [1, 0], [1, -1]])
    assert.throws(() => new SequentialSrm(shares), hasCode('USAGE'));
  assert.throws(() => new SequentialSrm([1, Number.NaN]), hasCode('NOT_FINITE'));
  const split = new SequentialSrm([1, 1]);
  assert.throws(() => split.add(2), hasCode('USAGE'));
  assert.throws(() => SequentialSrm.restore({ ...split.snapshot(), counts: [1] }), hasCode('DAMAGED'));
});
