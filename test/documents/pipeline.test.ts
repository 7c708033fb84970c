// The code blocks of document 003 that concern the model registry and the manager of all parts, translated: Go names
// become camelCase, `ctx` becomes `{ signal }`, a returned error a thrown one, the Redis client the state port.
import assert from 'node:assert/strict';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSettings } from '../../src/app/config.ts';
import { FastRng, hasCode, ManualClock } from '../../src/base/index.ts';
import {
  MLPipelineManager,
  type ModelMetadata,
  ModelRegistry,
  ModelStatus,
  type RegisteredMetric,
  SqliteState,
} from '../../src/index.ts';
import { BoostedTrees, encodeXgboostJson } from '../../src/learn/index.ts';
import { temporaryFolder } from '../support.ts';

test('Model Registry: register, promote to production, retrieve', async (t) => {
  const folder = temporaryFolder(t);
  const modelFile = join(folder, 'threat-detector.onnx');
  writeFileSync(modelFile, 'a forest');
  const state = new SqliteState({ path: join(folder, 'registry.db') });
  const registry = new ModelRegistry(join(folder, 'models'), state);
  const { signal } = new AbortController();

  // Register new model
  const metadata: ModelMetadata = {
    name: 'threat-detector',
    version: 'v1.2.0',
    algorithm: 'RandomForest',
    framework: 'scikit-learn',
    description: 'Security threat detection model',
  };
  const modelId = await registry.registerModel(metadata, createReadStream(modelFile), { signal });

  // Promote to production: the document does so at once. Its own workflow and best practices have steps between, and
  // each has something to show; the refusal names them.
  await assert.rejects(registry.promoteModel(modelId, ModelStatus.Production), (error) => {
    assert.ok(hasCode(error, 'REFUSED'));
    assert.match(error.message, /go testing, then staging .*evaluation.*, then production .*experiment/);
    return true;
  });
  const evaluation = { kind: 'evaluation', passed: true, summary: 'offline: accuracy 0.95' };
  const experiment = { kind: 'experiment', passed: true, summary: 'A/B with 10 % of traffic: no worse' };
  await registry.promoteModel(modelId, ModelStatus.Testing);
  await registry.promoteModel(modelId, ModelStatus.Staging, { evidence: [evaluation] });
  await registry.promoteModel(modelId, ModelStatus.Production, { evidence: [experiment] });

  // Retrieve model
  const model = await registry.getModel(modelId);
  assert.equal(model.status, ModelStatus.Production);
  assert.equal(model.version, 'v1.2.0');
  assert.equal(model.fileSize, 8);
  assert.equal((await registry.loadModel(modelId)).files.get('model')?.toString(), 'a forest');

  // "Audit trail for all model promotions"
  const trail = await registry.audit.entries({ subject: 'threat-detector/1' });
  assert.deepEqual(
    trail.filter(({ action }) => action === 'version.transition').map(({ after }) => after),
    [{ status: 'testing' }, { status: 'staging' }, { status: 'production' }],
  );

  // "Archive old models instead of deleting": what serves is archived also when it is deleted.
  assert.equal(await registry.deleteModel(modelId), 'archived');
  await state.close();
});

/** A forest that says whether a request is large and slow, in the form that XGBoost saves. */
function forest(maxDepth: number): Uint8Array {
  const samples = Array.from({ length: 200 }, (_, i) => [(i * 37) % 2048, (i * 53) % 300]);
  const data = Float64Array.from(samples.flat());
  const y = Float64Array.from(samples, ([size = 0, time = 0]) => (size > 1000 && time > 150 ? 1 : 0));
  const trees = new BoostedTrees({ objective: 'binary:logistic', rounds: 5, maxDepth });
  trees.fit({ x: { rows: samples.length, columns: 2, data }, y });
  return encodeXgboostJson(trees.model);
}

const evidence = ['evaluation', 'experiment'].map((kind) => ({ kind, passed: true, summary: 'no worse' }));

async function register({ registry }: MLPipelineManager, version: string, maxDepth = 2): Promise<string> {
  const metadata = { name: 'threat-detector', version, algorithm: 'RandomForest', framework: 'xgboost' };
  const modelId = await registry.registerModel(
    { ...metadata, filePath: 'threat-detector.json' },
    forest(maxDepth),
  );
  for (const status of ['testing', 'staging'] as const)
    await registry.promoteModel(modelId, status, { evidence });
  return modelId;
}

async function release(manager: MLPipelineManager, version: string, maxDepth = 2): Promise<void> {
  const modelId = await register(manager, version, maxDepth);
  await manager.registry.promoteModel(modelId, 'production', { evidence });
  await manager.followed();
}

/** A register such as prom-client's. */
function registerOf(metrics: RegisteredMetric[]): { registerMetric: (metric: RegisteredMetric) => void } {
  return { registerMetric: (metric) => void metrics.push(metric) };
}

async function valuesOf(metrics: readonly RegisteredMetric[], name: string) {
  const { values = [] } = (await metrics.find((metric) => metric.name === name)?.get()) ?? {};
  return values.map(({ labels, value }) => [...Object.values(labels), value]);
}

