import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SimFileSystem } from '../../../../test/sim/disk.ts';
import { FaultyFileSystem } from '../../../../test/sim/faults.ts';
import {
  type FileSystem,
  hasCode,
  ManualClock,
  Rng,
  readSmallFile,
  seededBytes,
  sha256Hex,
  writeAll,
} from '../../../base/index.ts';
import { RECORD_BYTES } from './sealing.ts';
import { ArtefactStore } from './store.ts';

const KEY = Buffer.alloc(32, 5);
const clock = new ManualClock();

function storeOn(fs: FileSystem, encryptionKey?: Uint8Array): ArtefactStore {
  return new ArtefactStore({
    directory: '/s',
    fs,
    clock,
    random: seededBytes(3),
    encryptionKey,
    maxFileBytes: 1e6,
  });
}

/** All files below a directory of the store. */
function filesIn(fs: FileSystem, path: string): string[] {
  return fs.readDirectory(path).flatMap((name) => {
    const at = `${path}/${name}`;
    return fs.lstat(at).kind === 'directory' ? filesIn(fs, at) : [at];
  });
}

function overwrite(fs: FileSystem, path: string, bytes: Uint8Array): void {
  const fd = fs.open(path, 'truncate');
  writeAll(fs, fd, bytes, 0);
  fs.close(fd);
}

const isDamage = (error: unknown): boolean => hasCode(error, 'DAMAGED', 'TAMPERED');

test('any content comes back, in any pieces, plain and sealed', async () => {
  const sizes = fc.constantFrom(0, 1, RECORD_BYTES - 1, RECORD_BYTES, RECORD_BYTES + 1, 3 * RECORD_BYTES);
  await fc.assert(
    fc.asyncProperty(
      sizes,
      fc.integer({ min: 1, max: 100_000 }),
      fc.boolean(),
      async (size, piece, isSealed) => {
        const store = storeOn(new SimFileSystem(), isSealed ? KEY : undefined);
        const content = new Rng(size).bytes(size);
        async function* pieces() {
          for (let at = 0; at < size; at += piece) yield content.subarray(at, at + piece);
        }
        const { sha256, bytes } = await store.put(pieces());
        assert.deepEqual([sha256, bytes], [sha256Hex(content), size]);
        assert.ok((await store.load(sha256)).equals(content));
        assert.equal(await store.verify(sha256), size);
      },
    ),
    { numRuns: 30 },
  );
});

test('every flipped byte, every cut and every addition is refused, plain and sealed', async () => {
  for (const key of [undefined, KEY]) {
    const fs = new SimFileSystem();
    const store = storeOn(fs, key);
    const { sha256 } = await store.put(Buffer.from('weights of a model'));
    const [path = ''] = filesIn(fs, '/s/objects');
    const whole = readSmallFile(fs, path, 1e6);
    for (let at = 0; at < whole.length; at += 1) {
      for (const bit of [1, 128]) {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ bit;
        overwrite(fs, path, changed);
        await assert.rejects(store.load(sha256), isDamage);
      }
      overwrite(fs, path, whole.subarray(0, at));
      await assert.rejects(store.load(sha256), isDamage);
    }
    overwrite(fs, path, Buffer.concat([whole, Buffer.from([0])]));
    await assert.rejects(store.load(sha256), isDamage);
    // Storing it again repairs it.
    await store.put(Buffer.from('weights of a model'));
    assert.equal((await store.load(sha256)).toString(), 'weights of a model');
  }
});

test('sealed records cannot be dropped, swapped or taken from another file, and hide the content', async () => {
  const fs = new SimFileSystem();
  const store = storeOn(fs, KEY);
  const content = Buffer.alloc(3 * RECORD_BYTES, 'pattern');
  const { sha256 } = await store.put(content);
  const [path = ''] = filesIn(fs, '/s/objects');
  const whole = readSmallFile(fs, path, 1e6);
  assert.ok(!whole.includes('pattern'));
  const [salt, records] = [
    whole.subarray(0, 32),
    [0, 1, 2].map((i) => whole.subarray(32 + i * 65_552, 32 + (i + 1) * 65_552)),
  ];
  for (const order of [[0, 1], [0, 2], [1, 0, 2], [0, 1, 1, 2], [0, 0, 2], [2]]) {
    overwrite(fs, path, Buffer.concat([salt, ...order.map((i) => records[i] ?? Buffer.alloc(0))]));
    await assert.rejects(store.load(sha256), isDamage, String(order));
  }
  overwrite(fs, path, whole);
  await assert.rejects(storeOn(fs, Buffer.alloc(32, 6)).load(sha256), (error) => hasCode(error, 'TAMPERED'));
  await assert.rejects(storeOn(fs).load(sha256), (error) => hasCode(error, 'WRONG_PASSWORD'));
  assert.throws(
    () => storeOn(fs, Buffer.alloc(31)),
    (error) => hasCode(error, 'USAGE'),
  );
});

