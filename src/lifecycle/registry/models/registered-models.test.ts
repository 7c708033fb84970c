// What MLflow's clients do: names, aliases, stages, sources, copies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../../base/index.ts';
import { house, metadataOf } from '../testing/house.ts';

const code = (wanted: string) => (error: unknown) => hasCode(error) && error.code === wanted;

test('an artefact that lies elsewhere is listed, and not served', async () => {
  const { registry } = house();
  await registry.models.create({ name: 'm', policy: 'open' });
  await registry.models.create({ name: 'g' });
  const version = await registry.versions.create('m', { source: 's3://bucket/model' });
  assert.equal(version.health, 'unverified');
  assert.equal(
    (await registry.transitions.transitionStage(version, { stage: 'Production', archiveExisting: false }))
      .status,
    'production',
  );
  await assert.rejects(registry.loadModel(version.modelId), code('REFUSED'));
  await assert.rejects(registry.loadProduction('m'), code('REFUSED'));
  const guarded = await registry.versions.create('g', { source: 's3://bucket/model' });
  await assert.rejects(registry.promoteModel(guarded.modelId, 'testing'), /lies elsewhere/);
});

test('files that are stored already make a version that can be served', async () => {
  const { registry, tracking } = house();
  await tracking.artifacts.put('0/m/artifacts', 'data/model.onnx', Buffer.from('forest'));
  const files = (await tracking.artifacts.files('0/m/artifacts')).map(({ path, ...file }) => ({
    name: path,
    ...file,
  }));
  await registry.models.create({ name: 'm', policy: 'open' });
  const { modelId, health } = await registry.versions.create('m', {
    source: 'mlflow-artifacts:/0/m/artifacts',
    files,
  });
  assert.equal(health, 'verified');
  assert.equal((await registry.loadModel(modelId)).files.get('data/model.onnx')?.toString(), 'forest');
  const lost = [{ name: 'a', sha256: '0'.repeat(64), bytes: 1 }];
  await assert.rejects(registry.versions.create('m', { source: 's3://b/p', files: lost }), code('MISSING'));
});

test('an open name has stages as labels; archiving the others is asked for', async () => {
  const { registry } = house();
  await registry.models.create({ name: 'm', policy: 'open' });
  for (let i = 0; i < 3; i += 1) await registry.versions.create('m', { source: `s3://b/${i}` });
  const to = (version: number, archiveExisting: boolean) =>
    registry.transitions.transitionStage({ name: 'm', version }, { stage: 'production', archiveExisting });
  await to(1, false);
  await to(2, false);
  assert.equal((await registry.listModels({ name: 'm', status: 'production' })).length, 2);
  await to(3, true);
  assert.deepEqual(
    (await registry.listModels({ name: 'm' })).map(({ status }) => status),
    ['archived', 'archived', 'production'],
  );
  assert.equal((await registry.rollbackModel('m')).number, 2);
  const none = registry.transitions.transitionStage(
    { name: 'm', version: 1 },
    { stage: 'None', archiveExisting: true },
  );
  await assert.rejects(none, code('USAGE'));
});

test('names, tags, aliases; a rename takes them along', async () => {
  const { registry } = house();
  await registry.models.create({ name: 'a/b', policy: 'open', tags: { __proto__: 'x', k: 'v' } as never });
  await assert.rejects(
    registry.models.create({ name: 'a/b' }),
    /Registered Model \(name=a\/b\) already exists\./,
  );
  await registry.versions.create('a/b', { source: 's3://1', version: 'v1.0.0' });
  await registry.models.setAlias('a/b', 'champion', 'v1.0.0');
  await registry.models.setTag('a/b', { key: '__proto__', value: 'y' });
  const renamed = await registry.models.rename('a/b', 'c');
  assert.deepEqual(renamed.aliases, { champion: 1 });
  assert.deepEqual(Object.entries(renamed.tags), [
    ['__proto__', 'y'],
    ['k', 'v'],
  ]);
  assert.equal((await registry.versions.get({ name: 'c', alias: 'champion' })).version, 'v1.0.0');
  await assert.rejects(registry.versions.get({ name: 'c', alias: 'nope' }), code('USAGE'));
  await assert.rejects(
    registry.models.setAlias('c', 'x', 9),
    /Model Version \(name=c, version=9\) not found/,
  );
  for (const alias of ['latest', 'Latest', 'v1', 'V22', 'a b', '', 'x'.repeat(256)]) {
    await assert.rejects(registry.models.setAlias('c', alias, 1), code('USAGE'), alias);
  }
  await registry.versions.delete({ name: 'c', version: 1 });
  assert.deepEqual((await registry.models.get('c')).aliases, {});
});

test('versions of one place in an order of the caller are by name, the latest number first', async () => {
  const { registry, clock } = house();
  for (const name of ['a', 'b']) await registry.models.create({ name, policy: 'open' });
  for (const name of ['b', 'a', 'b']) await registry.versions.create(name, { source: 's3://one' });
  // The latest change comes first only where nobody asks for an order.
  clock.advance(1);
  await registry.versions.setTag({ name: 'b', version: 1 }, { key: 'k', value: 'v' });
  const { items } = await registry.versions.search({ orderBy: ['source_path ASC'] });
  assert.deepEqual(
    items.map(({ name, number }) => [name, number]),
    [
      ['a', 1],
      ['b', 2],
      ['b', 1],
    ],
  );
});

test('a copy points at what it was copied from', async () => {
  const { registry } = house();
  const modelId = await registry.registerModel({ ...metadataOf('v1'), filePath: 'm.onnx' }, Buffer.from('1'));
  await registry.models.create({ name: 'copy', policy: 'open' });
  const copy = await registry.versions.create('copy', { source: 'models:/threat-detector/v1' });
  const second = await registry.versions.create('copy', { source: 'models:/copy/1' });
  assert.equal(second.downloadUri, 'm.onnx');
  assert.deepEqual((await registry.loadModel(copy.modelId)).files, (await registry.loadModel(modelId)).files);
  await assert.rejects(registry.versions.create('copy', { source: 'models:/gone/1' }), code('MISSING'));
});
