import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../base/index.ts';
import { eventsAfter } from '../registry/index.ts';
import type { Experiment } from './definition/types.ts';
import { draft, laboratory, running, unitsIn } from './testing/laboratory.ts';

const code = (wanted: string, message?: RegExp) => (error: unknown) => {
  assert.ok(hasCode(error), String(error));
  assert.deepEqual([error.code, message?.test(error.message) ?? true], [wanted, true], error.message);
  return true;
};
const models = (...shares: readonly (number | undefined)[]) =>
  shares.map((trafficPct, arm) => ({ modelId: `v${arm + 1}`, isControl: arm === 0, trafficPct }));

test('without shares a treatment gets 10 %, an explicit one is kept, and sums near 100 become 100', async () => {
  const { manager } = laboratory();
  const sharesOf = async (id: string, given: ReturnType<typeof models>) =>
    (await manager.createExperiment(draft({ id, models: given }))).arms.map(({ trafficPct }) => trafficPct);
  assert.deepEqual(await sharesOf('a', models(undefined, undefined)), [90, 10]);
  assert.deepEqual(await sharesOf('b', models(undefined, undefined, undefined)), [80, 10, 10]);
  assert.deepEqual(await sharesOf('c', models(50, 50)), [50, 50]);
  const near = await sharesOf('d', models(33.3, 33.3, 33.3));
  assert.ok(Math.abs(near.reduce((sum, each) => sum + each, 0) - 100) < 1e-9);
});

test('an experiment that makes no sense is refused before anything is kept', async () => {
  const { manager, audit } = laboratory();
  const cases: readonly [Partial<Experiment>, RegExp][] = [
    [{ models: models(100, 0) }, /a trafficPct is 0/],
    [{ models: models(100, 30) }, /sums to 130 %/],
    [{ models: models(90, 40) }, /sums to 130 %/],
    [{ models: models(-10, 110) }, /a trafficPct is -10/],
    [{ models: models(Number.NaN, 50) }, /a trafficPct is NaN/],
    [{ models: models(50, undefined) }, /all of them one, or none/],
    [{ models: models(100) }, /2 to 10 variants/],
    [
      { models: [...models(50, 50)].map((model) => ({ ...model, isControl: true })) },
      /exactly one variant is the control/,
    ],
    [{ models: [...models(50, 50)].map((model) => ({ ...model, modelId: 'v1' })) }, /named by two variants/],
    [{ id: 'a:b' }, /the id of an experiment/],
    [{ targetMetric: 'latency_ms' }, /does not say what is better/],
    [{ targetMetric: { name: 'hits', direction: 'up' as 'higher' } }, /the direction of hits/],
    [{ secondaryMetrics: [{ name: 'accuracy', direction: 'higher' }] }, /accuracy is named twice/],
    [
      { guardrails: [{ name: 'latency', direction: 'lower', marginRelative: 0 }] },
      /the margin of latency is 0/,
    ],
    [{ minimumSamples: 0 }, /minimumSamples is 0/],
    [{ coverage: 0 }, /coverage is 0/],
    [{ coverage: 1.5 }, /coverage is 1.5/],
    [{ namespace: { name: 'x', from: 0.5, to: 0.5 } }, /a namespace has a name and a part/],
    [{ analysis: { method: 'fixed' } }, /needs analysis.samplesPerArm/],
    [{ analysis: { method: 'fixed', samplesPerArm: 999 } }, /samplesPerArm is below minimumSamples, 1000/],
    [{ analysis: { alpha: 0 } }, /alpha is 0/],
    [{ hash: 'md5' as 'pilotfish-1' }, /there is no hash md5/],
  ];
  for (const [bad, message] of cases)
    await assert.rejects(manager.createExperiment(draft(bad)), code('USAGE', message));
  assert.deepEqual(await manager.listExperiments(), []);
  assert.deepEqual(await audit.entries(), []);
});

