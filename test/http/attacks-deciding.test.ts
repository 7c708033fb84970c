// What may be sent by who may send something, to blind a guardrail, stop a watch, or reach what is another's: experiments,
// rollouts, drift, rows in bulk, pipelines, policies, alerts and jobs.
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { FastRng, ManualClock, secureBytes, systemClock } from '../../src/base/index.ts';
import { KeyStore } from '../../src/http/index.ts';
import { StateJobQueue } from '../../src/lifecycle/index.ts';
import { temporaryFolder } from '../support.ts';
import { produce, stage } from './models.ts';
import { type Answer, type Served, serve } from './support.ts';

const post = (url: string, payload: object = {}, headers: Record<string, string> = {}) => ({
  ...{ method: 'POST' as const, url: `/api/v1${url}`, payload, headers },
});
const put = (url: string, payload: object) => ({ method: 'PUT' as const, url: `/api/v1${url}`, payload });
/** A body as its text is, whatever that says. */
const raw = (url: string, payload: string, type = 'application/json') => ({
  ...{ method: 'POST' as const, url: `/api/v1${url}`, payload, headers: { 'content-type': type } },
});
const codeOf = ({ status, body }: Answer): readonly [number, unknown] => [
  status,
  (body['error'] as { code?: unknown } | undefined)?.code,
];

async function keysOf(served: Served) {
  const { state, registry } = served.server.directory;
  const { audit } = registry;
  const keys = await KeyStore.open({ state, audit, clock: systemClock, random: secureBytes });
  return async (role: string, models?: readonly string[]) => {
    const { key } = await keys.create({ name: `${role} ${models?.join() ?? ''}`, role, models });
    await served.server.runChores();
    return { authorization: `Bearer ${key}` };
  };
}

/** Arms of decisions by lot, where the model costs twice what the rule does. */
function harm(count: number, seed: number): object[] {
  const rng = new FastRng(seed);
  return Array.from({ length: count }, () => {
    const arm = rng.next() < 0.5 ? 'model' : 'rule';
    return { metric: 'cost', arm, propensity: 0.5, value: arm === 'model' ? 1 : 0.5 };
  });
}

/** A version in staging. */
const staged = (served: Served): Promise<string> => stage(served.server.directory.registry, 'trees', 1);

const step = { share: 0.5, durationMs: 0, minEvidence: { model: 10, rule: 10 } };
const cost = { metric: 'cost', better: 'lower', low: 0, high: 2 };
const plan = {
  ...{ name: 'two', regions: ['default'], guardrails: [cost] },
  steps: [step, { ...step, share: 1 }],
};

test('a guardrail is not blinded by propensities next to nothing, nor by bounds beyond measure', async (t) => {
  const served = await serve(t);
  await staged(served);
  const start = (more: object) =>
    served.ask(
      post('/rollouts', { id: 'one', model: 'trees', version: 'v1.0.0', plan: { ...plan, ...more } }),
    );
  for (const bad of [
    { guardrails: [{ ...cost, low: -1e200, high: 1e200 }] },
    { guardrails: [{ ...cost, high: 5e-324 }] },
    ...[{ alpha: 5e-324 }, { holdback: 1e-17 }, { steps: [{ ...step, share: 5e-324 }, ...plan.steps] }],
  ]) {
    assert.deepEqual(codeOf(await start(bad)), [400, 'USAGE'], JSON.stringify(bad));
  }
  assert.equal((await start({})).status, 201);
  await served.well(post('/rollouts/one/advance'));
  const tell = (observations: object[]) => served.ask(post('/rollouts/one/observations', { observations }));
  for (const propensity of [0, 5e-324, 1e-300, 1e-7, 1 - 2 ** -53, 1, 2, -1]) {
    const poison = { metric: 'cost', arm: 'model', propensity, value: 2 };
    assert.deepEqual(codeOf(await tell([...harm(10, 1), poison])), [400, 'USAGE'], String(propensity));
  }
  const shown = await served.well({ url: '/api/v1/rollouts/one' });
  const [track] = (shown['rollout'] as { tracks: { guardrails: { model: { count: number } }[] }[] }).tracks;
  assert.equal(track?.guardrails[0]?.model.count, 0, 'none of a refused batch counts');
  assert.equal((await tell(harm(2000, 2))).body['phase'], 'rolled-back');
});

