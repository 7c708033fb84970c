import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, FastRng, hasCode as isCoded } from '../../../base/index.ts';
import { quantile, summarize } from '../summary.ts';
import { cupedArms, ratioSummary } from './adjusted.ts';
import { effectBelief } from './bayes.ts';
import { differenceTest } from './fixed-horizon.ts';
import { RunningMoments } from './moments.ts';
import { mixtureRatio } from './msprt.ts';
import { benjaminiHochberg, holm } from './multiplicity.ts';
import { RunningPairs } from './pairs.ts';
import { powerOf, samplesPerArm } from './power.ts';
import { quantileSummary } from './quantiles.ts';
import { srmTest } from './srm.ts';

const hasCode = (code: ErrorCode) => (error: unknown) => isCoded(error, code);
const near = (actual: number, expected: number, tolerance = 1e-9): void =>
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${actual}, ${expected}`,
  );
const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 50 });

test('running moments are those of the whole sample, in one stream or in two that merge', () => {
  fc.assert(
    fc.property(values, fc.nat(50), (sample, cut) => {
      const [first, second] = [new RunningMoments(), new RunningMoments()];
      sample.forEach((value, i) => {
        (i < cut ? first : second).add(value);
      });
      const again = RunningMoments.restore(JSON.parse(JSON.stringify(first.snapshot())));
      assert.deepEqual(again.snapshot(), first.snapshot());
      const taken = new RunningMoments();
      taken.merge(first);
      assert.deepEqual(taken.snapshot(), first.snapshot());
      again.merge(second);
      const whole = summarize(sample);
      assert.equal(again.count, whole.count);
      near(again.mean, whole.mean);
      near(again.variance, whole.variance);
    }),
    { seed: 1, numRuns: 200 },
  );
});

test('moments refuse what they cannot hold, and keep what they have', () => {
  const moments = new RunningMoments();
  moments.add(1);
  for (const value of [Number.NaN, Infinity, 1e200])
    assert.throws(() => moments.add(value), hasCode('NOT_FINITE'));
  assert.deepEqual(moments.snapshot(), { count: 1, mean: 1, m2: 0 });
  for (const saved of [
    { count: -1, mean: 0, m2: 0 },
    { count: 1, mean: 0, m2: 1 },
    { count: 3, mean: Number.NaN, m2: 1 },
  ])
    assert.throws(() => RunningMoments.restore(saved), hasCode('DAMAGED'));
});

test('pairs know their covariance, and go on from a snapshot', () => {
  const pairs = new RunningPairs();
  for (const [x, y] of [
    [1, 2],
    [2, 1],
    [4, 7],
    [5, 6],
  ] as const)
    pairs.add(x, y);
  near(pairs.covariance, 14 / 3);
  assert.throws(() => pairs.add(1, Number.NaN), hasCode('NOT_FINITE'));
  const again = RunningPairs.restore(JSON.parse(JSON.stringify(pairs.snapshot())));
  again.add(3, 3);
  pairs.add(3, 3);
  assert.deepEqual(again.snapshot(), pairs.snapshot());
  const saved = pairs.snapshot();
  assert.throws(() => RunningPairs.restore({ ...saved, products: Number.NaN }), hasCode('DAMAGED'));
});

test('CUPED lowers the variance to 1 - ρ² of what it was, and keeps the effect', () => {
  const rng = new FastRng(5);
  for (const correlation of [0.3, 0.7, 0.9]) {
    const [control, treatment] = [new RunningPairs(), new RunningPairs()];
    for (let i = 0; i < 40_000; i += 1) {
      const earlier = rng.normal();
      const value = correlation * earlier + Math.sqrt(1 - correlation ** 2) * rng.normal();
      if (i % 2 === 0) control.add(value, earlier);
      else treatment.add(value + 0.05, earlier);
    }
    const adjusted = cupedArms(control, treatment);
    const ratio = adjusted.control.variance / control.first.variance;
    assert.ok(Math.abs(ratio / (1 - correlation ** 2) - 1) < 0.03, `${ratio} at ${correlation}`);
    const { lower, upper } = differenceTest(adjusted.control, adjusted.treatment, { alpha: 1e-4 });
    assert.ok(lower < 0.05 && upper > 0.05);
  }
});

test('an earlier value that never varies takes nothing out', () => {
  const pairs = new RunningPairs();
  for (const value of [1, 2, 3]) pairs.add(value, 7);
  const { control, slope } = cupedArms(pairs, pairs);
  assert.equal(slope, 0);
  near(control.variance, pairs.first.variance);
});

test('ratios need a denominator, and moments that are those of pairs', () => {
  const pairs = new RunningPairs();
  pairs.add(1, 1);
  assert.throws(() => ratioSummary(pairs), hasCode('EMPTY'));
  pairs.add(3, -1);
  assert.throws(() => ratioSummary(pairs), hasCode('USAGE'));
  const { first, second } = pairs;
  assert.throws(() => ratioSummary({ first, second, covariance: 9 }), hasCode('USAGE'));
});

test('the spread of a quantile is that of its estimates', () => {
  const rng = new FastRng(6);
  const found = Array.from({ length: 300 }, () => {
    const sample = Array.from({ length: 400 }, () => -Math.log(1 - rng.next())).sort((a, b) => a - b);
    return quantileSummary({ count: 400, quantile: (share) => quantile(sample, share) }, 0.9);
  });
  const spread = Math.sqrt(summarize(found.map(({ mean }) => mean)).variance);
  const claimed = summarize(found.map(({ variance, count }) => Math.sqrt(variance / count))).mean;
  assert.ok(Math.abs(claimed / spread - 1) < 0.1, `${claimed} is not ${spread}`);
  // The 90th percentile of the exponential distribution: 3 / √n.
  assert.ok(Math.abs(claimed / (3 / Math.sqrt(400)) - 1) < 0.1, String(claimed));
});

test('a quantile that the sample is too small for is refused', () => {
  const sample = { count: 300, quantile: (share: number) => share };
  assert.throws(() => quantileSummary(sample, 0.99), hasCode('EMPTY'));
  assert.equal(quantileSummary({ ...sample, count: 500 }, 0.99).mean, 0.99);
  assert.throws(() => quantileSummary(sample, 1), hasCode('USAGE'));
});

test('risks differ by the effect, and chances of both arms make one', () => {
  const [one, other] = [
    { count: 50, mean: 2, variance: 3 },
    { count: 80, mean: 2.4, variance: 5 },
  ];
  const [forth, back] = [effectBelief(one, other), effectBelief(other, one)];
  near(forth.chanceToWin + back.chanceToWin, 1);
  near(forth.risk.control - forth.risk.treatment, forth.effect);
  near(forth.risk.control, back.risk.treatment);
  const sure = effectBelief(one, other, { prior: { mean: 0, deviation: 1e-6 } });
  near(sure.effect, 0, 1e-6);
  assert.throws(() => effectBelief(one, other, { prior: { mean: 0, deviation: 0 } }), hasCode('USAGE'));
  const still = { count: 5, mean: 1, variance: 0 };
  assert.throws(() => effectBelief(still, still), hasCode('USAGE'));
});

test('the number of samples is the least that has the power', () => {
  for (const target of [
    { effect: 0.1, deviation: 1 },
    { effect: 0.01, rate: 0.1 },
    { effect: -0.02, rate: 0.5 },
  ]) {
    for (const options of [{}, { ratio: 9 }, { sides: 1, alpha: 0.01 } as const]) {
      const samples = samplesPerArm(target, 0.8, options);
      assert.ok(powerOf(target, samples, options) >= 0.8);
      assert.ok(powerOf(target, samples - 1, options) < 0.8);
    }
  }
  // What every table has: two-sided 5 %, power 80 %, an effect of half a deviation.
  assert.equal(samplesPerArm({ effect: 0.5, deviation: 1 }, 0.8), 63);
  assert.throws(() => samplesPerArm({ effect: 0, deviation: 1 }, 0.8), hasCode('USAGE'));
  assert.throws(() => samplesPerArm({ effect: 0.1 }, 0.8), hasCode('USAGE'));
  assert.throws(() => samplesPerArm({ effect: 0.2, rate: 0.9 }, 0.8), hasCode('USAGE'));
  assert.throws(() => samplesPerArm({ effect: 1e-12, deviation: 1 }, 0.8), hasCode('LIMIT'));
});

test('adjusted p-values are never smaller, keep their order, and those of Holm are the stricter', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 }),
      (pValues) => {
        const [strict, loose] = [holm(pValues), benjaminiHochberg(pValues)];
        pValues.forEach((p, i) => {
          assert.ok((strict[i] as number) >= (loose[i] as number) && (loose[i] as number) >= p - 1e-15);
          pValues.forEach((q, j) => {
            if (p < q) assert.ok((strict[i] as number) <= (strict[j] as number));
          });
        });
      },
    ),
    { seed: 2, numRuns: 100 },
  );
  assert.throws(() => holm([]), hasCode('EMPTY'));
  assert.throws(() => benjaminiHochberg([0.5, 1.1]), hasCode('USAGE'));
});

test('the mixture ratio and the test of a split refuse what makes no sense', () => {
  assert.ok(mixtureRatio(0, 1, 1) < 1);
  assert.throws(() => mixtureRatio(1, 0, 1), hasCode('USAGE'));
  assert.throws(() => mixtureRatio(Number.NaN, 1, 1), hasCode('NOT_FINITE'));
  assert.throws(() => srmTest([0, 0], [1, 1]), hasCode('EMPTY'));
  assert.throws(() => srmTest([1], [1, 1]), hasCode('SHAPE'));
  assert.throws(() => srmTest([1, 1.5], [1, 1]), hasCode('USAGE'));
});
