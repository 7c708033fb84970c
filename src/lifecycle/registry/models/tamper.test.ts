import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FileSystem, hasCode, readSmallFile, writeAll } from '../../../base/index.ts';
import { house, inProduction, metadataOf, STORAGE } from '../testing/house.ts';

const isDamage = (error: unknown): boolean => hasCode(error, 'DAMAGED', 'TAMPERED', 'MISSING');

function pathOf(sha256: string): string {
  return `${STORAGE}/objects/${sha256.slice(0, 2)}/${sha256.slice(2)}`;
}

function flip(fs: FileSystem, path: string): void {
  const bytes = readSmallFile(fs, path, 1e6);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  const fd = fs.open(path, 'truncate');
  writeAll(fs, fd, bytes, 0);
  fs.close(fd);
}

test('one flipped byte: the version is refused, the last good one serves, the log says so', async () => {
  const { registry, fs } = house();
  const ids: string[] = [];
  for (const version of ['v1', 'v2', 'v3']) ids.push(await inProduction(registry, version, version));
  const hashes = (await registry.listModels()).map(({ fileHash }) => fileHash ?? '');
  flip(fs, pathOf(hashes[2] ?? ''));
  await assert.rejects(registry.loadModel(ids[2] ?? ''), (error) => hasCode(error, 'DAMAGED'));
  const { version, files, isFallback } = await registry.loadProduction('threat-detector');
  assert.deepEqual([version.version, files.get('model')?.toString(), isFallback], ['v2', 'v2', true]);
  fs.unlink(pathOf(hashes[1] ?? ''));
  assert.equal((await registry.loadProduction('threat-detector')).version.version, 'v1');
  assert.equal((await registry.getModel(ids[2] ?? '')).health, 'damaged');
  assert.equal((await registry.audit.entries()).at(-1)?.action, 'version.health');
  // Neither comes back by a rollback.
  await assert.rejects(registry.rollbackModel('threat-detector'), /is damaged/);
  flip(fs, pathOf(hashes[0] ?? ''));
  await assert.rejects(registry.loadProduction('threat-detector'), (error) => hasCode(error, 'DAMAGED'));
});

test('the scrub finds what is damaged, once, and what was repaired', async () => {
  const { registry, fs } = house();
  const first = await inProduction(registry, 'v1', 'same');
  await registry.registerModel(metadataOf('v2'), Buffer.from('same'));
  await registry.registerModel(metadataOf('v3'), Buffer.from('other'));
  assert.deepEqual(await registry.verify(), { files: 2, bytes: 9, damaged: [], repaired: [] });
  const { fileHash = '' } = await registry.getModel(first);
  flip(fs, pathOf(fileHash));
  const { damaged, files } = await registry.verify();
  assert.deepEqual([files, damaged.map(({ number }) => number)], [1, [1, 2]]);
  assert.equal((await registry.verify({ name: 'threat-detector' })).damaged.length, 2);
  const entries = (await registry.audit.verify()).entries;
  await registry.verify();
  assert.equal((await registry.audit.verify()).entries, entries);
  await registry.registerModel(metadataOf('v4'), Buffer.from('same'));
  assert.deepEqual((await registry.verify()).repaired, [
    { name: 'threat-detector', number: 1 },
    { name: 'threat-detector', number: 2 },
  ]);
  await assert.rejects(registry.verify({ name: 'gone' }), (error) => hasCode(error, 'MISSING'));
});

const CHANGES: Readonly<Record<string, string>> = {
  'the hash of a file': `UPDATE version_files SET sha256 = '${'0'.repeat(64)}'`,
  'the size of a file': 'UPDATE version_files SET bytes = bytes - 1',
  'the name of a file': "UPDATE version_files SET name = 'evil'",
  'another file': "INSERT INTO version_files SELECT version, 'evil', sha256, bytes FROM version_files",
  'the number': 'UPDATE versions SET number = 7',
  'the text': "UPDATE versions SET version = 'v9'",
  'the algorithm': "UPDATE versions SET algorithm = 'x'",
  'the framework': "UPDATE versions SET framework = 'x'",
  'the manifest': "UPDATE versions SET manifest = replace(manifest, 'v1', 'v2')",
  'the signature': 'UPDATE versions SET signature = zeroblob(64)',
  'no signature': 'UPDATE versions SET signature = NULL',
};

for (const [what, statement] of Object.entries(CHANGES)) {
  test(`changed in the database: ${what}`, async () => {
    const { registry, state } = house();
    const modelId = await inProduction(registry, 'v1', 'content');
    await state.write((sql) => sql.run(statement));
    await assert.rejects(registry.loadModel(modelId), isDamage);
    assert.equal((await registry.verify()).damaged.length, 1);
  });
}

test('content that another artefact has does not pass for it', async () => {
  const { registry, fs } = house();
  const modelId = await registry.registerModel(metadataOf('v1'), Buffer.from('one'));
  const other = await registry.registerModel(metadataOf('v2'), Buffer.from('two'));
  const [{ fileHash: a = '' }, { fileHash: b = '' }] = [
    await registry.getModel(modelId),
    await registry.getModel(other),
  ];
  fs.rename(pathOf(b), pathOf(a));
  await assert.rejects(registry.loadModel(modelId), (error) => hasCode(error, 'DAMAGED'));
});
