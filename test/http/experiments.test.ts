// A/B tests over HTTP: created, started, asked, recorded and judged.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secureBytes, systemClock } from '../../src/base/index.ts';
import { KeyStore } from '../../src/http/index.ts';
import { serve } from './support.ts';

const draft = {
  id: 'threats',
  targetMetric: 'accuracy',
  models: [
    { modelId: 'v1', isControl: true, trafficPct: 50 },
    { modelId: 'v2', isControl: false, trafficPct: 50 },
  ],
};

test('an experiment from its draft to its result', async (t) => {
  const served = await serve(t, { abDefaults: { minimumSamples: 50, stickyAssignment: true } });
  const post = (url: string, payload: object = {}) =>
    served.ask({ method: 'POST', url: `/api/v1/experiments${url}`, payload });
  const get = (url: string) => served.well({ url: `/api/v1/experiments${url}` });
  const made = await post('', { ...draft, reason: 'planned' });
  assert.deepEqual([made.status, made.body['status'], made.body['minimumSamples']], [201, 'draft', 50]);
  for (const odd of [
    { guardrail: [] },
    { guardrails: [{ name: 'latencyMs', direction: 'lower', margin: 0.1 }] },
    { analysis: { aplha: 0.01 } },
  ]) {
    const refused = await post('', { ...draft, id: 'odd', ...odd });
    assert.deepEqual([refused.status, (refused.body['error'] as { code: string }).code], [400, 'USAGE']);
  }
  const early = await post('/threats/records', { records: [{ modelId: 'v1', values: { accuracy: 1 } }] });
  assert.deepEqual([early.status, (early.body['error'] as { code: string }).code], [409, 'REFUSED']);
  assert.equal((await post('/threats/start', { reason: 'go' })).body['status'], 'running');

  const arms = new Map<string, string>();
  for (let i = 0; i < 400; i += 1) {
    const { modelId } = await get(`/threats/assignments/user-${i}`);
    arms.set(`user-${i}`, String(modelId));
  }
  const records = [...arms].map(([unit, arm], i) => ({
    ...{ id: `request-${i}`, unit, values: { accuracy: arm === 'v2' || i % 3 === 0 ? 1 : 0 } },
  }));
  const answer = await post('/threats/records', { records });
  assert.deepEqual(new Set(answer.body['outcomes'] as string[]), new Set(['counted']));
  const again = await post('/threats/records', { records: records.slice(0, 3) });
  assert.deepEqual(again.body['outcomes'], ['repeated', 'repeated', 'repeated']);

  const results = await get('/threats/results');
  assert.deepEqual(
    [results['records'], results['recommendation'], results['winner']],
    [400, 'rollout', 'v2'],
  );
  assert.match(String(results['rule']), /accuracy is better .*higher is better/);
  assert.equal((results['target'] as { verdict: string }[])[0]?.verdict, 'better');
  assert.equal((await post('/threats/stop')).body['status'], 'complete');
  assert.deepEqual(
    ((await get('?status=complete'))['experiments'] as { id: string }[]).map(({ id }) => id),
    ['threats'],
  );
  assert.equal((await get('/threats'))['records'], 400);
  const audit = await served.well({ url: '/api/v1/audit?subject=ab-test%20threats' });
  assert.deepEqual(
    (audit['entries'] as { action: string; reason: string }[]).map(({ action, reason }) => [action, reason]),
    [
      ['ab-test.create', 'planned'],
      ['ab-test.transition', 'go'],
      ['ab-test.transition', ''],
    ],
  );
});

test('what is wrong is said with a code', async (t) => {
  const served = await serve(t);
  await served.ask({ method: 'POST', url: '/api/v1/experiments', payload: draft });
  await served.ask({ method: 'POST', url: '/api/v1/experiments/threats/start', payload: {} });
  const shares = (control: number, treatment: number) => ({
    ...draft,
    id: 'other',
    models: [
      { modelId: 'v1', isControl: true, trafficPct: control },
      { modelId: 'v2', isControl: false, trafficPct: treatment },
    ],
  });
  const records = (...all: object[]) => ({ records: all });
  const cases: readonly [string, object, number, string][] = [
    ['', shares(100, 0), 400, 'USAGE'],
    ['', shares(100, 30), 400, 'USAGE'],
    ['', draft, 409, 'EXISTS'],
    ['/none/start', {}, 404, 'MISSING'],
    ['/threats/start', {}, 409, 'REFUSED'],
    ['/threats/coverage', { coverage: 0 }, 400, 'USAGE'],
    ['/threats/evidence', { name: 'none', version: 'v1' }, 409, 'REFUSED'],
    ['/threats/evidence', { name: 'none', version: 'v1', treatment: 'v9' }, 404, 'MISSING'],
    ['/threats/records', records({ modelId: 'v3', values: { accuracy: 1 } }), 404, 'MISSING'],
    ['/threats/records', records({ modelId: 'v1', values: { f1: 1 } }), 400, 'USAGE'],
    ['/threats/records', records({ modelId: 'v1', values: { accuracy: null } }), 400, 'USAGE'],
  ];
  for (const [url, payload, status, code] of cases) {
    const answer = await served.ask({ method: 'POST', url: `/api/v1/experiments${url}`, payload });
    assert.deepEqual(
      [answer.status, (answer.body['error'] as { code: string }).code],
      [status, code],
      answer.text,
    );
  }
});

test('who may: viewers look, contributors record, approvers start; keys for some models do none of it', async (t) => {
  const served = await serve(t);
  const { state, registry } = served.server.directory;
  const store = await KeyStore.open({
    state,
    audit: registry.audit,
    clock: systemClock,
    random: secureBytes,
  });
  const created = [
    await store.create({ name: 'v', role: 'viewer' }),
    await store.create({ name: 'c', role: 'contributor' }),
    await store.create({ name: 'a', role: 'approver' }),
    await store.create({ name: 's', role: 'approver', models: ['trees'] }),
  ];
  await served.server.runChores();
  const records = { records: [{ modelId: 'v1', values: { accuracy: 1 } }] };
  const calls: readonly (readonly [string, string, object | undefined])[] = [
    ['GET', '', undefined],
    ['POST', '', draft],
    ['POST', '/threats/start', {}],
    ['POST', '/threats/records', records],
  ];
  const seen: number[][] = [];
  for (const { key } of created) {
    const row: number[] = [];
    for (const [method, path, payload] of calls) {
      const headers = { authorization: `Bearer ${key}` };
      const call = { method: method as 'GET', url: `/api/v1/experiments${path}`, headers };
      row.push((await served.ask({ ...call, ...(payload === undefined ? {} : { payload }) })).status);
    }
    seen.push(row);
  }
  assert.deepEqual(seen, [
    [200, 403, 403, 403],
    [200, 201, 403, 409],
    [200, 409, 200, 200],
    [403, 403, 403, 403],
  ]);
});
