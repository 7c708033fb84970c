import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../../test/sim/disk.ts';
import { FastRng, hasCode, ManualClock, seededBytes } from '../../../base/index.ts';
import { eventsAfter, ModelRegistry, SqliteState } from '../../registry/index.ts';
import { COST, type RolloutPlan } from '../plan/plan.ts';
import { DAY_MS, decide, HOUR_MS } from '../testing/walk.ts';
import { RolloutManager, type RolloutManagerOptions } from './manager.ts';

const PLAN: RolloutPlan = {
  name: 'short',
  regions: ['default'],
  guardrails: [COST],
  steps: [
    { share: 0.5, durationMs: HOUR_MS, minEvidence: { model: 10, rule: 10 } },
    { share: 1, durationMs: HOUR_MS, minEvidence: { model: 10, rule: 1 } },
  ],
};
const EQUAL = { model: 0.9, rule: 0.9 };
const BAD = { model: 0.1, rule: 0.9 };
const passed = (kind: string) => ({ kind, passed: true, summary: 'as it must be' });

/** A registry in memory with one version in production and one in staging, and managers of its rollouts. */
async function house(options: RolloutManagerOptions = {}) {
  const clock = new ManualClock();
  const state = new SqliteState({ path: ':memory:', clock });
  const random = seededBytes(3);
  const registry = new ModelRegistry('/models', state, { fs: new SimFileSystem(), clock, random });
  const ids: string[] = [];
  for (const version of ['v1', 'v2']) {
    const metadata = { name: 'codec', version, algorithm: 'trees', framework: 'pilotfish' };
    const id = await registry.registerModel(metadata, Buffer.from(version));
    await registry.promoteModel(id, 'testing');
    await registry.promoteModel(id, 'staging', { evidence: [passed('evaluation')] });
    if (version === 'v1') await registry.promoteModel(id, 'production', { evidence: [passed('experiment')] });
    ids.push(id);
  }
  const manager = (): RolloutManager => new RolloutManager(state, registry, { clock, random, ...options });
  const statuses = async (): Promise<string[]> =>
    Promise.all(ids.map(async (id) => (await registry.getModel(id)).status));
  return {
    clock,
    state,
    registry,
    manager,
    statuses,
    rng: new FastRng(1),
    model: { name: 'codec', version: 2 },
  };
}

test('a good model goes to production, with evidence, an audit trail and events', async () => {
  const { clock, state, registry, manager, statuses, rng, model } = await house();
  const { id } = await manager().start({ model, plan: PLAN }, { actor: 'kim', reason: 'spring' });
  const live = await manager().attach(id, { actor: 'server' });
  for (let hour = 0; hour < 4; hour += 1) {
    await live.advance();
    decide(live.rollout, 500, { world: EQUAL, rng, nowMs: clock.nowMs() });
    clock.advance(HOUR_MS);
  }
  await live.settled();
  assert.deepEqual(await statuses(), ['archived', 'production']);
  const evidence = await registry.transitions.evidenceOf({ name: 'codec', version: 2 });
  assert.deepEqual(evidence.map(({ kind, passed: isPassed }) => [kind, isPassed]).at(-1), [
    'experiment',
    true,
  ]);
  const actions = (await registry.audit.entries())
    .map(({ action }) => action)
    .filter((each) => each.startsWith('rollout'));
  const steps = ['rollout.started', 'rollout.step', 'rollout.region-done', 'rollout.succeeded'];
  assert.deepEqual(actions, ['rollout.created', ...steps]);
  await registry.audit.verify();
  const told = (await eventsAfter(state, 0)).flatMap(({ data }) => data['rollout'] ?? []) as {
    kind: string;
  }[];
  assert.deepEqual(
    told.map(({ kind }) => `rollout.${kind}`),
    steps,
  );
  assert.deepEqual(
    (await manager().events(id)).map(({ kind }) => `rollout.${kind}`),
    steps,
  );
  // Vetoed later: what was in production before serves again.
  decide(live.rollout, 60_000, { world: BAD, rng, nowMs: clock.nowMs() });
  await live.settled();
  assert.deepEqual(await statuses(), ['production', 'archived']);
});

