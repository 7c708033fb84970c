// The typed client of the native API, beyond models: experiments, rollouts, drift, learning, rows in bulk.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FastRng, hasCode } from '../../src/base/index.ts';
import { type ClientSample, PilotfishClient } from '../../src/http/client/index.ts';
import type { ServerOptions } from '../../src/http/index.ts';
import type { DriftAlert, IngestRow, RolloutPlan } from '../../src/lifecycle/index.ts';
import { SEA_FEATURES, samplesOf, sea } from '../../src/lifecycle/online/testing/streams.ts';
import { constantModel, produce, TREES } from './models.ts';
import { type Served, serve } from './support.ts';

type Connected = { readonly served: Served; readonly client: PilotfishClient };

async function connected(t: TestContext, options: Partial<ServerOptions> = {}): Promise<Connected> {
  const served = await serve(t, options);
  return { served, client: new PilotfishClient({ url: await served.server.listen() }) };
}

async function staged(client: PilotfishClient): Promise<void> {
  await client.register({ ...TREES, version: 'v1' }, constantModel(1));
  await client.promote({ name: 'trees', version: 'v1' }, 'testing');
  const evidence = [{ kind: 'evaluation', passed: true, summary: 'as expected' }];
  await client.promote({ name: 'trees', version: 'v1' }, 'staging', { evidence });
}

const isRefused = (error: unknown): boolean => hasCode(error, 'REFUSED');

test('an experiment from its draft to the evidence for a version', async (t) => {
  const { client } = await connected(t, { abDefaults: { minimumSamples: 50, stickyAssignment: true } });
  const { experiments } = client;
  await staged(client);
  const models = ['v1', 'v2'].map((modelId, i) => ({ modelId, isControl: i === 0, trafficPct: 50 }));
  const made = await experiments.create({ id: 'threats', targetMetric: 'accuracy', models, coverage: 0.5 });
  assert.deepEqual([made.status, made.coverage, made.minimumSamples], ['draft', 0.5, 50]);
  await assert.rejects(experiments.record('threats', [{ unit: 'u', values: { accuracy: 1 } }]), isRefused);
  assert.equal((await experiments.start('threats', 'go')).status, 'running');
  assert.equal((await experiments.setCoverage('threats', 1)).coverage, 1);
  const records = [];
  for (let i = 0; i < 300; i += 1) {
    const { modelId, isIn } = await experiments.assign('threats', `user/${i}`);
    assert.ok(isIn);
    const accuracy = modelId === 'v2' || i % 3 === 0 ? 1 : 0;
    records.push({ id: `r${i}`, unit: `user/${i}`, values: { accuracy } });
  }
  const outcomes = await experiments.record('threats', [...records, records[0] ?? { values: {} }]);
  assert.deepEqual([outcomes.length, outcomes[0], outcomes.at(-1)], [301, 'counted', 'repeated']);
  const { winner, recommendation, target } = await experiments.results('threats');
  assert.deepEqual([winner, recommendation, target[0]?.verdict], ['v2', 'rollout', 'better']);
  const kept = await experiments.addEvidence('threats', { name: 'trees', version: 1, reason: 'tried' });
  assert.ok(kept.passed);
  const { evidence } = await client.show({ name: 'trees', version: 1 });
  assert.equal(evidence.at(-1)?.kind, 'experiment');
  assert.equal((await experiments.pause('threats')).status, 'paused');
  assert.equal((await experiments.stop('threats')).status, 'complete');
  assert.equal((await experiments.archive('threats')).status, 'archived');
  assert.equal((await experiments.show('threats')).status, 'archived');
  assert.deepEqual(
    (await experiments.list({ status: 'archived' })).map(({ id }) => id),
    ['threats'],
  );
});

