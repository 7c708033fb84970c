import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { hasCode, sha256Hex } from '../../../base/index.ts';
import { house, inProduction, metadataOf, passed } from '../testing/house.ts';
import { eventsAfter } from '../webhooks/outbox.ts';
import type { LifeCycle } from './life-cycle.ts';

const code = (wanted: string) => (error: unknown) => hasCode(error) && error.code === wanted;

test('a model comes back as it was registered', async () => {
  const { registry } = house();
  const content = Buffer.from('forest');
  const modelId = await registry.registerModel(
    {
      ...metadataOf('v1.2.0'),
      description: 'Security threat detection model',
      metrics: { accuracy: 0.95 },
      parameters: { trees: 100, criterion: 'gini' },
      tags: { team: 'red' },
      filePath: 'trained/forest.onnx',
      fileHash: sha256Hex(content),
      trainingData: { sampleCount: 1000, validationScore: 0.94 },
      lineage: { datasetHash: 'ab', privacy: { epsilon: 1, delta: 1e-6 } },
    },
    content,
    { actor: 'ann', reason: 'weekly training' },
  );
  assert.match(modelId, /^[0-9a-f]{16}$/);
  const model = await registry.getModel(modelId);
  assert.deepEqual(
    { ...model, createdMs: 0, updatedMs: 0 },
    {
      ...{
        modelId,
        name: 'threat-detector',
        version: 'v1.2.0',
        number: 1,
        status: 'draft',
        health: 'verified',
      },
      ...{
        algorithm: 'RandomForest',
        framework: 'scikit-learn',
        description: 'Security threat detection model',
      },
      ...{
        metrics: { accuracy: 0.95 },
        parameters: { trees: 100, criterion: 'gini' },
        tags: { team: 'red' },
      },
      ...{ aliases: [], trainingData: { sampleCount: 1000, validationScore: 0.94 } },
      lineage: { datasetHash: 'ab', privacy: { epsilon: 1, delta: 1e-6 } },
      files: [{ name: 'forest.onnx', sha256: sha256Hex(content), bytes: 6 }],
      ...{ fileHash: sha256Hex(content), fileSize: 6, source: 'trained/forest.onnx' },
      ...{ downloadUri: 'trained/forest.onnx', runId: '', runLink: '', loggedModelId: undefined },
      ...{ userId: undefined, createdBy: 'ann', createdMs: 0, updatedMs: 0 },
    },
  );
  const { files, isFallback } = await registry.loadModel(modelId);
  assert.deepEqual([...files], [['forest.onnx', content]]);
  assert.equal(isFallback, false);
});

test('its manifest can be checked without the registry', async () => {
  const { registry } = house();
  const modelId = await registry.registerModel(metadataOf('v1'), Buffer.from('forest'));
  const { manifest, signature, publicKey } = await registry.manifestOf(modelId);
  assert.ok(verify(null, Buffer.from(manifest), createPublicKey(publicKey), signature));
  const { files, version } = JSON.parse(manifest);
  assert.deepEqual(
    [version, files],
    ['v1', [{ name: 'model', sha256: sha256Hex(Buffer.from('forest')), bytes: 6 }]],
  );
  await registry.models.create({ name: 'm', policy: 'open' });
  const elsewhere = await registry.versions.create('m', { source: 's3://b/p' });
  await assert.rejects(registry.manifestOf(elsewhere.modelId), code('REFUSED'));
});

test('several files are one artefact', async () => {
  const { registry } = house();
  const files = ['a.json', 'weights/b.bin'].map((name) => ({ name, content: Buffer.from(name) }));
  const modelId = await registry.registerModel(metadataOf('v1'), files);
  const loaded = await registry.loadModel(modelId);
  assert.deepEqual([...loaded.files.keys()], ['a.json', 'weights/b.bin']);
  assert.equal(loaded.version.fileSize, 19);
  for (const name of ['../x', '/etc/x', 'a/../b', 'a//b', '.x', '', 'a\\b', 'x\n']) {
    await assert.rejects(
      registry.registerModel(metadataOf('v2'), [{ name, content: Buffer.from('') }]),
      code('USAGE'),
    );
  }
});

