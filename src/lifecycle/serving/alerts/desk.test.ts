import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PilotfishError } from '../../../base/index.ts';
import { house, inProduction } from '../../registry/testing/house.ts';
import { type Alert, AlertDesk, type TrainingRequest } from './desk.ts';
import { checkAlertPolicy } from './policy.ts';

const MODEL = 'threat-detector';
const HOUR_MS = 3_600_000;

/** Two versions were in production, and after an hour an alert begins. */
async function scene() {
  const parts = house();
  const { registry, state, clock } = parts;
  await inProduction(registry, 'v1', 'first');
  await inProduction(registry, 'v2', 'second');
  clock.advance(HOUR_MS);
  const queued: TrainingRequest[] = [];
  const queueTraining = async (request: TrainingRequest): Promise<string> => String(queued.push(request));
  const open = () => new AlertDesk({ state, registry, clock, queueTraining });
  const alert = (more: Partial<Alert> = {}): Alert => ({
    ...{ fingerprint: 'a1', name: 'PilotfishModelAccuracyDropped', isFiring: true },
    ...{ startsMs: clock.nowMs(), model: MODEL, summary: 'five points less', ...more },
  });
  const present = async () => (await registry.transitions.production()).get(MODEL)?.at(-1)?.number;
  return { ...parts, queued, open, alert, present };
}

test('an accuracy alert goes one step back, once however often and by however many it is told', async () => {
  const { open, alert, present, registry, clock } = await scene();
  const desk = open();
  const told = alert();
  const all = await Promise.all([1, 2, 3].map(() => desk.receive(told, { actor: 'alertmanager' })));
  assert.deepEqual(
    all.map(({ state, isRepeated, detail }) => [state, isRepeated, detail]),
    [false, true, true].map((isRepeated) => ['done', isRepeated, `${MODEL} is back at version 1`]),
  );
  assert.equal(await present(), 1);
  clock.advance(100 * HOUR_MS);
  assert.equal((await open().receive(told)).isRepeated, true);
  assert.equal(await present(), 1);
  const entries = (await registry.audit.entries()).filter(({ reason }) => reason.startsWith('alert '));
  assert.deepEqual(
    entries.map(({ action, subject, actor, reason }) => [action, subject, actor, reason]),
    [
      ['version.transition', `${MODEL}/2`],
      ['version.transition', `${MODEL}/1`],
      ['alert.rollback', MODEL],
    ].map((start) => [...start, 'alertmanager', 'alert PilotfishModelAccuracyDropped: five points less']),
  );
});

test('what cannot be rolled back is refused for good, and says why', async () => {
  const { open, alert, present, clock } = await scene();
  const desk = open();
  await desk.receive(alert());
  clock.advance(25 * HOUR_MS);
  const next = alert({ fingerprint: 'a2' });
  const refused = await desk.receive(next);
  assert.equal(refused.state, 'refused');
  assert.match(refused.detail, /had no version in production before/);
  assert.deepEqual(await desk.receive(next), { ...refused, isRepeated: true });
  assert.equal(await present(), 1);
  assert.equal((await desk.receive(alert({ fingerprint: 'a3', model: 'nobody' }))).state, 'refused');
});

test('a version that came after the alert began stays', async () => {
  const { open, alert, present } = await scene();
  const { state, detail } = await open().receive(alert({ startsMs: -HOUR_MS }));
  assert.equal(state, 'refused');
  assert.match(detail, /came into production after the alert began/);
  assert.equal(await present(), 2);
});

test('an alert of another start waits until the pause is over', async () => {
  const { open, alert, queued, clock } = await scene();
  const desk = open();
  const old = { name: 'PilotfishModelOld', fingerprint: 'old' };
  assert.equal((await desk.receive(alert(old))).detail, 'training 1 is queued');
  clock.advance(HOUR_MS);
  const again = alert(old);
  assert.deepEqual(
    [(await desk.receive(again)).state, (await desk.receive(again)).isRepeated],
    ['ignored', false],
  );
  clock.advance(24 * HOUR_MS);
  assert.equal((await desk.receive(again)).state, 'done');
  assert.deepEqual(
    queued.map(({ model, reason }) => [model, reason]),
    [1, 2].map(() => [MODEL, 'alert PilotfishModelOld: five points less']),
  );
  assert.notEqual(queued[0]?.key, queued[1]?.key);
});

