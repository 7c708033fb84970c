import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng, hasCode } from '../../../base/index.ts';
import { differenceSequence, summarize } from '../../../learn/index.ts';
import { eventsAfter } from '../../registry/index.ts';
import type { Experiment } from '../definition/types.ts';
import type { ABTestManager } from '../manager.ts';
import type { ExperimentRecord } from '../records/types.ts';
import { laboratory, running } from '../testing/laboratory.ts';

const BATCH = 500;

/** Records `count` units, each once, with the values `of` says for its arm. */
async function record(
  manager: ABTestManager,
  id: string,
  {
    count,
    from = 0,
    of,
  }: { count: number; from?: number; of: (arm: string, unit: number) => Omit<ExperimentRecord, 'unit'> },
): Promise<void> {
  let batch: ExperimentRecord[] = [];
  for (let i = from; i < from + count; i += 1) {
    const unit = `user-${i}`;
    batch.push({ unit, ...of(await manager.getModelAssignment(id, unit), i) });
    if (batch.length < BATCH && i < from + count - 1) continue;
    await manager.recordMany(id, batch);
    batch = [];
  }
}

const accuracies = (rng: FastRng, rates: Readonly<Record<string, number>>) => (arm: string) => ({
  values: { accuracy: rng.next() < (rates[arm] ?? 0) ? 1 : 0 },
});
/** Moments of what an arm was recorded with. */
const arm = (records: readonly { modelId: string; values: { accuracy: number } }[], of: string) =>
  summarize(records.filter(({ modelId }) => modelId === of).map(({ values }) => values.accuracy));
const few: Partial<Experiment> = { minimumSamples: 200 };

test('a better treatment is rolled out, a worse one back, and one that is neither goes on', async () => {
  const cases = [
    [{ v1: 0.5, v2: 0.65 }, 'rollout', 'v2', /v2 is better in accuracy/],
    [{ v1: 0.65, v2: 0.5 }, 'rollback', null, /v2 is worse in accuracy/],
    [{ v1: 0.5, v2: 0.5 }, 'continue', null, /no difference in accuracy is shown yet/],
  ] as const;
  for (const [rates, recommendation, winner, reason] of cases) {
    const { manager } = laboratory();
    const id = await running(manager, few);
    await record(manager, id, { count: 2000, of: accuracies(new FastRng(1), rates) });
    const found = await manager.getRecommendation(id);
    assert.deepEqual([found.recommendation, found.evidence.winner], [recommendation, winner]);
    assert.match(found.reason, reason);
  }
});

test('nothing is decided before every arm has the units it needs, 1000 unless said', async () => {
  const { manager } = laboratory();
  const id = await running(manager);
  await record(manager, id, {
    count: 1500,
    of: (arm) => ({ values: { accuracy: arm === 'v2' ? 0.9 : 0.1 } }),
  });
  const early = await manager.getRecommendation(id);
  assert.equal(early.recommendation, 'continue');
  assert.match(early.reason, /of 1000 units/);
  assert.equal(early.evidence.minimumSamples, 1000);
});

test('lower is better where the experiment says so: the slower arm does not win', async () => {
  const { manager } = laboratory();
  const latency = { name: 'latencyMs', direction: 'lower' as const };
  const id = await running(manager, { ...few, targetMetric: latency });
  const rng = new FastRng(2);
  await record(manager, id, {
    count: 1000,
    of: (arm) => ({ values: { latencyMs: (arm === 'v2' ? 60 : 50) + rng.normal() } }),
  });
  const { recommendation, target, rule } = await manager.getExperimentResults(id);
  assert.deepEqual([recommendation, target[0]?.verdict], ['rollback', 'worse']);
  assert.ok((target[0]?.effect ?? 0) > 9);
  assert.match(rule, /lower is better/);
});