test('ML Pipeline Manager: the registry, what it serves and its metrics, for a host program', async (t) => {
  const metrics: RegisteredMetric[] = [];
  const manager = await MLPipelineManager.open(temporaryFolder(t), { metrics: registerOf(metrics) });
  t.after(() => manager.close());
  await assert.rejects(manager.predict('threat-detector', [1, 2]), { code: 'MISSING' });

  await release(manager, 'v1.2.0');
  const threat = await manager.predict('threat-detector', [1924, 250]);
  assert.equal(threat.version, '1');
  assert.ok((threat.values[1] ?? 0) > 0.5);
  assert.ok(((await manager.predict('threat-detector', [10, 10])).values[1] ?? 1) < 0.5);

  await release(manager, 'v1.3.0', 3);
  assert.equal((await manager.predict('threat-detector', [10, 10])).version, '2');
  await manager.registry.rollbackModel('threat-detector');
  await manager.followed();
  assert.equal((await manager.predict('threat-detector', [10, 10])).version, '1');

  assert.deepEqual(await valuesOf(metrics, 'pilotfish_model_predictions_total'), [
    ['threat-detector', 'success', 4],
    ['threat-detector', 'failure', 0],
  ]);
});

test('ML Pipeline Manager: A/B test, drift and online learning over the same registry', async (t) => {
  const metrics: RegisteredMetric[] = [];
  const manager = await MLPipelineManager.open(temporaryFolder(t), {
    metrics: registerOf(metrics),
    experiments: { minimumSamples: 2 },
    drift: { windowSize: 200, policy: { critical: 'rollback' } },
    online: { strategy: 'adaptive' },
  });
  t.after(() => manager.close());
  await release(manager, 'v1.2.0');
  await release(manager, 'v1.3.0', 3);

  // A/B Testing Framework
  const { experiments } = manager;
  const experimentId = 'threat-model-v2-test';
  await experiments.createExperiment({
    ...{ id: experimentId, name: 'Threat Model V2 Comparison', targetMetric: 'accuracy' },
    models: [
      { modelId: 'v1', isControl: true, trafficPct: 50.0 },
      { modelId: 'v2', isControl: false, trafficPct: 50.0 },
    ],
    stickyAssignment: true,
  });
  await experiments.startExperiment(experimentId);
  const modelId = await experiments.getModelAssignment(experimentId, 'user-1');
  await experiments.recordMetric(experimentId, modelId, 'accuracy', 0.95);
  assert.equal((await experiments.getExperimentResults(experimentId)).minimumSamples, 2);

  // Drift Detection: what is critical takes the models that read the feature one step back.
  const rng = new FastRng(1);
  const sizes = (count: number, shift = 0) =>
    Array.from({ length: count }, () => 1000 + shift + rng.normal());
  const told: string[] = [];
  manager.drift.setAlertCallback((alert) => void told.push(alert.severity));
  await manager.drift.setBaseline({ request_size: sizes(1000) }, { models: ['threat-detector'] });
  for (const value of sizes(400, 24)) manager.drift.recordFeature('request_size', value);
  const [alert] = await manager.drift.getDriftReports(new Date(Date.now() - 24 * 3_600_000));
  assert.deepEqual(told, ['critical']);
  assert.deepEqual(
    alert?.actions.map(({ response, detail }) => [response, detail]),
    [['rollback', 'threat-detector is back at version 1']],
  );
  assert.equal((await manager.predict('threat-detector', [10, 10])).version, '1');

  // Online Learning Pipeline
  const features = ['request_size', 'response_time'];
  const learner = { kind: 'logistic', features } as const;
  const { pipelineId, strategy } = await manager.online.createPipeline({
    ...{ pipelineId: 'threat-online-v1', name: 'Threat Detection Online Learning', learner },
  });
  assert.equal(strategy, 'adaptive');
  const sample = { sampleId: 'sample_123', label: 1.0, weight: 1.0 };
  await manager.online.addSample(pipelineId, {
    ...sample,
    features: { request_size: 1024.0, response_time: 150.0 },
  });
  assert.equal((await manager.online.getPipelineStatus(pipelineId)).samples.buffered, 1);

  assert.deepEqual(await valuesOf(metrics, 'pilotfish_drift_open'), [
    ['request_size', 'feature', 'critical', 1],
  ]);
  assert.deepEqual(await valuesOf(metrics, 'pilotfish_pipeline_samples_total'), [[pipelineId, 1]]);
  assert.deepEqual(
    (await valuesOf(metrics, 'pilotfish_experiments')).find(([status]) => status === 'running'),
    ['running', 1],
  );
  assert.equal((await valuesOf(metrics, 'pilotfish_rollouts')).length, 5);
});

test('ML Pipeline Manager: it looks after rollouts, and keeps at its close what was found', async (t) => {
  const folder = temporaryFolder(t);
  const clock = new ManualClock();
  const hooks = { 'confirm-rollout': () => true };
  const manager = await MLPipelineManager.open(folder, {
    ...{ clock, drift: { windowSize: 200, policy: { critical: 'retrain' } } },
    rollouts: { hooks },
    queueTraining: (model) => Promise.resolve(`of ${model}`),
  });
  await register(manager, 'v1.2.0');
  const { id } = await manager.rollouts.start({ model: { name: 'threat-detector', version: 'v1.2.0' } });
  const rng = new FastRng(1);
  const normals = (count: number, shift = 0) => Array.from({ length: count }, () => shift + rng.normal());
  await manager.drift.setBaseline({ request_size: normals(1000) }, { models: ['threat-detector'] });
  for (const value of normals(400, 4)) manager.drift.recordFeature('request_size', value);
  clock.advance(61_000);
  await manager.close();

  const again = await MLPipelineManager.open(folder, { clock });
  t.after(() => again.close());
  assert.equal((await again.rollouts.get(id)).phase, 'running');
  const [alert] = await again.drift.getDriftReports(new Date(0));
  assert.deepEqual(
    alert?.actions.map(({ detail }) => detail),
    ['training of threat-detector is queued'],
  );
});

test('Environment Variables: where models lie', () => {
  assert.equal(readSettings({ ML_MODEL_STORAGE_DIR: '/var/ml/models' }).modelStorage, '/var/ml/models');
  assert.equal(readSettings({}).modelStorage, undefined);
});