test('states: what may follow what, who did it, and who is told', async () => {
  const { manager, audit, state } = laboratory();
  await manager.createExperiment(draft(), { actor: 'ann', reason: 'planned' });
  await assert.rejects(manager.createExperiment(draft()), code('EXISTS', /there is an experiment threats/));
  await assert.rejects(manager.pauseExperiment('threats'), code('REFUSED', /draft .*running or archived/));
  await assert.rejects(manager.startExperiment('other'), code('MISSING'));
  await manager.startExperiment('threats', { actor: 'ann' });
  await manager.pauseExperiment('threats', { reason: 'a holiday' });
  assert.equal((await manager.getExperiment('threats')).note, 'a holiday');
  await manager.startExperiment('threats');
  await manager.completeExperiment('threats');
  await assert.rejects(manager.startExperiment('threats'), code('REFUSED', /complete .*archived/));
  const { status } = await manager.archiveExperiment('threats');
  assert.equal(status, 'archived');
  const trail = await audit.entries({ subject: 'ab-test threats' });
  assert.deepEqual(
    trail.slice(0, 2).map(({ action, actor }) => [action, actor]),
    [
      ['ab-test.create', 'ann'],
      ['ab-test.transition', 'ann'],
    ],
  );
  assert.deepEqual(trail.map(({ after }) => (after as { status?: string }).status).slice(1), [
    'running',
    'paused',
    'running',
    'complete',
    'archived',
  ]);
  const events = await eventsAfter(state, 0);
  assert.deepEqual(events.map(({ entity, data }) => [entity, data['status']]).at(2), [
    'EXPERIMENT',
    'paused',
  ]);
  assert.equal(events.length, 6);
});

test('only a running experiment treats and counts; the others give the control', async () => {
  const { manager, clock } = laboratory();
  await manager.createExperiment(draft());
  const ask = async () => (await unitsIn(manager, 'threats', 'v1', 50)).length;
  const early = manager.record('threats', { modelId: 'v1', values: { accuracy: 1 } });
  await assert.rejects(early, code('REFUSED', /threats is draft: only a running one counts/));
  assert.equal((await manager.assign('threats', 'user-0')).isIn, false);
  await manager.startExperiment('threats');
  const [treated = ''] = await unitsIn(manager, 'threats', 'v2', 1);
  await manager.pauseExperiment('threats', { reason: 'odd' });
  assert.equal(await manager.getModelAssignment('threats', treated), 'v1');
  await assert.rejects(
    manager.record('threats', { unit: treated, values: { accuracy: 1 } }),
    code('REFUSED', /paused \(odd\)/),
  );
  await manager.startExperiment('threats');
  clock.advance(1001);
  assert.equal(await manager.getModelAssignment('threats', treated), 'v2');
  assert.equal(await ask(), 50);
});

test('another process sees a pause within a second, and assigns the same', async () => {
  const { manager, state, clock } = laboratory();
  const id = await running(manager);
  const other = new (await import('./manager.ts')).ABTestManager(state, { clock });
  const [treated = ''] = await unitsIn(manager, id, 'v2', 1);
  assert.equal(await other.getModelAssignment(id, treated), 'v2');
  await manager.pauseExperiment(id);
  clock.advance(1000);
  assert.equal(await other.getModelAssignment(id, treated), 'v1');
});

test('without stickiness every question is a draw, and its result is recorded under it', async () => {
  const { manager } = laboratory({ stickyAssignment: false });
  const id = await running(manager);
  const draws = await Promise.all(Array.from({ length: 60 }, () => manager.assign(id, 'user-1')));
  assert.equal(new Set(draws.map(({ modelId }) => modelId)).size, 2);
  assert.equal(new Set(draws.map(({ unit }) => unit)).size, 60);
  const records = draws.map(({ unit, modelId }) => ({ unit, modelId, values: { accuracy: 1 } }));
  assert.deepEqual(new Set(await manager.recordMany(id, records)), new Set(['counted']));
});

test('coverage grows and never shrinks; parts of a namespace that run do not overlap', async () => {
  const { manager } = laboratory();
  const id = await running(manager, { coverage: 0.2 });
  assert.equal((await manager.setCoverage(id, 0.5)).coverage, 0.5);
  await assert.rejects(manager.setCoverage(id, 0.4), code('REFUSED', /can only grow/));
  const part = (from: number, to: number) => ({ namespace: { name: 'checkout', from, to } });
  await running(manager, { id: 'first', ...part(0, 0.5) });
  await manager.createExperiment(draft({ id: 'second', ...part(0.4, 1) }));
  await assert.rejects(
    manager.startExperiment('second'),
    code('REFUSED', /first has a part of checkout from 0 to 0.5/),
  );
  await running(manager, { id: 'third', ...part(0.5, 1) });
  await manager.completeExperiment('first');
  await manager.completeExperiment('third');
  await manager.startExperiment('second');
});

test('a clock that goes back changes no order', async () => {
  const { manager, clock } = laboratory();
  const id = await running(manager);
  const { startedMs = 0 } = await manager.getExperiment(id);
  clock.advance(-3_600_000);
  await manager.record(id, { id: 'r', modelId: 'v1', values: { accuracy: 1 } });
  assert.equal(await manager.record(id, { id: 'r', modelId: 'v1', values: { accuracy: 1 } }), 'repeated');
  const { endedMs = 0, updatedMs, createdMs } = await manager.completeExperiment(id);
  assert.ok(createdMs <= startedMs && startedMs <= endedMs && endedMs <= updatedMs);
});