test('what cannot be registered leaves nothing behind', async () => {
  const { registry } = house({ maxFileBytes: 10 });
  const some = Buffer.from('some');
  await registry.registerModel(metadataOf('v1'), some);
  await assert.rejects(registry.registerModel(metadataOf('v1'), Buffer.from('other')), code('EXISTS'));
  await assert.rejects(registry.registerModel(metadataOf('7'), some), code('USAGE'));
  await assert.rejects(registry.registerModel({ ...metadataOf('v2'), name: ' ' }, some), code('USAGE'));
  await assert.rejects(registry.registerModel({ ...metadataOf('v2'), algorithm: '' }, some), code('USAGE'));
  await assert.rejects(
    registry.registerModel({ ...metadataOf('v2'), metrics: { a: Number.NaN } }, some),
    code('NOT_FINITE'),
  );
  await assert.rejects(
    registry.registerModel({ ...metadataOf('v2'), fileHash: 'ab' }, some),
    code('DAMAGED'),
  );
  await assert.rejects(registry.registerModel(metadataOf('v2'), Buffer.alloc(11)), code('LIMIT'));
  const signal = AbortSignal.abort();
  await assert.rejects(registry.registerModel(metadataOf('v2'), some, { signal }), code('INTERRUPTED'));
  assert.equal((await registry.listModels()).length, 1);
  assert.equal(registry.store.list().length, 1);
});

test('transitions demand evidence, the latest of a kind', async () => {
  const { registry } = house();
  const modelId = await registry.registerModel(metadataOf('v1'), Buffer.from('1'));
  await assert.rejects(registry.promoteModel(modelId, 'production'), /go testing, then staging/);
  await registry.promoteModel(modelId, 'testing');
  await assert.rejects(registry.promoteModel(modelId, 'staging'), /needs passed evidence of kind evaluation/);
  await registry.promoteModel(modelId, 'staging', { evidence: [passed('evaluation')] });
  await registry.promoteModel(modelId, 'testing');
  await registry.transitions.addEvidence(
    { modelId },
    { kind: 'evaluation', passed: false, summary: 'worse' },
  );
  await assert.rejects(registry.promoteModel(modelId, 'staging'), /did not pass \(worse\)/);
  // Evidence of a refused transition is not kept.
  const failed = { kind: 'evaluation', passed: false, summary: 'worse again' };
  await assert.rejects(registry.promoteModel(modelId, 'staging', { evidence: [failed] }), code('REFUSED'));
  assert.equal((await registry.transitions.evidenceOf({ modelId })).length, 2);
});

test("a life cycle of one's own: other steps, other evidence", async () => {
  const short: LifeCycle = {
    transitions: [
      { from: 'draft', to: 'production', evidence: ['canary'] },
      { from: 'production', to: 'archived', evidence: [] },
    ],
    hasOneProduction: true,
  };
  const { registry } = house({ lifeCycles: { guarded: short } });
  const modelId = await registry.registerModel(metadataOf('v1'), Buffer.from('1'));
  await assert.rejects(registry.promoteModel(modelId, 'testing'), /there is no way there/);
  await assert.rejects(registry.promoteModel(modelId, 'production'), /needs passed evidence of kind canary/);
  const { status } = await registry.promoteModel(modelId, 'production', { evidence: [passed('canary')] });
  assert.equal(status, 'production');
});

test('one version in production; rollback goes back along the promotions', async () => {
  const { registry } = house();
  const ids: string[] = [];
  for (const version of ['v1', 'v2', 'v3']) ids.push(await inProduction(registry, version, version));
  const statuses = async () => (await registry.listModels()).map(({ status }) => status);
  assert.deepEqual(await statuses(), ['archived', 'archived', 'production']);
  assert.equal((await registry.rollbackModel('threat-detector')).modelId, ids[1]);
  assert.deepEqual(await statuses(), ['archived', 'production', 'archived']);
  // Not back to v3: it was rolled back.
  assert.equal((await registry.rollbackModel('threat-detector')).modelId, ids[0]);
  assert.deepEqual(await statuses(), ['production', 'archived', 'archived']);
  await assert.rejects(registry.rollbackModel('threat-detector'), code('REFUSED'));
  await assert.rejects(registry.rollbackModel('other'), code('MISSING'));
});

test('rollback knows what was in production before, also when that was archived first', async () => {
  const { registry } = house();
  const first = await inProduction(registry, 'v1', '1');
  await registry.archiveModel(first);
  await inProduction(registry, 'v2', '2');
  assert.equal((await registry.rollbackModel('threat-detector')).modelId, first);
});