test('a rollout whose version was deleted on its way comes to its end', async (t) => {
  const served = await serve(t);
  const modelId = await staged(served);
  const draft = { id: 'one', model: 'trees', version: 'v1.0.0', plan };
  assert.equal((await served.ask(post('/rollouts', draft))).status, 201);
  await served.well(post('/rollouts/one/advance'));
  await served.server.directory.registry.archiveModel(modelId);
  await served.server.directory.registry.deleteModel(modelId);
  assert.equal((await served.well(post('/rollouts/one/abort')))['phase'], 'rolled-back');
  assert.equal((await served.well(post('/rollouts/one/advance')))['phase'], 'rolled-back');
});

test('values at the ends of numbers leave the alarms of drift to be read', async (t) => {
  const served = await serve(t, { driftDefaults: { windowSize: 200 } });
  const rng = new FastRng(2);
  const values = Array.from({ length: 500 }, () => rng.normal());
  const features = { size: values, constructor: values, tiny: values.map((value) => value * 1e-320) };
  await served.well(put('/drift/baseline', { features }));
  for (const end of [1e308, 1e154, 5e-324, -0]) {
    const rows = Array.from({ length: 400 }, (_, i) => ({
      ...{ size: i % 2 === 0 ? end : -end, constructor: end, tiny: -end },
    }));
    await served.well(post('/drift/record', { rows }));
    for (const path of [
      '/drift/alerts',
      '/drift',
      ...Object.keys(features).map((f) => `/drift/features/${f}`),
    ])
      await served.well({ url: `/api/v1${path}` });
  }
  const { alerts } = (await served.well({ url: '/api/v1/drift/alerts' })) as { alerts: object[] };
  assert.ok(alerts.length >= 3);
  const row = raw('/drift/record', '{"rows":[{"__proto__":1,"size":1}]}');
  assert.deepEqual((await served.ask(row)).body, { rows: 1 });
});

test('rows that were accepted are answered so, whatever their costs add up to', async (t) => {
  const served = await serve(t);
  await produce(served.server.directory.registry, 'trees', 1);
  await served.server.followed();
  const source = { features: ['a', 'constructor'], classes: ['x', 'y'], costs: 2, model: 'trees' };
  await served.well(put('/sources/s', source));
  const row = (id: string, cost: readonly number[]) =>
    JSON.stringify({
      ...{ kind: 'sample', id, features: { a: 1, constructor: 2 }, cost },
      ...{ label: 'x', decision: 'x', rule: 'y' },
    });
  const send = (lines: readonly string[]) =>
    served.well(raw('/ingest/s', lines.join('\n'), 'application/x-ndjson'));
  const ids = Array.from({ length: 40 }, (_, i) => `${i}`);
  const huge = await send(ids.map((id) => row(id, [1e308, 1e308])));
  assert.equal(huge['accepted'], 40);
  assert.equal((await send(ids.map((id) => row(`z${id}`, [1e300, 1e-300]))))['accepted'], 40);
  const twins = await send([row('\ud800', [1, 1]), row('\ud801', [1, 1]), '['.repeat(500_000)]);
  assert.deepEqual([twins['accepted'], twins['rejected']], [0, 3]);
  const lacks = { kind: 'sample', id: 'l', label: 'x', features: { a: 1 }, cost: [1, 1] };
  assert.equal((await send([JSON.stringify(lacks)]))['rejected'], 1, 'what an object inherits is no feature');
});