test('a rollout is started, told of decisions, held, and rolled back', async (t) => {
  const { client } = await connected(t);
  const { rollouts } = client;
  await staged(client);
  const step = { share: 0.5, durationMs: 0, minEvidence: { model: 10, rule: 10 } };
  const cost = { metric: 'cost', better: 'lower', low: 0, high: 2 } as const;
  const plan: RolloutPlan = {
    ...{ name: 'two', regions: ['eu'], guardrails: [cost] },
    steps: [step, { ...step, share: 1 }],
  };
  const model = { name: 'trees', version: 1 };
  const { id, phase } = await rollouts.start({ id: 'one', model, plan, regions: ['eu', 'us'] }, 'planned');
  assert.deepEqual([id, phase], ['one', 'pending']);
  await assert.rejects(rollouts.start({ model }), (error) => hasCode(error, 'EXISTS'));
  assert.equal((await rollouts.advance('one')).phase, 'running');
  assert.equal((await rollouts.pause('one')).phase, 'paused');
  assert.equal((await rollouts.resume('one')).phase, 'running');
  const rng = new FastRng(1);
  const observations = Array.from({ length: 2000 }, () => {
    const arm = rng.next() < 0.5 ? ('model' as const) : ('rule' as const);
    return { region: 'eu', metric: 'cost', arm, propensity: 0.5, value: arm === 'model' ? 1 : 0.5 };
  });
  assert.equal((await rollouts.record('one', observations, 'first')).phase, 'rolled-back');
  const { rollout, events } = await rollouts.show('one');
  assert.deepEqual(
    [rollout.phase, rollout.verdict, events.at(-1)?.kind],
    ['rolled-back', 'Failed', 'rolled-back'],
  );
  assert.deepEqual(
    (await rollouts.list({ model: 'trees' })).map(({ tracks }) => tracks.map(({ region }) => region)),
    [['eu', 'us']],
  );
  await assert.rejects(rollouts.promote('none'), (error) => hasCode(error, 'MISSING'));
});

test('drift is recorded, told with its moments, and explained', async (t) => {
  const { client } = await connected(t, { driftDefaults: { windowSize: 200 } });
  const rng = new FastRng(1);
  const normals = (count: number, shift = 0) => Array.from({ length: count }, () => rng.normal() + shift);
  const [stream] = await client.drift.setBaseline({ size: normals(1000) }, { models: ['trees'] });
  assert.deepEqual([stream?.featureName, stream?.since, stream?.models], ['size', null, ['trees']]);
  await client.drift.record(normals(400, 4).map((size) => ({ size })));
  const [alert] = (await client.drift.alerts()) as [DriftAlert];
  assert.equal(alert.severity, 'critical');
  assert.ok(alert.detectedAt instanceof Date && alert.currentStats.updatedAt instanceof Date);
  assert.deepEqual(await client.drift.alerts(new Date('2999-01-01')), []);
  const [now] = await client.drift.status();
  assert.deepEqual(now?.since, alert.detectedAt);
  assert.equal((await client.drift.explain('size', 'feature')).alarms, 1);
  await assert.rejects(client.drift.record([{ other: 1 }]), (error) => hasCode(error, 'MISSING'));
});

test('a pipeline learns what it is sent, and says how it is doing', async (t) => {
  const { client, served } = await connected(t);
  const { online } = client;
  const learner = { kind: 'logistic', features: [...SEA_FEATURES] } as const;
  const made = await online.create({ pipelineId: 'sea', name: 'SEA', strategy: 'adaptive', learner });
  assert.deepEqual([made.status, made.lastError, made.accuracy.overall], ['active', undefined, undefined]);
  const samples = samplesOf(sea([{ samples: 400, bound: 8 }]));
  const added = await online.addSamples('sea', samples);
  assert.deepEqual([added.length, added[0]?.outcome], [400, 'added']);
  assert.deepEqual(await online.addSamples('sea', samples.slice(0, 1)), [
    { sampleId: 's0', outcome: 'duplicate' },
  ]);
  const { label, ...unlabelled } = { ...samples[0], sampleId: 'late', features: samples[0]?.features ?? {} };
  await online.addSamples('sea', [unlabelled]);
  assert.equal(await online.addLabel('sea', 'late', label ?? 0), 'added');
  await served.server.runChores();
  assert.ok((await online.status('sea')).updates.made > 0);
  assert.ok((await online.updates('sea', 1)).length === 1);
  await assert.rejects(online.triggerUpdate('sea'), isRefused);
  assert.equal((await online.pause('sea', 'a rest')).status, 'paused');
  assert.equal((await online.resume('sea')).status, 'active');
  assert.equal((await online.archive('sea')).status, 'archived');
  assert.deepEqual(
    (await online.list()).map(({ pipelineId }) => pipelineId),
    ['sea'],
  );
});