test('what was rolled back is not what the next one replaced', async () => {
  const { registry } = house();
  const first = await inProduction(registry, 'v1', '1');
  await inProduction(registry, 'v2', '2');
  await registry.rollbackModel('threat-detector');
  await inProduction(registry, 'v3', '3');
  assert.equal((await registry.rollbackModel('threat-detector')).modelId, first);
});

test('archive before delete; numbers are not used again', async () => {
  const { registry } = house();
  const first = await inProduction(registry, 'v1', '1');
  assert.equal(await registry.deleteModel(first), 'archived');
  const second = await registry.registerModel(metadataOf('v2'), Buffer.from('2'));
  await assert.rejects(registry.deleteModel(second), code('REFUSED'));
  await assert.rejects(registry.models.delete('threat-detector'), code('REFUSED'));
  await registry.archiveModel(second);
  assert.equal(await registry.deleteModel(second), 'deleted');
  await assert.rejects(registry.getModel(second), code('MISSING'));
  const third = await registry.registerModel(metadataOf('v2'), Buffer.from('3'));
  assert.equal((await registry.getModel(third)).number, 3);
  await registry.archiveModel(third);
  await registry.models.delete('threat-detector');
  assert.deepEqual(await registry.listModels(), []);
});

test('every change is in the log and among the events, in its order', async () => {
  const { registry, state } = house();
  const modelId = await inProduction(registry, 'v1', '1');
  await registry.models.setAlias('threat-detector', 'champion', 1, { actor: 'ann', reason: 'best so far' });
  const entries = await registry.audit.entries();
  assert.deepEqual(
    entries.map(({ action }) => action),
    [
      ...['model.create', 'version.create', 'version.transition', 'version.evidence', 'version.transition'],
      ...['version.evidence', 'version.transition', 'alias.set'],
    ],
  );
  const { actor, reason, before, after } = entries.at(-1) ?? assert.fail();
  assert.deepEqual(
    [actor, reason, before, after],
    ['ann', 'best so far', { champion: null }, { champion: 1 }],
  );
  const events = await eventsAfter(state, 0);
  assert.deepEqual(
    events.map(({ entity, action }) => `${entity} ${action}`),
    [
      ...['REGISTERED_MODEL CREATED', 'MODEL_VERSION CREATED'],
      ...[
        'MODEL_VERSION UPDATED',
        'MODEL_VERSION UPDATED',
        'MODEL_VERSION UPDATED',
        'MODEL_VERSION_ALIAS CREATED',
      ],
    ],
  );
  // What is refused is in neither.
  await assert.rejects(registry.promoteModel(modelId, 'staging'));
  assert.equal((await registry.audit.verify()).entries, entries.length);
  assert.equal((await eventsAfter(state, 0)).length, events.length);
});

test('the steps that lead somewhere are taken together, with their guards, or none of them', async () => {
  const { registry } = house();
  const modelId = await registry.registerModel(metadataOf('v1'), Buffer.from('1'));
  const evaluation = [passed('evaluation')];
  await assert.rejects(
    registry.promoteModel(modelId, 'production', { isThrough: true, evidence: evaluation }),
    (error) => hasCode(error, 'REFUSED') && /experiment to go from staging to production/.test(error.message),
  );
  assert.deepEqual(
    [(await registry.getModel(modelId)).status, await registry.transitions.evidenceOf({ modelId })],
    ['draft', []],
  );
  const evidence = [...evaluation, passed('experiment')];
  const { status } = await registry.promoteModel(modelId, 'production', { isThrough: true, evidence });
  assert.equal(status, 'production');
  const entries = await registry.audit.entries({ subject: 'threat-detector/1' });
  assert.deepEqual(
    entries.filter(({ action }) => action === 'version.transition').map(({ after }) => after),
    [{ status: 'testing' }, { status: 'staging' }, { status: 'production' }],
  );
  // What serves is not put away on the way to somewhere else.
  await assert.rejects(registry.promoteModel(modelId, 'staging', { isThrough: true }), (error) =>
    hasCode(error, 'REFUSED'),
  );
  assert.equal((await registry.getModel(modelId)).status, 'production');
});