test('a guardrail holds a better treatment back until it is shown to be kept, and turns one back that breaks it', async () => {
  const guardrails = [{ name: 'latencyMs', direction: 'lower' as const, marginRelative: 0.1 }];
  const rng = new FastRng(3);
  const verdictAt = async (slower: number, noise: number) => {
    const { manager } = laboratory();
    const id = await running(manager, { ...few, guardrails });
    const of = (arm: string) => ({
      values: {
        accuracy: rng.next() < (arm === 'v2' ? 0.8 : 0.5) ? 1 : 0,
        latencyMs: 50 + (arm === 'v2' ? slower : 0) + noise * rng.normal(),
      },
    });
    await record(manager, id, { count: 1000, of });
    const { recommendation, guardrails: found, reason } = await manager.getExperimentResults(id);
    return [recommendation, found[0]?.verdict, reason] as const;
  };
  assert.deepEqual((await verdictAt(0, 1)).slice(0, 2), ['rollout', 'kept']);
  const [recommendation, verdict, reason] = await verdictAt(20, 1);
  assert.deepEqual([recommendation, verdict], ['rollback', 'broken']);
  assert.match(reason, /v2 breaks the guardrail latencyMs/);
  const open = await verdictAt(4, 60);
  assert.deepEqual(open.slice(0, 2), ['continue', 'open']);
  assert.match(open[2], /a guardrail is not yet shown to be kept/);
});

test('a share of fallbacks may be a guardrail, also where the control never speaks of them', async () => {
  const { manager } = laboratory();
  const guardrails = [{ name: 'fallback', direction: 'lower' as const, marginAbsolute: 0.1 }];
  const id = await running(manager, { ...few, guardrails });
  const rng = new FastRng(4);
  await record(manager, id, {
    count: 2000,
    of: (arm) => ({
      values: { accuracy: rng.next() < 0.5 ? 1 : 0 },
      ...(arm === 'v2' ? { fellBack: rng.next() < 0.3 } : {}),
    }),
  });
  const { recommendation, guardrails: found } = await manager.getExperimentResults(id);
  assert.deepEqual([recommendation, found[0]?.verdict, found[0]?.allowed], ['rollback', 'broken', 0.1]);
});

test('of several treatments the best that qualifies wins', async () => {
  const { manager } = laboratory();
  const id = await running(manager, {
    ...few,
    models: ['v1', 'v2', 'v3', 'v4'].map((modelId) => ({
      modelId,
      isControl: modelId === 'v1',
      trafficPct: 25,
    })),
  });
  await record(manager, id, {
    count: 4000,
    of: accuracies(new FastRng(5), { v1: 0.5, v2: 0.66, v3: 0.75, v4: 0.4 }),
  });
  const { winner, target } = await manager.getExperimentResults(id);
  assert.equal(winner, 'v3');
  assert.deepEqual(
    target.map(({ verdict }) => verdict),
    ['better', 'better', 'worse'],
  );
});

test('alpha is divided among treatments: against one, the same records say more than against two', async () => {
  const widths = [];
  for (const others of [[], ['v3']]) {
    const { manager } = laboratory();
    const models = ['v1', 'v2', ...others].map((modelId) => ({ modelId, isControl: modelId === 'v1' }));
    const id = await running(manager, { ...few, models });
    const records = Array.from({ length: 400 }, (_, i) => ({
      modelId: i % 2 === 0 ? 'v1' : 'v2',
      values: { accuracy: i % 3 === 0 ? 1 : 0 },
    }));
    await manager.recordMany(id, records);
    const [found] = (await manager.getExperimentResults(id)).target;
    const options = { alpha: 0.05 / (1 + others.length) };
    const alone = differenceSequence(arm(records, 'v1'), arm(records, 'v2'), options);
    assert.ok(Math.abs((found?.upper ?? 0) - alone.upper) < 1e-12);
    widths.push(alone.upper - alone.lower);
  }
  assert.ok((widths[1] ?? 0) > (widths[0] ?? 0));
});

