// Another version: refused, swapped in, rolled back, damaged.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { FaultyFileSystem } from '../../../test/sim/faults.ts';
import { type FileSystem, ManualClock, PilotfishError, writeAll } from '../../base/index.ts';
import { saveArtefact } from '../../decisions/index.ts';
import { ModelServer } from './index.ts';
import { recordGolden } from './runners/golden.ts';
import { GOLDEN_FILE, type SourcedModel } from './sources/source.ts';
import { constantLearner, constantModel, draftOf, late, MemorySource } from './testing/models.ts';
import { damaged, numbered, ROW, serving, versionOf } from './testing/serving.ts';

/** A model whose recorded answer is another than its own. */
const untrue = (value: number): SourcedModel =>
  constantModel(value, { [GOLDEN_FILE]: recordGolden(() => [value + 1], [ROW]) });

/** Changes one byte in the middle of a file. */
function flip(fs: FileSystem, path: string): void {
  const fd = fs.open(path, 'update');
  const position = fs.stat(fd).sizeBytes >> 1;
  const byte = Buffer.alloc(1);
  fs.read(fd, byte, { offset: 0, length: 1, position });
  writeAll(fs, fd, Buffer.of((byte[0] as number) ^ 1), position);
  fs.close(fd);
}

test('a version that answers otherwise than recorded is refused and the old one keeps serving', async () => {
  const source = numbered(1);
  const server = serving(source);
  await server.load('a');
  const { memoryBytes } = server;
  source.put('a', '2', untrue(2));
  const [failure] = await server.refresh();
  assert.equal(failure?.model, 'a');
  assert.equal(failure?.error.code, 'REFUSED');
  assert.match(failure?.error.message ?? '', /recorded input 0 is answered by 2 where 3/);
  assert.equal(server.memoryBytes, memoryBytes, 'nothing of it is left');
  assert.equal(await versionOf(server), '1');
  source.put('a', '3', constantModel(3, { [GOLDEN_FILE]: recordGolden(() => [3], [ROW]) }));
  assert.deepEqual(await server.refresh(), []);
  assert.equal(await versionOf(server), '3');
});

test('at the start too: of versions that cannot be loaded the newest that can answers', async () => {
  const source = numbered(1, 2).put('a', '3', untrue(3)).put('a', '4', damaged());
  const server = serving(source);
  assert.equal(await versionOf(server), '2');
  assert.deepEqual(source.opened, ['a 4', 'a 3', 'a 2']);
  assert.equal(await versionOf(server), '2');
  assert.equal(source.opened.length, 3);
});

test('a rollback that is asked for during a swap goes back from it', async () => {
  const source = numbered(1);
  const server = serving(source);
  await server.load('a');
  const { promise, come } = late(constantModel(2));
  source.put('a', '2', promise);
  const changes = [server.refresh(), server.rollbackModel('a')] as const;
  assert.equal(await versionOf(server), '1');
  come();
  const [failures, rollback] = await Promise.all(changes);
  assert.deepEqual([failures, rollback], [[], { model: 'a', version: '1', previous: '2' }]);
});

test('a source that chooses the version is followed, also back; one it cannot give changes nothing', async () => {
  const source = numbered(1, 2, 3).put('a', '4', damaged());
  source.chosen.set('a', '2');
  const server = serving(source);
  assert.equal(await versionOf(server), '2');
  for (const [chosen, expected, failures] of [
    ['3', '3', 0],
    ['1', '1', 0],
    ['4', '1', 1],
    ['4', '1', 1],
    ['2', '2', 0],
  ] as const) {
    source.chosen.set('a', chosen);
    assert.equal((await server.refresh()).length, failures);
    assert.equal(await versionOf(server), expected);
  }
});

test('a rollback passes over what cannot be loaded', async () => {
  const source = new MemorySource().put('a', '1', damaged()).put('a', '2', constantModel(2));
  source.put('a', '3', damaged()).put('a', '4', damaged()).put('a', '5', constantModel(5));
  const server = serving(source);
  assert.equal(await versionOf(server), '5');
  const report = { model: 'a', version: '2', previous: '5' };
  assert.deepEqual(await server.rollbackModel('a'), report);
  await assert.rejects(server.rollbackModel('a'), { code: 'DAMAGED' });
  assert.equal(await versionOf(server), '2');
});

test('a swap that finds no room fails before the old version loses its own; with room it is made later', async () => {
  const source = numbered(1);
  const probe = serving(source);
  await probe.load('a');
  const server = serving(source.put('b', '1', constantModel(1)), {
    maxMemoryBytes: 2 * probe.memoryBytes - 1,
  });
  assert.equal(await versionOf(server), '1');
  source.put('a', '2', constantModel(2));
  // Neither while it is idle nor while it answers.
  for (const questions of [0, 10]) {
    const asked = Array.from({ length: questions }, () => versionOf(server));
    const [failure] = await server.refresh('a');
    assert.equal(failure?.error.code, 'LIMIT');
    assert.ok((await Promise.all(asked)).every((version) => version === '1'));
  }
  await server.unload('a');
  assert.deepEqual(await server.refresh('a'), []);
  assert.equal(await versionOf(server), '2');
});