test('a bad one is rolled back without a look; the registry knows, and it needs new evidence', async () => {
  const { clock, registry, manager, statuses, rng, model } = await house();
  const { id } = await manager().start({ model, plan: PLAN });
  const live = await manager().attach(id);
  await live.advance();
  decide(live.rollout, 5000, { world: BAD, rng, nowMs: clock.nowMs() });
  assert.equal(live.shareOf(live.region('default')), 0);
  await live.settled();
  assert.deepEqual(await statuses(), ['production', 'testing']);
  const now = await manager().get(id);
  assert.deepEqual([now.phase, now.verdict], ['rolled-back', 'Failed']);
  const again = registry.transitions
    .promote(model, 'staging')
    .then(() => registry.transitions.promote(model, 'production'));
  await assert.rejects(again, (error) => hasCode(error, 'REFUSED') && /was rolled back/.test(error.message));
});

test('killed and attached again it goes on where it was kept; who fed it before hears of it', async () => {
  const { clock, manager, rng, model } = await house();
  const { id } = await manager().start({ model, plan: PLAN });
  const first = await manager().attach(id);
  await first.advance();
  decide(first.rollout, 100, { world: EQUAL, rng, nowMs: clock.nowMs() });
  await first.checkpoint();
  const kept = first.rollout.evidence();
  decide(first.rollout, 100, { world: EQUAL, rng, nowMs: clock.nowMs() });
  const second = await manager().attach(id);
  assert.deepEqual(
    second.rollout.evidence(),
    kept,
    'what was not kept is lost, and nothing is counted twice',
  );
  assert.notEqual(second.key, first.key);
  await assert.rejects(first.advance(), (error) => hasCode(error, 'LOCKED'));
  assert.equal(first.shareOf(first.region('default')), 0);
  assert.equal(second.shareOf(second.region('default')), 0.5);
});

test('commands of another process reach who feeds it; a rollback here outlives them', async () => {
  const { clock, manager, rng, model } = await house();
  const { id } = await manager().start({ model, plan: PLAN });
  const live = await manager().attach(id);
  await live.advance();
  await manager().pause(id, { actor: 'kim', reason: 'look' });
  await live.checkpoint();
  assert.equal(live.rollout.phase, 'paused');
  decide(live.rollout, 5000, { world: BAD, rng, nowMs: clock.nowMs() });
  assert.equal(live.rollout.phase, 'rolled-back');
  await live.settled();
  assert.equal((await manager().get(id)).phase, 'rolled-back');
  await assert.rejects(manager().resume(id), (error) => hasCode(error, 'REFUSED'));
});

test('what was commanded while a look was under way undoes no step, and ends what succeeded', async () => {
  const { clock, manager, statuses, rng, model } = await house();
  const { id } = await manager().start({ model, plan: PLAN });
  const live = await manager().attach(id);
  await live.advance();
  for (const step of [1, 2]) {
    decide(live.rollout, 500, { world: EQUAL, rng, nowMs: clock.nowMs() });
    clock.advance(HOUR_MS);
    await manager().pause(id);
    await manager().resume(id);
    await live.rollout.advance();
    await manager()
      .promote(id)
      .catch(() => undefined);
    await live.checkpoint();
    assert.equal(live.rollout.phase, step === 1 ? 'running' : 'succeeded');
  }
  assert.equal((await manager().get(id)).phase, 'succeeded');
  assert.deepEqual(await statuses(), ['archived', 'production']);
  await manager().rollback(id);
  await live.checkpoint();
  assert.equal(live.shareOf(live.region('default')), 0);
  assert.deepEqual(await statuses(), ['production', 'archived']);
});

test('one that no process feeds is looked at and told of decisions from outside', async () => {
  const { clock, manager, statuses, model } = await house();
  const { id } = await manager().start({ model, plan: PLAN });
  const early = manager().record(id, []);
  await assert.rejects(early, (error) => hasCode(error, 'REFUSED'));
  await manager().advance(id);
  const rng = new FastRng(5);
  const told = (bad: boolean) =>
    Array.from({ length: 500 }, () => {
      const arm = rng.next() < 0.5 ? ('model' as const) : ('rule' as const);
      return { metric: 'cost', arm, propensity: 0.5, value: bad && arm === 'model' ? 1.2 : 0.5 };
    });
  const batch = told(false);
  const one = await manager().record(id, batch, { batch: 'b-1' });
  const again = manager().record(id, batch, { batch: 'b-1' });
  await assert.rejects(again, (error) => hasCode(error, 'EXISTS'));
  assert.equal(
    Number(one.tracks[0]?.guardrails[0]?.model.count) + Number(one.tracks[0]?.guardrails[0]?.rule.count),
    500,
  );
  const wrong = manager().record(id, [
    ...told(false),
    { metric: 'cost', arm: 'model', propensity: 0.5, value: Number.NaN },
  ]);
  await assert.rejects(wrong, (error) => hasCode(error, 'NOT_FINITE'));
  const nobodys = [{ metric: 'cost', arm: 'modle', propensity: 0.5, value: 1 }] as never;
  const unsound = [manager().record(id, nobodys), manager().record(id, undefined as never)];
  for (const each of unsound) await assert.rejects(each, (error) => hasCode(error, 'USAGE'));
  assert.deepEqual((await manager().get(id)).tracks, one.tracks, 'all or none');
  clock.advance(HOUR_MS);
  await manager().lookDue();
  assert.equal((await manager().get(id)).tracks[0]?.step, 1);
  assert.equal((await manager().record(id, told(true))).phase, 'rolled-back');
  assert.deepEqual(await statuses(), ['production', 'testing']);
});