test('what breaks a guardrail alone need not break one of four: they share one alpha', async () => {
  const half = { count: 1000, mean: 0.5, variance: 1000 / 3996 };
  // Evidence of a p-value between a quarter of alpha and alpha.
  const worse = Array.from({ length: 500 }, (_, i) => 500 + i).find((ones) => {
    const mean = ones / 1000;
    const variance = (mean * (1 - mean) * 1000) / 999;
    return differenceSequence(half, { count: 1000, mean, variance }).pValue < 0.03;
  });
  const verdicts = [];
  for (const names of [['g1'], ['g1', 'g2', 'g3', 'g4']]) {
    const { manager } = laboratory();
    const guardrails = names.map((name) => ({ name, direction: 'lower' as const, marginAbsolute: 1e-9 }));
    const id = await running(manager, { ...few, guardrails });
    for (const [modelId, ones = 0] of [['v1', 500] as const, ['v2', worse] as const]) {
      const values = (i: number) => Object.fromEntries(names.map((name) => [name, i < ones ? 1 : 0]));
      const records = Array.from({ length: 1000 }, (_, i) => ({
        modelId,
        values: { accuracy: 1, ...values(i) },
      }));
      await manager.recordMany(id, records);
    }
    verdicts.push((await manager.getExperimentResults(id)).guardrails.map(({ verdict }) => verdict));
  }
  assert.deepEqual(verdicts, [['broken'], ['open', 'open', 'open', 'open']]);
});

test('secondary metrics are corrected for their number and decide nothing', async () => {
  const { manager } = laboratory();
  const secondaryMetrics = Array.from({ length: 8 }, (_, i) => ({
    name: `m${i}`,
    direction: 'higher' as const,
  }));
  const id = await running(manager, { ...few, secondaryMetrics });
  const rng = new FastRng(6);
  await record(manager, id, {
    count: 1000,
    of: (arm) => ({
      values: {
        accuracy: rng.next() < 0.5 ? 1 : 0,
        ...Object.fromEntries(
          secondaryMetrics.map(({ name }, i) => [name, rng.normal() + (i === 0 && arm === 'v2' ? 1 : 0)]),
        ),
      },
    }),
  });
  const { recommendation, secondary } = await manager.getExperimentResults(id);
  assert.equal(recommendation, 'continue');
  assert.deepEqual(
    secondary.filter(({ verdict }) => verdict !== 'undecided').map(({ metric }) => metric),
    ['m0'],
  );
  assert.ok(secondary.every(({ pValue }) => (pValue ?? 0) >= 0 && (pValue ?? 2) <= 1));
});

test('a split that is not as intended pauses the experiment and tells of it; nothing it says is trusted', async () => {
  const { manager, state, audit } = laboratory();
  const id = await running(manager, few);
  // A third of the treatment's units is lost on the way.
  let lost = 0;
  const batch: ExperimentRecord[] = [];
  for (let i = 0; i < 3000; i += 1) {
    const [unit, arm] = [`user-${i}`, await manager.getModelAssignment(id, `user-${i}`)];
    if (arm === 'v2' && i % 3 === 0) lost += 1;
    else batch.push({ unit, values: { accuracy: arm === 'v2' ? 1 : 0 } });
  }
  assert.ok(lost > 400);
  let counted = 0;
  const send = async (): Promise<void> => {
    for (; counted < batch.length; counted += 100)
      await manager.recordMany(id, batch.slice(counted, counted + 100));
  };
  await assert.rejects(
    send(),
    (error) => hasCode(error, 'REFUSED') && /sample-ratio mismatch/.test(error.message),
  );
  const { status, split, recommendation, reason } = await manager.getExperimentResults(id);
  assert.deepEqual([status, split.isMismatch, recommendation], ['paused', true, 'continue']);
  assert.match(reason, /no result can be trusted/);
  assert.equal(
    split.units.reduce((sum, count) => sum + count, 0),
    counted,
  );
  assert.equal((await manager.assign(id, 'user-1')).isIn, false);
  await assert.rejects(manager.startExperiment(id), (error) => hasCode(error, 'REFUSED'));
  assert.equal((await audit.entries({ subject: `ab-test ${id}` })).at(-1)?.actor, 'pilotfish');
  assert.equal((await eventsAfter(state, 0)).at(-1)?.data['status'], 'paused');
});