test('a swap that is under way when the server stops leaves nothing loaded', async () => {
  const source = numbered(1);
  const server = serving(source);
  await server.load('a');
  const { promise, come } = late(constantModel(2));
  source.put('a', '2', promise);
  const swapping = server.refresh();
  await new Promise((resolve) => setImmediate(resolve));
  const waiting = server.rollbackModel('a');
  const stopped = server.stop();
  come();
  await assert.rejects(waiting, { code: 'INTERRUPTED' });
  assert.deepEqual(await swapping, []);
  await stopped;
  assert.equal(server.memoryBytes, 0);
});

test('other bytes under a version that was served are refused', async () => {
  const source = numbered(1, 2);
  const server = serving(source);
  assert.equal(await versionOf(server), '2');
  await server.unload('a');
  source.put('a', '2', constantModel(7));
  assert.equal(await versionOf(server), '1');
});

test('a version that lies elsewhere is swapped in under the name it is given, and is no other afterwards', async () => {
  const fs = new SimFileSystem();
  saveArtefact(fs, '/models/a', draftOf(constantLearner(1)));
  saveArtefact(fs, '/new.pt', draftOf(constantLearner(2), { version: 'from-manifest' }));
  saveArtefact(fs, '/other', draftOf(constantLearner(3)));
  const server = new ModelServer({ modelDir: '/models', fs, clock: new ManualClock() });
  await assert.rejects(server.hotSwapModel('a', { newModelPath: '/new.pt' }), { code: 'USAGE' });
  server.start();
  const swap = await server.hotSwapModel('a', { newModelPath: '/new.pt', newVersion: '2.0.0' });
  assert.deepEqual(swap, { model: 'a', version: '2.0.0', previous: '1' });
  assert.equal((await server.predict('a', ROW)).values[0], 2);
  await assert.rejects(server.hotSwapModel('a', { newModelPath: '/other', newVersion: '2.0.0' }), {
    code: 'EXISTS',
  });
  await assert.rejects(server.hotSwapModel('a', { newModelPath: '/nowhere', newVersion: '3' }), {
    code: 'MISSING',
  });
  await assert.rejects(server.hotSwapModel('a', { newModelPath: '/other', newVersion: '../3' }), {
    code: 'USAGE',
  });
  assert.equal((await server.predict('a', ROW)).version, '2.0.0');
  assert.equal(
    (await server.hotSwapModel('a', { newModelPath: '/new.pt', newVersion: '2.0.0' })).previous,
    '2.0.0',
  );
  assert.equal((await server.rollbackModel('a')).version, '1');
});

test('a swap to what answers otherwise than its artefact recorded leaves nothing behind', async () => {
  const fs = new SimFileSystem();
  saveArtefact(fs, '/models/a', draftOf(constantLearner(1)));
  const { manifest, files } = draftOf(constantLearner(2), { version: '2' });
  const recorded = (answer: number) =>
    new Map([...files, [GOLDEN_FILE, recordGolden(() => [answer], [ROW])]]);
  saveArtefact(fs, '/true', { manifest, files: recorded(2) });
  saveArtefact(fs, '/untrue', { manifest, files: recorded(3) });
  const server = new ModelServer({ modelDir: '/models', fs, clock: new ManualClock() });
  server.start();
  assert.equal(await versionOf(server), '1');
  const { memoryBytes } = server;
  await assert.rejects(server.hotSwapModel('a', { newModelPath: '/untrue' }), { code: 'REFUSED' });
  assert.equal(server.memoryBytes, memoryBytes);
  assert.equal(await versionOf(server), '1');
  await server.hotSwapModel('a', { newModelPath: '/true' });
  assert.equal(await versionOf(server), '2');
});

test('a swap can bring a model that was not there; one that fails brings none', async () => {
  const fs = new SimFileSystem();
  fs.makeDirectory('/models');
  saveArtefact(fs, '/new', draftOf(constantLearner(1), { version: '7' }));
  const server = new ModelServer({ modelDir: '/models', fs, clock: new ManualClock() });
  server.start();
  await assert.rejects(server.hotSwapModel('a', { newModelPath: '/gone', newVersion: '1' }), {
    code: 'MISSING',
  });
  await assert.rejects(server.hotSwapModel('a/b', { newModelPath: '/new' }), { code: 'USAGE' });
  assert.deepEqual(server.names, []);
  assert.deepEqual(await server.hotSwapModel('a', { newModelPath: '/new' }), {
    ...{ model: 'a', version: '7', previous: null },
  });
  assert.equal((await server.predict('a', ROW)).version, '7');
});