test('no experiment stops the metrics, grows without end, or counts two records as one', async (t) => {
  const served = await serve(t);
  const arm = (modelId: string, more: object = {}) => ({ modelId, isControl: modelId !== 'b', ...more });
  const make = (id: string, more: object = {}) =>
    served.ask(post('/experiments', { id, targetMetric: 'accuracy', models: [arm('a'), arm('b')], ...more }));
  assert.deepEqual(codeOf(await make('alpha', { analysis: { alpha: 5e-324 } })), [400, 'USAGE']);
  const nobody = [arm('a', { trafficPct: 100 }), arm('b', { trafficPct: 5e-324 })];
  assert.deepEqual(codeOf(await make('nobody', { models: nobody })), [400, 'USAGE']);
  const long = [arm('a', { value: 'x'.repeat(100_000) }), arm('b')];
  assert.deepEqual(codeOf(await make('long', { models: long })), [400, 'USAGE']);
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const nested = `{"id":"n","targetMetric":"m","models":[{"modelId":"a","isControl":true,"value":${deep}},{"modelId":"b","isControl":false}]}`;
  assert.deepEqual(codeOf(await served.ask(raw('/experiments', nested))), [400, 'USAGE']);
  const quoted = [arm('a"\\\n} 1\npilotfish_forged 1'), arm('b')];
  const secondary = Array.from({ length: 49 }, (_, i) => ({ name: `m${i}`, direction: 'higher' }));
  const analysis = { alpha: 1e-9 };
  const made = await make('e', { models: quoted, secondaryMetrics: secondary, analysis, minimumSamples: 2 });
  assert.equal(made.status, 201, made.text);
  await served.well(post('/experiments/e/start'));
  const record = (records: object[]) => served.ask(post('/experiments/e/records', { records }));
  const value = (modelId: string, accuracy: number) => ({ modelId, values: { accuracy, m0: accuracy } });
  await record([1, 0, 1e100, -1e100].flatMap((x) => [value('b', x), value(quoted[0]?.modelId ?? '', x)]));
  await served.well({ url: '/api/v1/experiments/e/results' });
  const { status, text } = await served.ask({ url: '/metrics' });
  assert.equal(status, 200);
  assert.doesNotMatch(text, /^pilotfish_forged/m);
  const half = (id: string) => ({ id, ...value('b', 1) });
  assert.deepEqual(codeOf(await record([half('\ud800'), half('\ud801')])), [400, 'USAGE']);
});

test('a pipeline takes no ids that are one on disk, and one that is damaged blinds no watch', async (t) => {
  const data = temporaryFolder(t);
  const served = await serve(t, { data });
  const learner = { kind: 'logistic', features: ['a'] };
  const make = (pipelineId: string, more: object = {}) =>
    served.ask(
      post('/pipelines', { pipelineId, name: pipelineId, strategy: 'incremental', learner, ...more }),
    );
  const wide = { kind: 'linear', features: Array.from({ length: 4096 }, (_, i) => `f${i}`) };
  const greedy = await make('wide', { learner: wide, maxBufferSize: 100_000 });
  assert.deepEqual(codeOf(greedy), [429, 'LIMIT']);
  for (const id of ['p', 'q']) assert.equal((await make(id)).status, 201);
  const send = (samples: object[]) => served.ask(post('/pipelines/p/samples', { samples }));
  const sample = (sampleId: string, a: number, label = 1) => ({ sampleId, features: { a }, label });
  assert.deepEqual(codeOf(await send([sample('\ud800', 1), sample('\ud801', 2)])), [400, 'USAGE']);
  assert.equal((await send([sample('s1', 1), sample('s2', -1e60), sample('s3', 5e-324)])).status, 200);
  assert.deepEqual(codeOf(await send([sample('s4', 1e308)])), [429, 'LIMIT']);
  await served.server.close();
  const db = new DatabaseSync(`${data}/registry.db`);
  db.exec(`UPDATE online_events SET body = '{"kind":' WHERE pipeline = 'p' AND seq = 2`);
  db.close();
  const again = await serve(t, { data });
  assert.deepEqual(codeOf(await again.ask({ url: '/api/v1/pipelines/p' })), [500, 'DAMAGED']);
  await again.well({ url: '/api/v1/pipelines/q' });
  await again.server.runChores();
  const { status, text } = await again.ask({ url: '/metrics' });
  assert.deepEqual([status, /^pilotfish_rollouts\{phase="running"\} 0$/m.test(text)], [200, true]);
  // The log is written at the end of a turn.
  await systemClock.turn();
  assert.ok(again.log.some(({ message }) => /^metrics: .*restore a backup/.test(String(message))));
});

