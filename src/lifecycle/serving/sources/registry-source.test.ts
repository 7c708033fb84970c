// A registry in memory whose models answer their own number.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FileSystem, systemClock, writeAll } from '../../../base/index.ts';
import { loadArtefact, saveArtefact } from '../../../decisions/index.ts';
import { encodeXgboostJson } from '../../../learn/index.ts';
import { type ModelRegistry, roomModel } from '../../registry/index.ts';
import { house, metadataOf, passed, STORAGE } from '../../registry/testing/house.ts';
import { ModelServer } from '../server.ts';
import { constantLearner, constantTrees, draftOf } from '../testing/models.ts';
import { ROW } from '../testing/serving.ts';
import { RegistrySource } from './registry-source.ts';

const xgboost = (value: number): Uint8Array => encodeXgboostJson(constantTrees(value));

async function promote(registry: ModelRegistry, modelId: string): Promise<string> {
  await registry.promoteModel(modelId, 'testing');
  await registry.promoteModel(modelId, 'staging', { evidence: [passed('evaluation')] });
  await registry.promoteModel(modelId, 'production', { evidence: [passed('experiment')] });
  return modelId;
}

/** Puts a version of the model `a` that answers `value` in production. @returns its id */
async function put(registry: ModelRegistry, value: number): Promise<string> {
  const metadata = { ...metadataOf(`v${value}.0`, 'a'), filePath: '/tmp/forest.json' };
  return promote(registry, await registry.registerModel(metadata, xgboost(value)));
}

async function serving(parts: ReturnType<typeof house>): Promise<ModelServer> {
  const { clock } = parts;
  const server = new ModelServer({ source: await RegistrySource.open(parts, { clock }), clock });
  server.start();
  return server;
}

/** The answer of `a`, which is the number of its version; null when nothing answers. */
async function answer(server: ModelServer): Promise<number | null> {
  if (!server.names.includes('a')) return null;
  const { version, values } = await server.predict('a', ROW);
  assert.equal(values[0], Number(version));
  return values[0] ?? null;
}

/** Waits until the server, told by nobody but the registry, answers so. */
async function untilAnswer(server: ModelServer, expected: number | null): Promise<void> {
  for (let turn = 0; turn < 2000; turn += 1) {
    if ((await answer(server)) === expected) return;
    await systemClock.turn();
  }
  assert.equal(await answer(server), expected);
}

async function flip(fs: FileSystem, registry: ModelRegistry, modelId: string): Promise<void> {
  const sha256 = (await registry.getModel(modelId)).files[0]?.sha256 ?? '';
  const fd = fs.open(`${STORAGE}/objects/${sha256.slice(0, 2)}/${sha256.slice(2)}`, 'update');
  writeAll(fs, fd, Buffer.from('#'), 0);
  fs.close(fd);
}

test('what is promoted serves, what is rolled back to serves again, what is archived does not', async () => {
  const parts = house();
  const { registry } = parts;
  const server = await serving(parts);
  assert.deepEqual(server.names, []);
  await put(registry, 1);
  await untilAnswer(server, 1);
  const second = await put(registry, 2);
  await untilAnswer(server, 2);
  await registry.rollbackModel('a');
  await untilAnswer(server, 1);
  await registry.archiveModel((await registry.listModels({ status: 'production' }))[0]?.modelId ?? '');
  await untilAnswer(server, null);
  await assert.rejects(server.predict('a', ROW), { code: 'MISSING' });
  await promote(registry, second);
  await untilAnswer(server, 2);
  await server.stop();
});

test('the listing is the production versions, oldest first, and only what can be served under its name', async () => {
  const parts = house();
  const { registry } = parts;
  for (const value of [1, 2, 3]) await put(registry, value);
  await registry.registerModel(metadataOf('v1', 'draft'), xgboost(1));
  await promote(registry, await registry.registerModel(metadataOf('v1', 'not a name'), xgboost(1)));
  await registry.models.create({ name: 'elsewhere', policy: 'open' });
  await registry.versions.create('elsewhere', { source: 's3://bucket/model' });
  await registry.transitions.promote({ name: 'elsewhere', version: 1 }, 'production');
  const source = await RegistrySource.open(parts);
  assert.deepEqual(source.names(), ['a']);
  assert.deepEqual([source.versions('a'), source.current('a')], [['1', '2', '3'], '3']);
  assert.deepEqual([source.versions('draft'), source.current('draft')], [[], undefined]);
  assert.equal(source.find('a')?.version, 'v3.0');
});

test('found damaged when it is loaded: the last good one serves, until it is repaired', async () => {
  const parts = house();
  const { registry, fs } = parts;
  await put(registry, 1);
  const second = await put(registry, 2);
  await flip(fs, registry, second);
  const server = await serving(parts);
  assert.equal(await answer(server), 1, 'at the first question');
  assert.equal((await registry.getModel(second)).health, 'damaged');
  const source = await RegistrySource.open(parts);
  assert.deepEqual([source.versions('a'), source.current('a')], [['1'], '1']);
  // The same bytes once more: the store has them again.
  await registry.registerModel(metadataOf('v9.0', 'b'), xgboost(2));
  await registry.verify();
  await untilAnswer(server, 2);
  await server.stop();
});

