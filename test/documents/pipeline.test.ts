// The code blocks of document 003 that concern the model registry, translated: Go names become camelCase, `ctx` becomes
// `{ signal }`, a returned error a thrown one, the Redis client the state port.
import assert from 'node:assert/strict';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSettings } from '../../src/app/config.ts';
import { hasCode } from '../../src/base/index.ts';
import { type ModelMetadata, ModelRegistry, ModelStatus, SqliteState } from '../../src/index.ts';
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

test('Environment Variables: where models lie', () => {
  assert.equal(readSettings({ ML_MODEL_STORAGE_DIR: '/var/ml/models' }).modelStorage, '/var/ml/models');
  assert.equal(readSettings({}).modelStorage, undefined);
});