test('a policy is no larger than a choice may take time, and is judged with turns for others', async (t) => {
  const served = await serve(t);
  const names = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i}`);
  const make = (policyId: string, arms: number, features: number) =>
    served.ask(post('/policies', { policyId, arms: names('a', arms), features: names('f', features) }));
  assert.deepEqual(codeOf(await make('large', 1000, 50)), [429, 'LIMIT']);
  assert.equal((await make('small', 50, 20)).status, 201);
  const context = Object.fromEntries(names('f', 20).map((name) => [name, 1]));
  for (let i = 0; i < 12; i += 1) {
    const { choiceId } = await served.well(post('/policies/small/choices', { context }));
    await served.well(post('/policies/small/rewards', { choiceId, reward: 1 }));
  }
  let isOver = false;
  const judged = served.well(post('/policies/small/evaluate', { policyId: 'small' })).then((answer) => {
    isOver = true;
    return answer;
  });
  // Answered while it is judged: twelve choices are four turns.
  let turns = 0;
  while (!isOver) {
    await systemClock.turn();
    turns += 1;
  }
  assert.equal((await judged)['choices'], 12);
  assert.ok(turns >= 4, `${turns} turns`);
});

test('an alert about one model does not speak for the model of a record', async (t) => {
  const served = await serve(t);
  const { state } = served.server.directory;
  for (const name of ['trees', 'others'])
    for (const value of [1, 2]) await produce(served.server.directory.registry, name, value);
  const fingerprint = 'c0ffee0000000001';
  await state.write(async (sql) => {
    const row = [fingerprint, 0, 'PilotfishModelAccuracyDropped', 'others', 'rollback', 'open', '', '2', 1];
    await sql.run('INSERT INTO alert_actions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)', ...row);
  });
  const mine = await (await keysOf(served))('approver', ['trees']);
  const alert = (model: string) => ({
    ...{ status: 'firing', startsAt: '1970-01-01T00:00:00Z', fingerprint },
    labels: { alertname: 'PilotfishModelAccuracyDropped', model },
  });
  const send = (model: string) => served.ask(post('/alerts', { version: '4', alerts: [alert(model)] }, mine));
  assert.equal((await send('others')).status, 403);
  const { outcomes } = (await send('trees')).body as { outcomes: { state: string; detail: string }[] };
  assert.deepEqual(
    outcomes.map((each) => each.state),
    ['ignored'],
  );
  assert.match(outcomes[0]?.detail ?? '', /about another model/);
  const production = await served.server.directory.registry.transitions.production();
  assert.equal(production.get('others')?.at(-1)?.number, 2);
});

/** What each role may ask beyond the one before it, of what decides. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  contributor: [
    ...['POST /drift/record', 'PUT /sources/{source}', 'POST /ingest/{source}', 'POST /experiments'],
    ...['POST /experiments/{id}/records', 'POST /rollouts/{id}/observations'],
    ...['POST /pipelines/{pipeline}/samples', 'POST /pipelines/{pipeline}/labels'],
    ...['POST /pipelines/{pipeline}/update', 'POST /policies/{policy}/choices'],
    ...['POST /policies/{policy}/rewards', 'POST /models/{name}/versions'],
  ],
  // What only looks, though it is asked with a body.
  viewer: ['POST /models/{name}/predict', 'POST /policies/{policy}/evaluate'],
};

test('viewers change nothing, contributors only tell, and a key for one model asks nothing about all', async (t) => {
  const served = await serve(t);
  const keyOf = await keysOf(served);
  const [viewer, contributor] = [await keyOf('viewer'), await keyOf('contributor')];
  const limited = await keyOf('admin', ['mine']);
  const { paths } = (await served.well({ url: '/openapi.json' })) as { paths: Record<string, object> };
  const routes = Object.entries(paths).flatMap(([path, ways]) =>
    Object.keys(ways).map((way) => [way.toUpperCase(), path.replace('/api/v1', '')] as const),
  );
  assert.ok(routes.length > 50);
  const ask = async (method: string, path: string, headers: Record<string, string>) => {
    const url = `/api/v1${path.replaceAll(/\{[^}]+\}/g, '1')}`;
    const body = method === 'GET' ? {} : { payload: {} };
    return (await served.ask({ method: method as 'POST', url, headers, ...body })).status;
  };
  for (const [method, path] of routes) {
    const route = `${method} ${path}`;
    if (method === 'GET') continue;
    const isOf = (role: string): boolean => CHANGES[role]?.includes(route) ?? false;
    assert.equal((await ask(method, path, viewer)) !== 403, isOf('viewer'), `a viewer and ${route}`);
    const tells = isOf('viewer') || isOf('contributor');
    assert.equal((await ask(method, path, contributor)) !== 403, tells, `a contributor and ${route}`);
  }
  const forAll = [
    '/experiments',
    '/experiments/1/results',
    '/pipelines',
    '/pipelines/1/updates',
    '/policies',
  ];
  for (const path of [...forAll, '/jobs', '/drift', '/drift/alerts', '/audit'])
    assert.equal(await ask('GET', path, limited), 403, path);
  for (const path of ['/verify', '/experiments/1/start', '/pipelines/1/update', '/jobs/1/cancel'])
    assert.equal(await ask('POST', path, limited), 403, path);
});

test('a job that kills its workers is given up', async (t) => {
  const served = await serve(t);
  const { state, registry } = served.server.directory;
  const clock = new ManualClock();
  const queue = new StateJobQueue(state, registry, { clock });
  const request = { modelName: 'compression_predictor', datasetPath: '/data/set.json' };
  const { id } = await queue.submit({ kind: 'train', request });
  const seen: (number | undefined)[] = [];
  for (let attempt = 0; attempt < 5; attempt += 1) {
    seen.push((await queue.claim('dies', 1000))?.token);
    clock.advance(1000);
  }
  assert.deepEqual(seen, [1, 2, 3, undefined, undefined]);
  const job = await queue.get(id);
  assert.deepEqual([job.status, job.failures], ['failed', 3]);
  assert.match(job.error ?? '', /fell silent 3 times/);
  const entries = await registry.audit.entries({ subject: `job/${id}` });
  assert.equal(entries.at(-1)?.action, 'job.fail');
});

test('a job names no folder to write to', async (t) => {
  const served = await serve(t);
  const request = { modelName: 'compression_predictor', datasetPath: '/data/set.json' };
  for (const config of [{ checkpointDir: '/etc' }, { logDir: '/etc' }]) {
    const answer = await served.ask(post('/jobs', { kind: 'train', request: { ...request, config } }));
    assert.deepEqual(codeOf(answer), [400, 'USAGE']);
    assert.match(answer.text, /a folder of its own/);
  }
  for (const modelName of ['__proto__', 'constructor', '../x']) {
    const answer = await served.ask(post('/jobs', { kind: 'train', request: { ...request, modelName } }));
    assert.deepEqual(codeOf(answer), [400, 'USAGE'], modelName);
  }
  const { state, registry } = served.server.directory;
  assert.deepEqual(await new StateJobQueue(state, registry).list(), []);
});

test('a round of chores is over when all of them are, also when one fails at once', async (t) => {
  const served = await serve(t);
  const { state } = served.server.directory;
  await state.write(async (sql) => {
    await sql.run("INSERT INTO api_keys VALUES ('x', 'x', 'viewer', '{', x'00', 1)");
  });
  const round = served.server.runChores();
  assert.equal(served.server.runChores(), round);
  await round;
  await systemClock.turn();
  assert.ok(served.log.some(({ level, message }) => level === 'error' && /JSON/.test(String(message))));
  await state.write(async (sql) => void (await sql.run("DELETE FROM api_keys WHERE id = 'x'")));
});