test('damaged and promoted nevertheless: what served before goes on', async () => {
  const parts = house();
  const { registry, fs } = parts;
  await put(registry, 1);
  const server = await serving(parts);
  assert.equal(await answer(server), 1);
  const metadata = { ...metadataOf('v2.0', 'a'), filePath: 'forest.json' };
  const second = await registry.registerModel(metadata, xgboost(2));
  await flip(fs, registry, second);
  await promote(registry, second);
  for (let turn = 0; turn < 2000 && (await registry.getModel(second)).health !== 'damaged'; turn += 1) {
    await systemClock.turn();
  }
  assert.equal((await registry.getModel(second)).health, 'damaged', 'it was tried');
  assert.equal(await answer(server), 1);
  await server.stop();
});

test('when none is whole the reason is told', async () => {
  const parts = house();
  const only = await put(parts.registry, 1);
  await flip(parts.fs, parts.registry, only);
  const server = await serving(parts);
  await assert.rejects(server.predict('a', ROW), { code: 'DAMAGED' });
  await server.stop();
});

test('every load reads and verifies anew', async () => {
  const parts = house();
  const only = await put(parts.registry, 1);
  const server = await serving(parts);
  assert.equal(await answer(server), 1);
  await server.unload('a');
  assert.equal(await answer(server), 1);
  await server.unload('a');
  await flip(parts.fs, parts.registry, only);
  await assert.rejects(server.predict('a', ROW), { code: 'DAMAGED' });
  await server.stop();
});

test('changes of other processes are seen within a second; who stops watching is told nothing', async () => {
  const parts = house();
  const source = await RegistrySource.open(parts, { clock: parts.clock });
  const told: string[] = [];
  const stop = source.watch((name) => told.push(name));
  await put(parts.registry, 1);
  parts.clock.advance(1000);
  await source.look();
  assert.deepEqual(told, ['a']);
  await source.look();
  assert.deepEqual(told, ['a'], 'only what has changed');
  stop();
  await put(parts.registry, 2);
  await source.look();
  assert.deepEqual(told, ['a']);
});

test('an artefact of ours comes with its manifest, which must name the very files', async () => {
  const { fs, registry, ...parts } = house();
  saveArtefact(fs, '/artefact', draftOf(constantLearner(1)));
  const { metadata, files } = roomModel(loadArtefact(fs, '/artefact'));
  await promote(registry, await registry.registerModel(metadata, files));
  const source = await RegistrySource.open({ ...parts, registry });
  const { manifest, files: opened } = await source.open('threats', '1');
  assert.equal(manifest?.version, '1');
  assert.deepEqual([...opened.keys()], ['model.safetensors']);
  const [first, ...rest] = files;
  const other = [{ name: first?.name ?? '', content: Buffer.from('another') }, ...rest];
  await registry.registerModel({ ...metadata, version: 'v2.0' }, other);
  await assert.rejects(async () => source.open('threats', '2'), { code: 'DAMAGED', message: /manifest/ });
});

test('a foreign model is told by the ending of its file, whatever else lies beside it', async () => {
  const parts = house();
  const { registry } = parts;
  const source = await RegistrySource.open(parts);
  let number = 0;
  const opened = async (...names: string[]): Promise<string[]> => {
    number += 1;
    const named = names.map((name) => ({ name, content: Buffer.from(name) }));
    await registry.registerModel(metadataOf(`v${number}.0`, 'a'), named);
    const { files, date } = await source.open('a', String(number));
    assert.match(date ?? '', /^\d{4}-\d\d-\d\dT/);
    return [...files].map(([name, content]) => `${name} ${Buffer.from(content).toString()}`);
  };
  assert.deepEqual(await opened('forest.json'), ['model.json forest.json']);
  assert.deepEqual(await opened('forest.json', 'golden.json'), [
    'model.json forest.json',
    'golden.json golden.json',
  ]);
  const mlflow = ['model/MLmodel', 'model/conda.yaml', 'model/input_example.json'];
  assert.deepEqual(await opened(...mlflow, 'model/model.onnx'), ['model.onnx model/model.onnx']);
  assert.deepEqual(await opened(...mlflow, 'model/model.json'), ['model.json model/model.json']);
  await assert.rejects(opened('a.onnx', 'b.onnx'), { code: 'USAGE', message: /register one/ });
  await assert.rejects(opened('a.json', 'b.json'), { code: 'USAGE' });
  await assert.rejects(opened('forest.pkl'), { code: 'REFUSED', message: /run code/ });
  await assert.rejects(opened('model'), { code: 'UNSUPPORTED', message: /onnx/ });
});

test('what lies elsewhere is refused, and what is too large is not read', async () => {
  const parts = house();
  const { registry, state } = parts;
  await registry.models.create({ name: 'elsewhere', policy: 'open' });
  await registry.versions.create('elsewhere', { source: 's3://bucket/model' });
  const source = await RegistrySource.open(parts);
  await assert.rejects(source.open('elsewhere', '1'), { code: 'REFUSED' });
  await assert.rejects(source.open('elsewhere', '2'), { code: 'MISSING' });
  await put(registry, 1);
  await state.write((sql) => sql.run('UPDATE versions SET file_bytes = 1e9'));
  await assert.rejects(source.open('a', '1'), { code: 'LIMIT' });
});
