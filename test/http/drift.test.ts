// Drift over HTTP: baselines, rows, alarms and why they come, who may do what, and the metrics.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../src/base/index.ts';
import { type DriftAlert, RolloutManager } from '../../src/lifecycle/index.ts';
import { produce, stage } from './models.ts';
import { serve } from './support.ts';

const normals = (seed: number, count: number, shift = 0): number[] => {
  const rng = new FastRng(seed);
  return Array.from({ length: count }, () => rng.normal() + shift);
};
const rowsOf = (values: readonly number[]) => ({ rows: values.map((size) => ({ size })) });

test('a critical drift is told, shown in the metrics, and rolls the model back where the policy says so', async (t) => {
  const served = await serve(t, {
    driftDefaults: { windowSize: 200, policy: { critical: 'rollback', medium: 'notify', high: 'retrain' } },
  });
  const { registry } = served.server.directory;
  for (const value of [1, 2]) await produce(registry, 'trees', value);
  const baseline = { features: { size: normals(1, 1000) }, models: ['trees'], reason: 'trained on it' };
  const set = await served.well({ method: 'PUT', url: '/api/v1/drift/baseline', payload: baseline });
  assert.deepEqual(set['streams'], [
    {
      ...{ type: 'feature', featureName: 'size', models: ['trees'], baselineCount: 1000, count: 0 },
      ...{ distance: null, severity: null, since: null, alarms: 0 },
    },
  ]);
  const post = (values: readonly number[]) =>
    served.well({ method: 'POST', url: '/api/v1/drift/record', payload: rowsOf(values) });
  assert.deepEqual(await post(normals(2, 1000)), { rows: 1000 });
  assert.deepEqual((await served.well({ url: '/api/v1/drift/alerts' }))['alerts'], []);
  await post(normals(3, 400, 4));
  const { alerts } = (await served.well({ url: '/api/v1/drift/alerts' })) as unknown as {
    alerts: DriftAlert[];
  };
  const last = alerts.at(-1);
  assert.equal(last?.severity, 'critical');
  assert.deepEqual(
    last.actions.map(({ response, state, detail }) => [response, state, detail]),
    [['rollback', 'done', 'trees is back at version 1']],
  );
  assert.equal((await registry.versions.get({ name: 'trees' })).number, 1);
  const since = encodeURIComponent('2999-01-01T00:00:00Z');
  assert.deepEqual((await served.well({ url: `/api/v1/drift/alerts?since=${since}` }))['alerts'], []);
  const why = await served.well({ url: '/api/v1/drift/features/size' });
  assert.equal(why['severity'], 'critical');
  assert.ok((why['advice'] as string[]).some((line) => line.includes('goes on')));
  const metrics = (await served.ask({ url: '/metrics' })).text;
  assert.match(metrics, /^pilotfish_drift_alerts_total\{severity="critical"\} 1$/m);
  assert.match(metrics, /^pilotfish_drift_open\{feature="size",type="feature",severity="critical"\} 1$/m);
  assert.match(metrics, /^pilotfish_drift_distance_ratio\{feature="size",type="feature"\} 0\.\d+$/m);
  const documents = (await served.ask({ url: '/metrics/documents' })).text;
  assert.match(documents, /^ml_drift_alerts_total\{severity="critical"\} 1$/m);
  assert.match(documents, /^ml_drift_score\{feature_name="size",type="feature"\} 0\.\d+$/m);
  const { paths } = (await served.ask({ url: '/openapi.json' })).body as { paths: object };
  assert.ok('/api/v1/drift/features/{feature}' in paths);
});

test('a model that is on its way is taken out of its rollout; one to be trained needs data to train on', async (t) => {
  const policy = { critical: 'rollback', high: 'rollback', medium: 'retrain', low: 'retrain' } as const;
  const served = await serve(t, { driftDefaults: { windowSize: 200, policy } });
  const { registry, state } = served.server.directory;
  const modelId = await stage(registry, 'trees', 1);
  const { id } = await new RolloutManager(state, registry).start({ model: { modelId } });
  const features = { size: normals(1, 1000), slight: normals(1, 5000) };
  const baseline = { features, models: ['trees'] };
  await served.well({ method: 'PUT', url: '/api/v1/drift/baseline', payload: baseline });
  const slight = normals(2, 2000, 0.3).map((value) => ({ slight: value }));
  const gross = normals(3, 200, 5).map((size) => ({ size }));
  const actions = [];
  for (const rows of [slight, gross]) {
    await served.well({ method: 'POST', url: '/api/v1/drift/record', payload: { rows } });
    const { alerts } = (await served.well({ url: '/api/v1/drift/alerts' })) as unknown as {
      alerts: DriftAlert[];
    };
    actions.push(
      alerts
        .at(-1)
        ?.actions.map(({ response, state: end }) => `${response} ${end}`)
        .join(),
    );
  }
  assert.deepEqual(actions, ['retrain failed', 'rollback done']);
  assert.equal((await new RolloutManager(state, registry).get(id)).phase, 'rolled-back');
});

test('rows are taken all or none, and what is wrong has a status', async (t) => {
  const served = await serve(t, { driftDefaults: { windowSize: 200 } });
  const baseline = { features: { size: normals(1, 100) } };
  await served.well({ method: 'PUT', url: '/api/v1/drift/baseline', payload: baseline });
  const record = (payload: object) => served.ask({ method: 'POST', url: '/api/v1/drift/record', payload });
  assert.equal((await record({ rows: [{ size: 1 }, { other: 1 }] })).status, 404);
  assert.equal((await record({ rows: [{ size: 'large' }] })).status, 400);
  assert.equal((await record({ rows: [{ size: 1 }], type: 'colour' })).status, 400);
  const few = { features: { size: [1, 2] } };
  assert.equal(
    (await served.ask({ method: 'PUT', url: '/api/v1/drift/baseline', payload: few })).status,
    400,
  );
  assert.equal((await served.ask({ url: '/api/v1/drift/features/other' })).status, 404);
  const { streams } = (await served.well({ url: '/api/v1/drift' })) as unknown as {
    streams: { count: number }[];
  };
  assert.deepEqual(
    streams.map(({ count }) => count),
    [0],
  );
});
