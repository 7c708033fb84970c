// Two processes on one data directory, and a disk that is full.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../../test/support.ts';
import { FastRng, hasCode, ManualClock, PilotfishError, seededBytes } from '../../../base/index.ts';
import { openRegistry, type RegistryDirectory, type RegistryState } from '../../registry/index.ts';
import { COST, type RolloutPlan } from '../plan/plan.ts';
import { decide, HOUR_MS } from '../testing/walk.ts';
import { RolloutManager } from './manager.ts';

const PLAN: RolloutPlan = {
  name: 'short',
  regions: ['default'],
  guardrails: [COST],
  steps: [0.5, 1].map((share) => ({ share, durationMs: HOUR_MS, minEvidence: { model: 10, rule: 1 } })),
};
const EQUAL = { model: 0.9, rule: 0.9 };
const BAD = { model: 0.1, rule: 0.9 };

async function staged({ registry }: RegistryDirectory): Promise<{ modelId: string }> {
  const metadata = { name: 'codec', version: 'v1', algorithm: 'trees', framework: 'pilotfish' };
  const modelId = await registry.registerModel(metadata, Buffer.from('v1'));
  await registry.promoteModel(modelId, 'testing');
  const evidence = [{ kind: 'evaluation', passed: true, summary: 'as it must be' }];
  await registry.promoteModel(modelId, 'staging', { evidence });
  return { modelId };
}

test('a process that is killed in the middle of a rollout is followed by another', async (t) => {
  const clock = new ManualClock();
  const path = join(temporaryFolder(t), 'data');
  const open = () => openRegistry(path, { clock, random: seededBytes(1) });
  const managerOf = ({ state, registry }: RegistryDirectory) =>
    new RolloutManager(state, registry, { clock });
  const first = open();
  const { id } = await managerOf(first).start({ model: await staged(first), plan: PLAN });
  const one = await managerOf(first).attach(id);
  await one.advance();
  const rng = new FastRng(1);
  decide(one.rollout, 100, { world: EQUAL, rng, nowMs: clock.nowMs() });
  await one.checkpoint();
  const kept = one.rollout.evidence();
  // Another process, while the first still lives.
  const second = open();
  const two = await managerOf(second).attach(id);
  assert.deepEqual(two.rollout.evidence(), kept);
  await assert.rejects(one.checkpoint(), (error) => hasCode(error, 'LOCKED'));
  await first.close();
  decide(two.rollout, 500, { world: EQUAL, rng, nowMs: clock.nowMs() });
  clock.advance(HOUR_MS);
  await two.advance();
  assert.equal(two.rollout.tracks[0]?.step, 1);
  // Let go, it is looked at by whoever comes.
  await two.release();
  assert.equal((await managerOf(second).advance(id)).tracks[0]?.step, 1);
  await second.registry.audit.verify();
  await second.close();
});

test('a full disk delays what is kept, not the rollback; nothing is kept twice', async (t) => {
  const clock = new ManualClock();
  const directory = openRegistry(join(temporaryFolder(t), 'data'), { clock, random: seededBytes(2) });
  let isFull = false;
  const { state } = directory;
  const failing: RegistryState = {
    read: (work) => state.read(work),
    write: (work) =>
      isFull ? Promise.reject(new PilotfishError('NO_SPACE', 'the disk is full')) : state.write(work),
    onCommit: (listener) => state.onCommit(listener),
    backup: (path) => state.backup(path),
    close: () => state.close(),
  };
  const manager = new RolloutManager(failing, directory.registry, { clock });
  const { id } = await manager.start({ model: await staged(directory), plan: PLAN });
  const live = await manager.attach(id);
  await live.advance();
  isFull = true;
  decide(live.rollout, 5000, { world: BAD, rng: new FastRng(2), nowMs: clock.nowMs() });
  assert.equal(live.shareOf(live.region('default')), 0, 'the rule decides at once');
  await assert.rejects(live.settled(), (error) => hasCode(error, 'NO_SPACE'));
  assert.equal((await manager.get(id)).phase, 'running');
  isFull = false;
  await live.advance();
  await live.checkpoint();
  assert.equal((await manager.get(id)).phase, 'rolled-back');
  assert.deepEqual(
    (await manager.events(id)).map(({ kind }) => kind),
    ['started', 'rolled-back'],
  );
  await directory.close();
});

test('what happens while it is kept is kept the next time', async (t) => {
  const clock = new ManualClock();
  const directory = openRegistry(join(temporaryFolder(t), 'data'), { clock, random: seededBytes(3) });
  const { state } = directory;
  let meanwhile = (): void => undefined;
  const slow: RegistryState = {
    read: (work) => state.read(work),
    write: (work) =>
      state.write(async (sql) => {
        const result = await work(sql);
        meanwhile();
        return result;
      }),
    onCommit: (listener) => state.onCommit(listener),
    backup: (path) => state.backup(path),
    close: () => state.close(),
  };
  const manager = new RolloutManager(slow, directory.registry, { clock });
  const { id } = await manager.start({ model: await staged(directory), plan: PLAN });
  const live = await manager.attach(id);
  await live.advance();
  live.rollout.pause('first');
  meanwhile = () => {
    meanwhile = () => undefined;
    live.rollout.resume('second');
  };
  await live.checkpoint();
  assert.equal((await manager.get(id)).phase, 'paused');
  await live.checkpoint();
  assert.equal((await manager.get(id)).phase, 'running');
  const kinds = (await manager.events(id)).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['started', 'paused', 'resumed']);
  await directory.close();
});
