import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support.ts';
import { hasCode } from '../../base/index.ts';
import { isRegistry, openRegistry } from './data-directory.ts';
import { inProduction, metadataOf } from './testing/house.ts';

const code = (wanted: string) => (error: unknown) => hasCode(error) && error.code === wanted;

test('a directory is made once, private, and opens again with all it held', async (t) => {
  const path = join(temporaryFolder(t), 'data');
  assert.equal(isRegistry(path), false);
  const first = openRegistry(path);
  const modelId = await inProduction(first.registry, 'v1', 'content');
  await first.close();
  assert.equal(isRegistry(path), true);
  for (const name of ['', 'registry.db', 'models', 'models/signing-key.pem', 'pilotfish.json']) {
    assert.equal(statSync(join(path, name)).mode & 0o077, 0, name);
  }
  const again = openRegistry(path);
  assert.equal((await again.registry.loadProduction('threat-detector')).version.modelId, modelId);
  await again.close();
});

test('a backup taken while others write opens as of one moment, with every artefact', async (t) => {
  const folder = temporaryFolder(t);
  const live = openRegistry(join(folder, 'data'));
  await inProduction(live.registry, 'v1', 'content');
  // More pages than one step of a copy usually has.
  const { runId } = await live.tracking.runs.create();
  const metrics = Array.from({ length: 1000 }, (_, at) => ({
    key: `a key that fills pages ${at}`,
    value: at,
    timestampMs: at,
  }));
  for (let step = 0; step < 8; step += 1) {
    await live.tracking.log.logBatch(runId, { metrics: metrics.map((metric) => ({ ...metric, step })) });
  }
  let isDone = false;
  const writing = (async () => {
    for (let i = 0; !isDone; i += 1)
      await live.registry.registerModel(metadataOf(`v2.${i}`), Buffer.from(`c${i}`));
  })();
  await live.backup(join(folder, 'copy'));
  isDone = true;
  await writing;
  await assert.rejects(live.backup(join(folder, 'copy')), code('EXISTS'));
  const copy = openRegistry(join(folder, 'copy'));
  assert.deepEqual((await copy.registry.verify()).damaged, []);
  await copy.registry.audit.verify();
  assert.equal((await copy.tracking.runs.get(runId)).metrics.length, 1000);
  const versions = await copy.registry.listModels();
  assert.ok(versions.length >= 1);
  assert.deepEqual(
    versions.map(({ number }) => number),
    versions.map((_, i) => i + 1),
  );
  // The copy goes its own way.
  await copy.registry.registerModel(metadataOf('v9'), Buffer.from('only here'));
  assert.equal(
    (await live.registry.listModels()).some(({ version }) => version === 'v9'),
    false,
  );
  assert.equal((await copy.registry.loadProduction('threat-detector')).isFallback, false);
  await Promise.all([live.close(), copy.close()]);
});

test('artefacts may lie elsewhere, and be sealed; a backup brings them together', async (t) => {
  const folder = temporaryFolder(t);
  const encryptionKey = Buffer.alloc(32, 1);
  const live = openRegistry(join(folder, 'data'), { storageDir: join(folder, 'store'), encryptionKey });
  const modelId = await live.registry.registerModel(metadataOf('v1'), Buffer.from('secret weights'));
  await live.backup(join(folder, 'copy'));
  await live.close();
  const copy = openRegistry(join(folder, 'copy'), { encryptionKey });
  assert.equal((await copy.registry.loadModel(modelId)).files.get('model')?.toString(), 'secret weights');
  await copy.close();
  const locked = openRegistry(join(folder, 'copy'));
  await assert.rejects(locked.registry.loadModel(modelId), code('WRONG_PASSWORD'));
  assert.equal((await locked.registry.getModel(modelId)).health, 'verified');
  await locked.close();
});

test('a newer format, an unfinished backup and another application are refused', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'data');
  await openRegistry(path).close();
  const marker = readFileSync(join(path, 'pilotfish.json'), 'utf8');
  writeFileSync(join(path, 'pilotfish.json'), marker.replace('"format":1', '"format":2'));
  assert.throws(() => openRegistry(path), code('NEWER_VERSION'));
  writeFileSync(join(path, 'pilotfish.json'), '{');
  assert.throws(() => openRegistry(path), code('DAMAGED'));
  rmSync(join(path, 'pilotfish.json'));
  assert.throws(() => openRegistry(path), code('DAMAGED'));
  mkdirSync(join(folder, 'file'));
  writeFileSync(join(folder, 'file', 'registry.db'), 'photos');
  assert.throws(() => openRegistry(join(folder, 'file')), code('DAMAGED'));
});
