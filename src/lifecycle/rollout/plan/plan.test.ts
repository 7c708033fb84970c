import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../../base/index.ts';
import { checkPlan } from './check.ts';
import { planFromArgo, planFromFlagger } from './import.ts';
import { COST, DOCUMENT_PLAN, PLANS, type RolloutPlan, STANDARD_PLAN } from './plan.ts';
import { count, limitPassed, newTally, type Verdict, verdictAtEnd } from './verdict.ts';

const isUsage = (error: unknown): boolean => hasCode(error, 'USAGE');

test('the plans that ship can be used', () => {
  for (const plan of Object.values(PLANS)) assert.equal(checkPlan(plan).steps.at(-1)?.share, 1);
});

test('what makes no sense is named', () => {
  const [first, ...rest] = STANDARD_PLAN.steps as [RolloutPlan['steps'][number], ...RolloutPlan['steps']];
  const wrong: Partial<RolloutPlan>[] = [
    { steps: [] },
    { steps: undefined as never },
    { steps: [{}] as never },
    { guardrails: [null] as never },
    { name: undefined as never },
    { steps: [{ ...first, share: 1.3 }, ...rest] },
    { steps: [{ ...first, share: -0.1 }, ...rest] },
    { steps: [{ ...first, share: Number.NaN }, ...rest] },
    { steps: [...rest, first] },
    { steps: rest.slice(0, -1) },
    { steps: rest.map((step) => ({ ...step, minEvidence: { model: 0, rule: 0 } })) },
    { steps: rest.map((step) => ({ ...step, minEvidence: { model: 5, rule: 0 } })) },
    { steps: rest.map((step) => ({ ...step, durationMs: -1 })) },
    { steps: rest.map((step) => ({ ...step, accuracy: { atLeast: 95, overMs: 1 } })) },
    { regions: [] },
    { regions: ['eu', 'eu'] },
    { regions: ['e u'] },
    { guardrails: [] },
    { guardrails: [COST, COST] },
    { guardrails: [{ ...COST, low: 2 }] },
    { guardrails: [{ ...COST, limit: 3 }] },
    { guardrails: [{ ...COST, effect: 0 }] },
    { guardrails: [{ ...COST, margin: -1 }] },
    { guardrails: [{ ...COST, high: 1e200 }] },
    { guardrails: [{ ...COST, low: 0, high: 5e-324 }] },
    { steps: [{ ...first, share: 5e-324 }, ...rest] },
    { alpha: 0 },
    { alpha: 5e-324 },
    { holdback: 0 },
    { holdback: 1e-17 },
    { holdback: 0.7 },
    { analysis: { failureLimit: -1 } },
    { hookThreshold: 0 },
    { patienceMs: -1 },
    { name: '' },
  ];
  for (const change of wrong) {
    assert.throws(() => checkPlan({ ...STANDARD_PLAN, ...change }), isUsage, JSON.stringify(change));
  }
});

test('Argo: the four cases when the last measurement is made', () => {
  const verdict = (
    measured: readonly Verdict[],
    failureLimit: number,
    consecutiveSuccessLimit: number,
  ): Verdict => {
    const tally = newTally();
    for (const each of measured) count(tally, each);
    const limits = { failureLimit, consecutiveSuccessLimit, inconclusiveLimit: -1, consecutiveErrorLimit: 4 };
    return verdictAtEnd(tally, limits);
  };
  const [S, F] = ['Successful', 'Failed'] as const;
  // failureLimit violated, consecutiveSuccessLimit satisfied; violated, not satisfied.
  assert.equal(verdict([F, F, S, S], 1, 2), 'Failed');
  assert.equal(verdict([F, F, S], 1, 2), 'Failed');
  // Not violated, satisfied; not violated, not satisfied.
  assert.equal(verdict([F, S, S], 1, 2), 'Successful');
  assert.equal(verdict([S, S, F], 1, 2), 'Inconclusive');
  // Ended before there was any: successful unless a limit was passed.
  assert.equal(verdict([], 0, 0), 'Successful');
  assert.equal(verdict([F], 0, 0), 'Failed');
  // With failures not counted only the row decides.
  assert.equal(verdict([F, F, F, S], -1, 2), 'Inconclusive');
  assert.equal(verdict([F, F, F, S, S], -1, 2), 'Successful');
});

test('errors count in a row, inconclusive looks in all', () => {
  const limits = {
    failureLimit: 0,
    consecutiveSuccessLimit: 0,
    inconclusiveLimit: 1,
    consecutiveErrorLimit: 2,
  };
  const tally = newTally();
  for (const each of ['Error', 'Error', 'Successful', 'Error', 'Error'] as const) count(tally, each);
  assert.equal(limitPassed(tally, limits), undefined);
  count(tally, 'Error');
  assert.equal(limitPassed(tally, limits), 'Error');
  const other = newTally();
  for (const each of ['Inconclusive', 'Successful', 'Inconclusive'] as const) count(other, each);
  assert.equal(limitPassed(other, limits), 'Inconclusive');
});

test("a canary in Argo's words", () => {
  const plan = planFromArgo({
    steps: [
      { setMirrorRoute: { name: 'mirror', percentage: 100 } },
      { pause: { duration: '1h30m' } },
      { setWeight: 5 },
      { pause: { duration: 60 } },
      { setWeight: 50 },
      { pause: {} },
    ],
  });
  assert.deepEqual(
    plan.steps.map(({ share, durationMs, needsApproval = false }) => [share, durationMs, needsApproval]),
    [
      [0, 5_400_000, false],
      [0.05, 60_000, false],
      [0.5, 0, true],
      [1, 0, false],
    ],
  );
  for (const steps of [[{ setWeight: 130 }], [{ setWeight: 5 }, { pause: { duration: 'soon' } }]]) {
    assert.throws(() => planFromArgo({ steps }), isUsage);
  }
  assert.throws(
    () => planFromArgo({ steps: [{ setCanaryScale: { weight: 5 } }] }),
    (error) => hasCode(error, 'UNSUPPORTED'),
  );
});

test("a canary in Flagger's words", () => {
  const even = planFromFlagger(
    { interval: '1m', threshold: 7, maxWeight: 50, stepWeight: 20 },
    { regions: ['eu'] },
  );
  assert.deepEqual(
    even.steps.map(({ share, durationMs }) => [share, durationMs]),
    [
      [0.2, 60_000],
      [0.4, 60_000],
      [0.5, 60_000],
      [1, 0],
    ],
  );
  assert.deepEqual([even.hookThreshold, even.regions], [7, ['eu']]);
  const given = planFromFlagger({ interval: '30s', stepWeights: [1, 10, 80], mirror: true });
  assert.deepEqual(
    given.steps.map(({ share }) => share),
    [0, 0.01, 0.1, 0.8, 1],
  );
  assert.throws(() => planFromFlagger({ interval: '30s', stepWeight: 0 }), isUsage);
  assert.throws(() => planFromFlagger({ interval: '30s', stepWeight: 1e-9 }), isUsage);
  assert.throws(() => planFromFlagger({ interval: 'x', stepWeight: 10 }), isUsage);
});

test("document 002's plan", () => {
  const DAY = 86_400_000;
  assert.deepEqual(
    DOCUMENT_PLAN.steps.map(({ share, durationMs }) => [share, durationMs / DAY]),
    [
      [0, 14],
      [0.05, 14],
      [0.25, 7],
      [0.5, 7],
      [0.75, 7],
      [1, 7],
      [1, 30],
    ],
  );
  assert.deepEqual(DOCUMENT_PLAN.steps[0]?.accuracy, { atLeast: 0.95, overMs: 7 * DAY });
});