test('a fixed version is neither swapped nor rolled back', async () => {
  const server = serving(numbered(1, 2), { policy: { version: '1' } });
  assert.equal(await versionOf(server), '1');
  await assert.rejects(server.hotSwapModel('a', { newModelPath: '/x', newVersion: '3' }), {
    code: 'REFUSED',
  });
  await assert.rejects(server.rollbackModel('a'), { code: 'MISSING' });
});

test('one flipped byte on the disk: refused at the next load, and the last good version answers', async () => {
  const fs = new SimFileSystem();
  saveArtefact(fs, '/models/a', draftOf(constantLearner(1), { version: '1' }));
  saveArtefact(fs, '/models/a', draftOf(constantLearner(2), { version: '2' }));
  const server = new ModelServer({ modelDir: '/models', fs, clock: new ManualClock() });
  server.start();
  assert.equal(await versionOf(server), '2');
  flip(fs, '/models/a/model.safetensors');
  assert.equal(await versionOf(server), '2', 'what is loaded was verified');
  await server.unload('a');
  assert.equal(await versionOf(server), '1');
  // The artefact before it would load from the same path; it is not what was asked for.
  await assert.rejects(server.hotSwapModel('a', { newModelPath: '/models/a', newVersion: '3' }), {
    code: 'DAMAGED',
  });
  assert.equal(await versionOf(server), '1');
});

test('whichever file call fails while a version loads, the old one keeps serving', async () => {
  const disk = new SimFileSystem();
  saveArtefact(disk, '/models/a', draftOf(constantLearner(1), { version: '1' }));
  saveArtefact(disk, '/new', draftOf(constantLearner(2), { version: '2' }));
  let failed = 0;
  for (let at = 1; ; at += 1) {
    const fs = new FaultyFileSystem(disk, { at, fault: 'EIO', below: '/new' });
    const server = new ModelServer({ modelDir: '/models', fs, clock: new ManualClock() });
    server.start();
    await server.load('a');
    const swapped = await server.hotSwapModel('a', { newModelPath: '/new' }).catch((error: unknown) => error);
    if (!(swapped instanceof Error)) {
      assert.equal(await versionOf(server), '2');
      break;
    }
    failed += 1;
    assert.ok(swapped instanceof PilotfishError, String(swapped));
    assert.equal(await versionOf(server), '1');
    await server.hotSwapModel('a', { newModelPath: '/new' });
    assert.equal(await versionOf(server), '2', 'a fault that has passed does no more harm');
  }
  assert.ok(failed > 5, `${failed} calls failed`);
});

test('a swap in from elsewhere that is under way when the server stops leaves nothing loaded', async () => {
  const fs = new SimFileSystem();
  saveArtefact(fs, '/models/a', draftOf(constantLearner(1)));
  saveArtefact(fs, '/new', draftOf(constantLearner(2), { version: '2' }));
  const server = new ModelServer({ modelDir: '/models', fs });
  server.start();
  const swapping = server.hotSwapModel('a', { newModelPath: '/new' });
  await new Promise((resolve) => process.nextTick(resolve));
  await server.stop();
  assert.equal((await swapping).version, '2');
  assert.equal(server.memoryBytes, 0);
});

test('a model that its source takes back answers no more; a handle answers again when it comes back', async () => {
  const source = numbered(1).put('b', '1', constantModel(1));
  source.chosen.set('a', '1');
  const server = serving(source);
  const handle = await server.open('a');
  await server.load('b');
  for (const name of ['a', 'b']) source.models.delete(name);
  source.tell('a');
  assert.deepEqual(await server.refresh(), []);
  assert.deepEqual(server.names, ['a'], 'a handle keeps its model');
  await assert.rejects(server.predict('a', ROW), { code: 'MISSING' });
  await assert.rejects(server.predict('b', ROW), { code: 'MISSING' });
  assert.equal(server.memoryBytes, 0);
  assert.throws(() => handle.predict(ROW), { code: 'USAGE', message: /withdrawn/ });
  source.put('a', '2', constantModel(2));
  source.chosen.set('a', '2');
  assert.deepEqual(await server.refresh('a'), []);
  await server.load('a');
  assert.equal(handle.predict(ROW)[0], 2);
});

test('a model withdrawn while its next version was being loaded does not come back with it', async () => {
  const source = numbered(1);
  source.chosen.set('a', '1');
  const server = serving(source);
  await server.load('a');
  const { promise, come } = late(constantModel(2));
  source.put('a', '2', promise);
  source.chosen.set('a', '2');
  const refreshed = server.refresh('a');
  for (let turn = 0; turn < 20 && !source.opened.includes('a 2'); turn += 1) await Promise.resolve();
  assert.ok(source.opened.includes('a 2'), 'it is being loaded');
  source.models.delete('a');
  await server.refresh('a');
  come();
  assert.equal((await refreshed)[0]?.error.code, 'MISSING');
  await assert.rejects(server.predict('a', ROW), { code: 'MISSING' });
  assert.equal(server.memoryBytes, 0, 'nothing of it is kept');
});