test('a policy chooses, and is judged by its log', async (t) => {
  const { policies } = (await connected(t)).client;
  const draft = { policyId: 'codec', arms: ['zstd', 'lz4'], features: ['entropy'], exploration: 0.5 };
  assert.equal((await policies.create(draft)).meanReward, undefined);
  const { choiceId, propensity } = await policies.choose('codec', { entropy: 1 }, { legal: ['lz4'] });
  assert.equal(propensity, 1);
  assert.equal(await policies.reward('codec', choiceId, 1), 'added');
  const judged = await policies.evaluate('codec', { arm: 'zstd' });
  assert.deepEqual([judged.snips, judged.dr.high], [undefined, Number.POSITIVE_INFINITY]);
  assert.deepEqual(await policies.list(), [await policies.status('codec')]);
});

test('jobs are queued, listed and taken back', async (t) => {
  const { jobs } = (await connected(t)).client;
  const request = { modelName: 'codec', datasetPath: '/data/blocks.json' } as const;
  const { id, worker } = await jobs.submit({ kind: 'train', request, dedupeKey: 'codec' }, 'planned');
  assert.deepEqual([id, worker], [1, undefined]);
  assert.deepEqual(
    (await jobs.list({ status: 'waiting' })).map((job) => [job.id, job.request]),
    [[1, request]],
  );
  assert.equal((await jobs.cancel(1)).status, 'cancelled');
});

test('rows are sent as they are made, and samples are read back', async (t) => {
  const { ingest } = (await connected(t)).client;
  await assert.rejects(ingest.send('blocks', []), (error) => hasCode(error, 'MISSING'));
  const made = await ingest.define('blocks', { features: ['size'], classes: ['zstd', 'lz4'] });
  assert.deepEqual([made.costs, made.model, made.rows], [0, null, 0]);
  const row = (i: number): IngestRow => ({
    ...{ kind: 'sample', id: `s${i}`, label: i % 2 === 0 ? 'zstd' : 'lz4' },
    features: { size: i === 0 ? null : i },
  });
  async function* rows(): AsyncGenerator<IngestRow> {
    for (let i = 0; i < 250; i += 1) yield row(i);
  }
  assert.deepEqual(await ingest.send('blocks', rows()), {
    ...{ accepted: 250, repeated: 0, rejected: 0, errors: [] },
  });
  const bytes = new TextEncoder().encode(`${JSON.stringify(row(1))}\nno row\n`);
  const { repeated, rejected, errors } = await ingest.send('blocks', bytes);
  assert.deepEqual([repeated, rejected, errors[0]?.line], [1, 1, 2]);
  const samples: ClientSample[] = [];
  for await (const sample of ingest.samples('blocks')) samples.push(sample);
  assert.equal(samples.length, 250);
  assert.deepEqual(
    samples.slice(0, 2).map(({ features, label }) => [features, label]),
    [
      [{ size: null }, 'zstd'],
      [{ size: 1 }, 'lz4'],
    ],
  );
  assert.deepEqual(
    (await ingest.sources()).map(({ name, rows: count }) => [name, count]),
    [['blocks', 250]],
  );
});

test('an alert that is told is acted upon once', async (t) => {
  const { client, served } = await connected(t);
  for (const value of [1, 2]) await produce(served.server.directory.registry, 'trees', value);
  const alert = {
    ...{ fingerprint: 'c0ffee', name: 'PilotfishModelAccuracyDropped', isFiring: true, model: 'trees' },
    ...{ startsMs: Date.parse('2999-01-01'), summary: 'trees decides less well' },
  };
  const [first] = await client.tellAlerts([alert]);
  assert.deepEqual([first?.action, first?.state, first?.isRepeated], ['rollback', 'done', false]);
  assert.equal((await client.tellAlerts([alert]))[0]?.isRepeated, true);
});

