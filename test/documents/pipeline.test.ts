// The code blocks of document 003 that concern the model registry, translated: Go names become camelCase, `ctx` becomes
// `{ signal }`, a returned error a thrown one, the Redis client the state port.
import assert from 'node:assert/strict';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSettings } from '../../src/app/config.ts';
import { hasCode } from '../../src/base/index.ts';
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

test('ML Pipeline Manager: the registry, what it serves and its metrics, for a host program', async (t) => {
  const folder = temporaryFolder(t);
  const metrics: RegisteredMetric[] = [];
  const register = { registerMetric: (metric: RegisteredMetric) => void metrics.push(metric) };
  const manager = await MLPipelineManager.open(folder, { metrics: register });
  t.after(() => manager.close());
  const { registry } = manager;
  const evidence = ['evaluation', 'experiment'].map((kind) => ({ kind, passed: true, summary: 'no worse' }));
  const release = async (version: string, maxDepth: number): Promise<void> => {
    const metadata = { name: 'threat-detector', version, algorithm: 'RandomForest', framework: 'xgboost' };
    const file = { ...metadata, filePath: 'threat-detector.json' };
    const modelId = await registry.registerModel(file, forest(maxDepth));
    for (const status of ['testing', 'staging', 'production'] as const)
      await registry.promoteModel(modelId, status, { evidence });
    await manager.followed();
  };
  await assert.rejects(manager.predict('threat-detector', [1, 2]), { code: 'MISSING' });

  await release('v1.2.0', 2);
  const threat = await manager.predict('threat-detector', [1924, 250]);
  assert.equal(threat.version, '1');
  assert.ok((threat.values[1] ?? 0) > 0.5);
  assert.ok(((await manager.predict('threat-detector', [10, 10])).values[1] ?? 1) < 0.5);

  await release('v1.3.0', 3);
  assert.equal((await manager.predict('threat-detector', [10, 10])).version, '2');
  await registry.rollbackModel('threat-detector');
  await manager.followed();
  assert.equal((await manager.predict('threat-detector', [10, 10])).version, '1');

  const answered = metrics.find(({ name }) => name === 'pilotfish_model_predictions_total');
  const { values = [] } = (await answered?.get()) ?? {};
  assert.deepEqual(
    values.map(({ labels, value }) => [labels['outcome'], value]),
    [
      ['success', 4],
      ['failure', 0],
    ],
  );
});

test('Environment Variables: where models lie', () => {
  assert.equal(readSettings({ ML_MODEL_STORAGE_DIR: '/var/ml/models' }).modelStorage, '/var/ml/models');
  assert.equal(readSettings({}).modelStorage, undefined);
});