test('plain files stay readable when a key is given, and are sealed when they are mended', async () => {
  const fs = new SimFileSystem();
  const { sha256 } = await storeOn(fs).put(Buffer.from('weights'));
  const store = storeOn(fs, KEY);
  assert.equal((await store.load(sha256)).toString(), 'weights');
  const [path = ''] = filesIn(fs, '/s/objects');
  overwrite(fs, path, Buffer.from('weight!'));
  await store.put(Buffer.from('weights'));
  assert.equal((await store.load(sha256)).toString(), 'weights');
  assert.deepEqual(filesIn(fs, '/s/objects'), [`${path}.sealed`]);
});

test('an upload that fails leaves nothing', async () => {
  const fs = new SimFileSystem();
  const store = storeOn(fs);
  async function* broken() {
    yield Buffer.from('half');
    throw new TypeError('the sender is gone');
  }
  await assert.rejects(store.put(broken()), TypeError);
  await assert.rejects(store.put(Buffer.alloc(11), { maxBytes: 10 }), (error) => hasCode(error, 'LIMIT'));
  await assert.rejects(store.put(Buffer.from('x'), { signal: AbortSignal.abort() }), (error) =>
    hasCode(error, 'INTERRUPTED'),
  );
  assert.deepEqual(filesIn(fs, '/s'), []);
  await assert.rejects(store.load('a'.repeat(64)), (error) => hasCode(error, 'MISSING'));
  await assert.rejects(store.load('../../etc/passwd'), (error) => hasCode(error, 'USAGE'));
});

test('the same content is stored once and never written again', async () => {
  const fs = new SimFileSystem();
  const store = storeOn(fs);
  const { sha256 } = await store.put(Buffer.from('same'));
  const [path = ''] = filesIn(fs, '/s/objects');
  const { inode } = fs.lstat(path);
  await store.put(Buffer.from('same'));
  assert.equal(fs.lstat(path).inode, inode);
  assert.deepEqual(store.list(), [sha256]);
  store.remove(sha256);
  assert.equal(store.has(sha256), false);
});

test('after a power cut at any call an answered upload is whole, and another is there or not', async () => {
  for (let at = 1; ; at += 1) {
    const disk = new SimFileSystem();
    const first = await storeOn(disk).put(Buffer.from('first'));
    const faulty = new FaultyFileSystem(disk, { at, fault: 'kill-before' });
    let second: string | undefined;
    try {
      second = (await storeOn(faulty).put(Buffer.from('second'))).sha256;
    } catch {
      // What is left is looked at below.
    }
    const left = storeOn(disk.crash(new Rng(at), 'power'));
    assert.equal((await left.load(first.sha256)).toString(), 'first');
    const sha256 = sha256Hex(Buffer.from('second'));
    if (second !== undefined || left.has(sha256))
      assert.equal((await left.load(sha256)).toString(), 'second');
    if (!faulty.reached) return;
  }
});

test('what a killed upload left is deleted a day later', async () => {
  const fs = new SimFileSystem();
  const store = storeOn(fs);
  fs.close(fs.open('/s/tmp/left', 'create'));
  fs.setMtime('/s/tmp/left', BigInt(clock.nowMs() - 25 * 3_600_000) * 1_000_000n);
  fs.close(fs.open('/s/tmp/young', 'create'));
  fs.setMtime('/s/tmp/young', BigInt(clock.nowMs()) * 1_000_000n);
  assert.equal(store.uploads.removeStale(), 1);
  assert.deepEqual(filesIn(fs, '/s'), ['/s/tmp/young']);
});
