// `rollout` and `shadow`: what they print, refuse and end with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RolloutPlan, RolloutStatus, ShadowReport } from '../../src/lifecycle/index.ts';
import { Place, parseOne } from './support.ts';

const DATA = ['--data', 'data'];

class House extends Place {
  async told<T = RolloutStatus>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.inside([...args, '--json']);
    assert.equal(code, 0, stderr);
    return parseOne(stdout) as T;
  }

  async fails(error: string, ...args: string[]): Promise<string> {
    const ended = await this.inside(args);
    assert.notEqual(ended.code, 0);
    assert.match(ended.stderr, new RegExp(`^pilotfish: ${error}: `));
    return ended.stderr;
  }

  /** A registry with one version in staging. */
  async filled(): Promise<void> {
    this.write({ 'm.json': 'model' });
    const as = ['--name', 'codec', '--as', 'v1', '--algorithm', 'trees', '--framework', 'pilotfish'];
    await this.told('models', 'register', 'm.json', ...as, ...DATA);
    await this.told('models', 'promote', 'codec', 'v1', '--to', 'testing', ...DATA);
    const evidence = ['--evidence', 'evaluation: .95'];
    await this.told('models', 'promote', 'codec', 'v1', '--to', 'staging', ...evidence, ...DATA);
  }
}

test('plans: the ones that ship, a file, Argo and Flagger', async (t) => {
  const house = new House(t);
  const shipped = await house.told<RolloutPlan>(
    'rollout',
    'plan',
    '--plan',
    'document-002',
    '--region',
    'eu',
  );
  assert.deepEqual([shipped.steps.length, shipped.regions], [7, ['eu']]);
  const { stdout } = await house.inside(['rollout', 'plan', '--plan', 'document-002']);
  assert.match(stdout, /1 {2}shadow {3}14 d .*accuracy 0\.95 over 7 d\n {2}2 {2}5 % {6}14 d/);
  assert.match(stdout, /99 % {5}30 d .*without an error/);
  house.write({
    'argo.json': JSON.stringify({ steps: [{ setWeight: 20 }, { pause: { duration: '10m' } }] }),
    'flagger.json': JSON.stringify({ interval: '1m', stepWeight: 25, maxWeight: 50 }),
    'bad.json': JSON.stringify({ ...shipped, steps: [{ ...shipped.steps[0], share: 1.3 }] }),
    'own.json': JSON.stringify({ ...shipped, name: 'own' }),
  });
  const shares = async (...args: string[]): Promise<number[]> =>
    (await house.told<RolloutPlan>('rollout', 'plan', ...args)).steps.map(({ share }) => share);
  assert.deepEqual(await shares('--argo', house.path('argo.json')), [0.2, 1]);
  assert.deepEqual(await shares('--flagger', house.path('flagger.json')), [0.25, 0.5, 1]);
  assert.equal((await shares('--plan', house.path('own.json'))).length, 7);
  await house.fails('USAGE', 'rollout', 'plan', '--plan', house.path('bad.json'));
  await house.fails('USAGE', 'rollout', 'plan', '--plan', 'nowhere.json');
});

test('a rollout from start to rollback', async (t) => {
  const house = new House(t);
  await house.filled();
  const begun = await house.told('rollout', 'start', 'codec', 'v1', '--id', 'one', ...DATA);
  assert.deepEqual([begun.id, begun.phase, begun.version], ['one', 'pending', 1]);
  await house.fails('EXISTS', 'rollout', 'start', 'codec', 'v1', ...DATA);
  assert.equal((await house.told('rollout', 'advance', 'one', ...DATA)).phase, 'running');
  assert.match(
    await house.fails('REFUSED', 'rollout', 'promote', 'one', ...DATA),
    /0 of 500 decisions in shadow/,
  );
  assert.equal((await house.told('rollout', 'pause', 'one', '--reason', 'lunch', ...DATA)).phase, 'paused');
  assert.equal((await house.told('rollout', 'resume', 'one', ...DATA)).phase, 'running');
  const all = await house.told<{ rollouts: RolloutStatus[] }>('rollout', 'status', ...DATA);
  assert.deepEqual(
    all.rollouts.map(({ id }) => id),
    ['one'],
  );
  const rolledBack = await house.told('rollout', 'rollback', 'one', '--reason', 'complaints', ...DATA);
  assert.deepEqual([rolledBack.phase, rolledBack.reason], ['rolled-back', 'complaints']);
  await house.fails('REFUSED', 'rollout', 'abort', 'one', ...DATA);
  const { stdout } = await house.inside(['rollout', 'status', 'one', ...DATA]);
  assert.match(stdout, /^one {2}codec 1 {2}rolled-back {2}Failed: complaints\n/);
  assert.match(stdout, /started default\n.*paused: lunch\n.*resumed\n.*rolled-back: complaints\n/);
  const shown = await house.told<{ status: string }>('models', 'show', 'codec', 'v1', ...DATA);
  assert.equal(shown.status, 'testing');
  await house.fails('MISSING', 'rollout', 'status', 'two', ...DATA);
  await house.told('audit', 'verify', ...DATA);
});

test('shadow validate: what it says, and how it ends', async (t) => {
  const house = new House(t);
  const lines = Array.from({ length: 200 }, (_, i) =>
    JSON.stringify({
      time: `2026-03-0${1 + (i % 2)}T00:00:00Z`,
      choice: 'lz4',
      prediction: i % 50 === 0 ? 'none' : 'lz4',
    }),
  );
  house.write({ 'log.jsonl': `${lines.join('\n')}\nnonsense\n` });
  const log = house.path('log.jsonl');
  const good = await house.told<ShadowReport>('shadow', 'validate', '--log', log);
  assert.deepEqual([good.count, good.accuracy, good.bad, good.passed], [200, 0.98, 1, true]);
  const bad = await house.inside([
    'shadow',
    'validate',
    '--production-logs',
    log,
    '--target-accuracy',
    '0.99',
  ]);
  assert.equal(bad.code, 1);
  assert.match(
    bad.stdout,
    /^accuracy 0\.9800 of 200 decisions, between 0\.\d+ and [01]\.\d+ with 95 %\n {2}2026-03-01 {2}0\.9600 of 100\n/,
  );
  assert.match(bad.stdout, /1 line could not be read\ndoes not reach 0\.99\n$/);
  await house.fails('USAGE', 'shadow', 'validate');
  await house.fails('USAGE', 'shadow', 'validate', '--log', log, '--target-accuracy', '95');
  await house.fails('MISSING', 'shadow', 'validate', '--log', house.path('other'));
});