test('the registry hears of an end also when the process that fed it was killed before it could say so', async () => {
  const { clock, registry, manager, statuses, rng, model } = await house();
  const { id } = await manager().start({ model, plan: PLAN });
  const live = await manager().attach(id);
  await live.advance();
  const promote = registry.transitions.promote.bind(registry.transitions);
  registry.transitions.promote = () => Promise.reject(new RangeError('killed'));
  decide(live.rollout, 5000, { world: BAD, rng, nowMs: clock.nowMs() });
  await assert.rejects(live.settled(), RangeError);
  registry.transitions.promote = promote;
  assert.deepEqual(await statuses(), ['production', 'staging']);
  clock.advance(DAY_MS);
  await manager().lookDue();
  assert.deepEqual(await statuses(), ['production', 'testing']);
});

test('what was commanded while hooks were asked is not overwritten by the look', async () => {
  let command = async (): Promise<void> => undefined;
  const { manager, model } = await house({
    hooks: {
      'confirm-rollout': async () => {
        await command();
        return true;
      },
    },
  });
  const { id } = await manager().start({ model, plan: PLAN });
  command = async () => {
    command = async () => undefined;
    await manager().pause(id);
  };
  assert.equal((await manager().advance(id)).phase, 'paused');
});

test('what cannot be started is refused before anything changes', async () => {
  const { manager, registry, model } = await house();
  const before = await registry.audit.last();
  const cases: [Parameters<RolloutManager['start']>[0], string][] = [
    [{ model: { name: 'codec', version: 9 } }, 'MISSING'],
    [{ model, plan: { ...PLAN, steps: [] } }, 'USAGE'],
    [{ model, id: 'a b' }, 'USAGE'],
  ];
  for (const [draft, code] of cases) {
    await assert.rejects(manager().start(draft), (error) => hasCode(error, code as 'USAGE'));
  }
  assert.equal(await registry.audit.last(), before);
  await manager().start({ model, id: 'one' });
  await assert.rejects(manager().start({ model }), (error) => hasCode(error, 'EXISTS'));
  await manager().abort('one');
  await assert.rejects(
    manager().start({ model }),
    (error) => hasCode(error, 'REFUSED') && /is in testing/.test(error.message),
  );
  await assert.rejects(manager().get('two'), (error) => hasCode(error, 'MISSING'));
  await assert.rejects(manager().abort('one'), (error) => hasCode(error, 'REFUSED'));
});

test('hooks are asked from outside too, and what the registry was not told is told later', async () => {
  const asked: string[] = [];
  const { clock, state, registry, manager, statuses, model } = await house({
    hooks: { 'confirm-rollout': () => asked.push('confirm') > 1 },
  });
  const { id } = await manager().start({ model, plan: PLAN });
  assert.equal((await manager().advance(id)).phase, 'pending');
  assert.equal((await manager().advance(id)).phase, 'running');
  // Killed between the end and the registry.
  const promote = registry.transitions.promote.bind(registry.transitions);
  registry.transitions.promote = () => Promise.reject(new RangeError('killed'));
  await assert.rejects(manager().rollback(id));
  registry.transitions.promote = promote;
  assert.deepEqual(await statuses(), ['production', 'staging']);
  clock.advance(DAY_MS);
  await manager().lookDue();
  assert.deepEqual(await statuses(), ['production', 'testing']);
  // Killed between the registry and the note that it was told.
  await state.write((sql) => sql.run("UPDATE rollouts SET told = ''"));
  clock.advance(DAY_MS);
  await manager().lookDue();
  const rolledBack = (await registry.transitions.evidenceOf(model)).filter(
    ({ passed: isPassed }) => !isPassed,
  );
  assert.deepEqual([await statuses(), rolledBack.length], [['production', 'testing'], 1]);
  await state.close();
});