test('a fixed horizon has one look: what comes later changes nothing', async () => {
  const { manager } = laboratory();
  const id = await running(manager, { ...few, analysis: { method: 'fixed', samplesPerArm: 300 } });
  await record(manager, id, {
    count: 500,
    of: (arm, i) => ({ values: { accuracy: (arm === 'v2' ? 1 : 0) + (i % 2) } }),
  });
  const before = await manager.getExperimentResults(id);
  assert.equal(before.recommendation, 'continue');
  assert.match(before.reason, /of 300 units: there is one look/);
  await record(manager, id, {
    from: 500,
    count: 500,
    of: (arm, i) => ({ values: { accuracy: (arm === 'v2' ? 1 : 0) + (i % 2) } }),
  });
  const due = await manager.getExperimentResults(id);
  assert.equal(due.recommendation, 'rollout');
  await record(manager, id, { from: 1000, count: 3000, of: () => ({ values: { accuracy: 0 } }) });
  const after = await manager.getExperimentResults(id);
  assert.deepEqual([after.target, after.recommendation], [due.target, 'rollout']);
  assert.equal(after.records, 4000);
});

test('results before the first record are empty, and JSON', async () => {
  const { manager } = laboratory();
  const id = await running(manager, { guardrails: [{ name: 'cost', direction: 'lower' }] });
  const results = await manager.getExperimentResults(id);
  assert.deepEqual(JSON.parse(JSON.stringify(results)), results);
  assert.deepEqual(
    [results.target[0]?.effect, results.guardrails[0]?.verdict, results.recommendation],
    [null, 'open', 'continue'],
  );
});

test('a quantile may decide or guard: the tail is worse where the mean is better', async () => {
  const { manager } = laboratory();
  const p95 = { name: 'latency_p95', value: 'latencyMs', quantile: 0.95, direction: 'lower' as const };
  const id = await running(manager, {
    ...few,
    targetMetric: { name: 'latencyMs', direction: 'lower' },
    guardrails: [{ ...p95, marginRelative: 0.2 }],
    secondaryMetrics: [{ ...p95, name: 'latency_p50', quantile: 0.5 }],
  });
  const rng = new FastRng(7);
  const of = (arm: string) => {
    const isSlow = rng.next() < 0.1;
    const latencyMs = (arm === 'v2' ? (isSlow ? 40 : 5) : 10) * Math.exp(rng.normal() / 10);
    return { values: { latencyMs } };
  };
  await record(manager, id, { count: 3000, of });
  const { target, guardrails, secondary, arms, recommendation } = await manager.getExperimentResults(id);
  assert.deepEqual(
    [target[0]?.verdict, guardrails[0]?.verdict, recommendation],
    ['better', 'broken', 'rollback'],
  );
  assert.equal(secondary[0]?.verdict, 'better');
  const means = Object.fromEntries((arms[1]?.metrics ?? []).map(({ metric, mean }) => [metric, mean ?? 0]));
  assert.ok(Math.abs((means['latency_p50'] ?? 0) - 5.05) < 0.2, JSON.stringify(means));
  assert.ok(Math.abs((means['latency_p95'] ?? 0) - 40) < 2, JSON.stringify(means));
});

test('a quantile counts the first value of a unit, and says nothing while the sample is small', async () => {
  const { manager } = laboratory();
  const p99 = { name: 'p99', value: 'latencyMs', quantile: 0.99, direction: 'lower' as const };
  const id = await running(manager, { ...few, targetMetric: p99 });
  await record(manager, id, { count: 200, of: (_, i) => ({ values: { latencyMs: i } }) });
  await record(manager, id, { count: 200, of: () => ({ values: { latencyMs: 1e6 } }) });
  const { arms, target } = await manager.getExperimentResults(id);
  assert.deepEqual(
    arms.map(({ units }) => units).reduce((sum, count) => sum + count),
    200,
  );
  assert.ok(arms.every(({ metrics }) => (metrics[0]?.mean ?? 1e6) < 202));
  assert.deepEqual([target[0]?.effect, target[0]?.verdict], [null, 'undecided']);
});