test('nothing follows what is over, unknown to the policy, or of no model', async () => {
  const { open, alert, present, queued } = await scene();
  const desk = open();
  for (const told of [{ isFiring: false }, { name: 'constructor' }, { model: undefined }]) {
    assert.equal((await desk.receive(alert(told))).state, 'ignored');
  }
  desk.setPolicy({ Mine: { action: 'train', pauseMinutes: 0, dataset: 'blocks.json' } });
  assert.equal((await desk.receive(alert())).state, 'ignored');
  assert.equal((await desk.receive(alert({ name: 'Mine' }))).state, 'done');
  assert.deepEqual([await present(), queued.map(({ dataset }) => dataset)], [2, ['blocks.json']]);
});

test('trouble of the moment is told to the sender, who tells the alert again', async () => {
  const { registry, state, clock, alert } = await scene();
  let isBusy = true;
  const queueTraining = async (): Promise<string> => {
    if (isBusy) throw new PilotfishError('LOCKED', 'another process holds the database: try again');
    return '7';
  };
  const desk = new AlertDesk({ state, registry, clock, queueTraining });
  const told = alert({ name: 'PilotfishModelOld' });
  await assert.rejects(desk.receive(told), { code: 'LOCKED' });
  isBusy = false;
  assert.equal((await desk.receive(told)).detail, 'training 7 is queued');
  assert.equal((await desk.receive(told)).isRepeated, true);
});

test('a rollback that was done and not recorded is not done again', async () => {
  const { registry, state, clock, alert, present } = await scene();
  const cut = {
    ...{ transitions: registry.transitions, audit: registry.audit },
    rollbackModel: async (name: string) => {
      await registry.rollbackModel(name);
      throw new PilotfishError('INTERRUPTED', 'killed here');
    },
  };
  const told = alert();
  await inProduction(registry, 'v3', 'third');
  const later = { ...told, startsMs: clock.nowMs() + 1 };
  await assert.rejects(new AlertDesk({ state, registry: cut, clock }).receive(later));
  assert.equal(await present(), 2);
  const { state: end, detail } = await new AlertDesk({ state, registry, clock }).receive(later);
  assert.deepEqual([end, detail, await present()], ['done', `${MODEL} is at version 2 already`, 2]);
});

test('without anyone who trains, a training is refused', async () => {
  const { registry, state, clock, alert } = await scene();
  const desk = new AlertDesk({ state, registry, clock });
  assert.equal((await desk.receive(alert({ name: 'PilotfishModelOld' }))).state, 'refused');
});

test('a policy that is none is refused, and the old one stays', async () => {
  const { open } = await scene();
  const desk = open();
  const before = desk.policy;
  for (const [policy, message] of [
    [[], /is an object/],
    [{ A: { action: 'delete' } }, /alerts\.A\.action is one of rollback, train/],
    [{ A: { action: 'train', after: 1 } }, /alerts\.A has no after/],
    [{ A: { action: 'train', pauseMinutes: -1 } }, /alerts\.A\.pauseMinutes/],
    [{ '': { action: 'train' } }, /1 to 128 characters/],
    [{ A: { action: 'rollback', dataset: 'x.json' } }, /alerts\.A\.dataset .* for the action train/],
  ] as const) {
    assert.throws(() => desk.setPolicy(policy as never), { code: 'USAGE', message });
  }
  assert.equal(desk.policy, before);
  assert.deepEqual(checkAlertPolicy({ A: { action: 'train' } }), {
    A: { action: 'train', pauseMinutes: 1440 },
  });
});