/** One call of every method; what is answered does not matter. */
const CALLS: readonly ((client: PilotfishClient) => unknown)[] = [
  (client) => client.list(),
  (client) => client.show(REF),
  (client) => client.register({ name: 'x', version: 'x', algorithm: 'x', framework: 'x' }, new Uint8Array(1)),
  (client) => client.promote(REF, 'testing'),
  (client) => client.rollback('x'),
  (client) => client.predict('x', [1]),
  (client) => client.verify(),
  (client) => client.audit(),
  (client) => client.verifyAudit(),
  (client) => client.events({ signal: new AbortController().signal }).next(),
  (client) => client.tellAlerts([]),
  ({ experiments }) => experiments.list(),
  ({ experiments }) => experiments.show('x'),
  ({ experiments }) => experiments.results('x'),
  ({ experiments }) => experiments.create({ id: 'x', targetMetric: 'x', models: [] }),
  ({ experiments }) => experiments.start('x'),
  ({ experiments }) => experiments.pause('x'),
  ({ experiments }) => experiments.stop('x'),
  ({ experiments }) => experiments.archive('x'),
  ({ experiments }) => experiments.setCoverage('x', 1),
  ({ experiments }) => experiments.assign('x', 'x'),
  ({ experiments }) => experiments.record('x', []),
  ({ experiments }) => experiments.addEvidence('x', REF),
  ({ rollouts }) => rollouts.list(),
  ({ rollouts }) => rollouts.show('x'),
  ({ rollouts }) => rollouts.start({ model: REF }),
  ({ rollouts }) => rollouts.advance('x'),
  ({ rollouts }) => rollouts.pause('x'),
  ({ rollouts }) => rollouts.resume('x'),
  ({ rollouts }) => rollouts.promote('x'),
  ({ rollouts }) => rollouts.abort('x'),
  ({ rollouts }) => rollouts.rollback('x'),
  ({ rollouts }) => rollouts.record('x', []),
  ({ drift }) => drift.setBaseline({}),
  ({ drift }) => drift.record([]),
  ({ drift }) => drift.status(),
  ({ drift }) => drift.alerts(),
  ({ drift }) => drift.explain('x'),
  ({ online }) => online.list(),
  ({ online }) => online.status('x'),
  ({ online }) => online.updates('x'),
  ({ online }) => online.create({ pipelineId: 'x', name: 'x' }),
  ({ online }) => online.addSamples('x', []),
  ({ online }) => online.addLabel('x', 'x', 1),
  ({ online }) => online.triggerUpdate('x'),
  ({ online }) => online.pause('x'),
  ({ online }) => online.resume('x'),
  ({ online }) => online.archive('x'),
  ({ policies }) => policies.list(),
  ({ policies }) => policies.status('x'),
  ({ policies }) => policies.create({ policyId: 'x', arms: [], features: [] }),
  ({ policies }) => policies.choose('x', {}),
  ({ policies }) => policies.reward('x', 1, 1),
  ({ policies }) => policies.evaluate('x', { arm: 'x' }),
  ({ jobs }) => jobs.list(),
  ({ jobs }) => jobs.submit({ kind: 'train', request: { modelName: 'x', datasetPath: 'x' } }),
  ({ jobs }) => jobs.cancel(1),
  ({ ingest }) => ingest.define('x', { features: [] }),
  ({ ingest }) => ingest.sources(),
  ({ ingest }) => ingest.send('x', []),
  ({ ingest }) => ingest.samples('x').next(),
];
const REF = { name: 'x', version: 'x' };

test('every route of the native API has one method, and every method a route', async (t) => {
  const served = await serve(t);
  const { paths } = (await served.well({ url: '/openapi.json' })) as { paths: Record<string, object> };
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      name: `${method.toUpperCase()} ${path}`,
      pattern: new RegExp(`^${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    })),
  );
  const asked: string[] = [];
  const answer: typeof fetch = (url, options) => {
    asked.push(`${options?.method} ${new URL(String(url)).pathname}`);
    return Promise.resolve(new Response('{}'));
  };
  const client = new PilotfishClient({ url: 'http://server', fetch: answer });
  for (const call of CALLS) await Promise.allSettled([call(client)]);
  assert.equal(asked.length, CALLS.length);
  const named = asked.map(
    (call) => routes.find(({ pattern }) => pattern.test(call))?.name ?? `no route: ${call}`,
  );
  assert.deepEqual(named.toSorted(), routes.map(({ name }) => name).toSorted());
});
