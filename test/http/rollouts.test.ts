// Rollouts over HTTP: started, told of decisions, rolled back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../src/base/index.ts';
import type { RolloutStatus } from '../../src/lifecycle/index.ts';
import { stage } from './models.ts';
import { type Served, serve } from './support.ts';

const post = (url: string, payload: object = {}) => ({
  method: 'POST' as const,
  url: `/api/v1${url}`,
  payload,
});

const staged = (served: Served): Promise<string> => stage(served.server.directory.registry, 'trees', 1);

test('a rollout is started, told of decisions and rolled back', async (t) => {
  const served = await serve(t);
  await staged(served);
  const [step] = [{ share: 0.5, durationMs: 0, minEvidence: { model: 10, rule: 10 } }];
  const cost = { metric: 'cost', better: 'lower', low: 0, high: 2 };
  const plan = { name: 'two', regions: ['eu'], guardrails: [cost], steps: [step, { ...step, share: 1 }] };
  const made = await served.ask(post('/rollouts', { id: 'one', model: 'trees', version: 'v1.0.0', plan }));
  assert.equal(made.status, 201, made.text);
  assert.equal((await served.well(post('/rollouts/one/advance')))['phase'], 'running');
  const metrics = async (): Promise<string> => (await served.ask({ method: 'GET', url: '/metrics' })).text;
  assert.match(
    await metrics(),
    /^pilotfish_rollout_share_ratio\{rollout="one",model="trees",region="eu"\} 0\.5$/m,
  );
  const rng = new FastRng(1);
  const observations = Array.from({ length: 2000 }, () => {
    const arm = rng.next() < 0.5 ? 'model' : 'rule';
    return { region: 'eu', metric: 'cost', arm, propensity: 0.5, value: arm === 'model' ? 1 : 0.5 };
  });
  const after = (await served.well(
    post('/rollouts/one/observations', { observations }),
  )) as unknown as RolloutStatus;
  assert.deepEqual([after.phase, after.verdict], ['rolled-back', 'Failed']);
  assert.match(String(after.tracks[0]?.guardrails[0]?.breach), /worse than under the rule/);
  const shown = await served.well({ method: 'GET', url: '/api/v1/rollouts/one' });
  assert.deepEqual(
    (shown['events'] as { kind: string }[]).map(({ kind }) => kind),
    ['started', 'waiting', 'rolled-back'],
  );
  assert.match(await metrics(), /^pilotfish_rollouts\{phase="rolled-back"\} 1$/m);
  const { rollouts } = (await served.well({
    method: 'GET',
    url: '/api/v1/rollouts?model=trees',
  })) as unknown as {
    rollouts: RolloutStatus[];
  };
  assert.equal(rollouts.length, 1);
  assert.equal(
    (await served.server.directory.registry.versions.get({ name: 'trees', version: 'v1.0.0' })).status,
    'testing',
  );
});

test('bad input is refused with a code', async (t) => {
  const served = await serve(t);
  await staged(served);
  const status = async (call: Parameters<Served['ask']>[0]): Promise<number> =>
    (await served.ask(call)).status;
  const body = { model: 'trees', version: 'v1.0.0' };
  assert.equal(await status(post('/rollouts', { ...body, plan: 'unheard-of' })), 400);
  assert.equal(await status(post('/rollouts', { ...body, regions: [] })), 400);
  assert.equal(await status(post('/rollouts', { ...body, version: 'v9' })), 404);
  assert.equal(await status(post('/rollouts', { ...body, id: 'one', plan: 'document-002' })), 201);
  assert.equal(await status(post('/rollouts', body)), 409);
  assert.equal(await status(post('/rollouts/two/advance')), 404);
  assert.equal(await status(post('/rollouts/one/resume')), 409);
  await served.well(post('/rollouts/one/advance'));
  const told = (more: object) => ({ metric: 'cost', arm: 'model', propensity: 0.05, value: 1, ...more });
  for (const wrong of [
    { metric: 'speed' },
    { propensity: 0 },
    { propensity: 1.3 },
    { arm: 'both' },
    { value: 'x' },
  ]) {
    const answer = await served.ask(
      post('/rollouts/one/observations', { observations: [told({}), told(wrong)] }),
    );
    assert.ok([400, 404].includes(answer.status), answer.text);
  }
  const now = await served.well({ method: 'GET', url: '/api/v1/rollouts/one' });
  const [guardrail] = (now['rollout'] as RolloutStatus).tracks[0]?.guardrails.slice(1) ?? [];
  assert.equal(guardrail?.model.count, 0, 'all or none');
});
