import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Analysis, MetricSpec } from '../definition/types.ts';
import { compare, corrected, guard, type Pair } from './compare.ts';

const METRIC: MetricSpec = { name: 'hits', direction: 'higher' };
const ANYTIME: Analysis = { method: 'anytime', alpha: 0.05 };
const FIXED: Analysis = { method: 'fixed', alpha: 0.05, samplesPerArm: 1000 };
const pair = (control: number, treatment: number, variance = 1): Pair => ({
  modelId: 'b',
  control: { count: 1000, mean: control, variance },
  treatment: { count: 1000, mean: treatment, variance },
});

test('a verdict that does not survive the correction for its number is taken back', () => {
  const raw = [0.01, 0.04, 0.03, null].map((pValue) => ({
    ...compare(METRIC, pair(1, 2), ANYTIME, 0.05),
    pValue,
  }));
  const found = corrected(raw, 0.05);
  assert.deepEqual(
    found.map(({ pValue, verdict }) => [pValue, verdict]),
    [
      [0.04, 'better'],
      [0.09, 'undecided'],
      [0.09, 'undecided'],
      [null, 'undecided'],
    ],
  );
  assert.deepEqual(corrected([], 0.05), []);
});

test('one look is Welch’s, and narrower than looking at any time', () => {
  const [one, any] = [FIXED, ANYTIME].map((analysis) => compare(METRIC, pair(1, 1.1), analysis, 0.05));
  // Twice the integral of Student's density with 1998 degrees of freedom from 2.2360680 on.
  assert.ok(Math.abs((one?.pValue ?? 1) - 0.0254573) < 1e-6, `${one?.pValue}`);
  assert.deepEqual([one?.verdict, any?.verdict], ['better', 'undecided']);
  assert.ok((one?.lower ?? 0) > (any?.lower ?? 0));
});

test('the margin of a guardrail makes the allowed value worse, whatever the sign of the mean', () => {
  const cases = [
    ['lower', 100, 110],
    ['lower', -100, -90],
    ['higher', 100, 90],
    ['higher', -100, -110],
  ] as const;
  for (const [direction, mean, allowed] of cases) {
    const guardrail = { name: 'm', direction, marginRelative: 0.1 };
    const same = guard(guardrail, pair(mean, mean), ANYTIME, 0.05);
    assert.ok(Math.abs((same.allowed ?? 0) - allowed) < 1e-9);
    assert.equal(same.verdict, 'kept');
    const beyond = mean + 1.5 * (allowed - mean);
    assert.equal(guard(guardrail, pair(mean, beyond), ANYTIME, 0.05).verdict, 'broken');
    assert.equal(guard(guardrail, pair(mean, allowed), ANYTIME, 0.05).verdict, 'open');
  }
  const absolute = { name: 'm', direction: 'lower' as const, marginAbsolute: 3 };
  assert.equal(guard(absolute, pair(0, 0), ANYTIME, 0.05).allowed, 3);
});

test('nothing is said of too few units, nor where neither arm shows a spread', () => {
  const few = { ...pair(1, 2), treatment: { count: 1, mean: 2, variance: 0 } };
  assert.deepEqual(
    [compare(METRIC, few, ANYTIME, 0.05).effect, compare(METRIC, few, FIXED, 0.05).effect],
    [null, null],
  );
  const still = compare(METRIC, pair(1, 2, 0), ANYTIME, 0.05);
  assert.deepEqual([still.effect, still.lower, still.verdict], [1, null, 'undecided']);
});
