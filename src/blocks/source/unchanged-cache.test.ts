import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { FaultyFileSystem } from '../../../test/sim/faults.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { type FileStat, Rng, readSmallFile } from '../../base/index.ts';
import { cacheKey, UnchangedReader, UnchangedWriter } from './unchanged-cache.ts';

const PATH = '/cache.unchanged';
const HEADER = { repositoryId: 'ab'.repeat(16), snapshotId: 'cd'.repeat(32) };
const OLD_NS = 1_600_000_000_000_000_000n;
const NOW_MS = 1_700_000_000_000;
const CONTENT = Buffer.from('a content cid of some bytes');

const STAT: FileStat = {
  kind: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  sizeBytes: 1234,
  mtimeNs: OLD_NS,
  ctimeNs: OLD_NS,
  inode: 77n,
  device: 1n,
  deviceNumber: 0n,
  links: 1,
  allocatedBytes: 4096,
};

const keyOf = (path: string): Buffer => cacheKey(Buffer.from(path, 'latin1'));

/** Writes a cache of files that were seen long after their last change. */
function written(
  files: readonly (readonly [path: string, stat: FileStat])[],
  fs = new SimFileSystem(),
): SimFileSystem {
  const writer = new UnchangedWriter(fs, PATH, 'writer');
  for (const [path, stat] of files) writer.add(keyOf(path), stat, { content: CONTENT, nowMs: NOW_MS });
  writer.finish(HEADER);
  return fs;
}

/** Asks for paths in order; true for each that is found. */
function found(fs: SimFileSystem, asks: readonly (readonly [path: string, stat: FileStat])[]): boolean[] {
  const reader = new UnchangedReader(fs, PATH);
  const answers = asks.map(([path, stat]) => {
    const content = reader.find(keyOf(path), stat);
    if (content !== undefined) assert.ok(content.equals(CONTENT));
    return content !== undefined;
  });
  reader.close();
  return answers;
}

test('a file that is as it was is found, with its content', () => {
  const fs = written([
    ['a', STAT],
    ['b', STAT],
  ]);
  const reader = new UnchangedReader(fs, PATH);
  assert.deepEqual(reader.header, HEADER);
  assert.ok(reader.find(keyOf('a'), STAT)?.equals(CONTENT));
  assert.ok(reader.find(keyOf('b'), STAT)?.equals(CONTENT));
  reader.close();
  assert.deepEqual(fs.openPaths(), []);
});

test('an empty content, the largest times and sizes come back', () => {
  const fs = new SimFileSystem();
  const writer = new UnchangedWriter(fs, PATH, 'writer');
  const stat = {
    ...STAT,
    sizeBytes: Number.MAX_SAFE_INTEGER,
    inode: 2n ** 64n - 1n,
    mtimeNs: 2n ** 63n - 1n,
    ctimeNs: -(2n ** 63n),
  };
  writer.add(keyOf('a'), stat, { content: new Uint8Array(0), nowMs: NOW_MS });
  writer.finish(HEADER);
  assert.equal(new UnchangedReader(fs, PATH).find(keyOf('a'), stat)?.length, 0);
});

test('a change of size, mtime, ctime or inode means reading again', () => {
  const changes: readonly Partial<FileStat>[] = [
    { sizeBytes: 1235 },
    { mtimeNs: OLD_NS + 1n },
    { mtimeNs: OLD_NS - 1n },
    { ctimeNs: OLD_NS + 1n },
    { inode: 78n },
  ];
  for (const change of changes) {
    const fs = written([
      ['a', STAT],
      ['b', STAT],
    ]);
    assert.deepEqual(
      found(fs, [
        ['a', { ...STAT, ...change }],
        ['b', STAT],
      ]),
      [false, true],
    );
  }
  const fs = written([['a', STAT]]);
  assert.deepEqual(
    found(fs, [['a', { ...STAT, mode: 0o600, uid: 5, links: 2 }]]),
    [true],
    'what is always read anew',
  );
});

test('files are found in the order of the walk, with others before, between and behind', () => {
  // A directory is walked where its name stands among its neighbours.
  const walk = ['a', 'a/b', 'a/c/d', 'a-b', 'a.txt', 'a0', 'b', '\xff', '\xff/x'];
  const asks = walk.map((path) => [path, STAT] as const);
  assert.deepEqual(new Set(found(written(asks), asks)), new Set([true]));
  fc.assert(
    fc.property(fc.subarray(walk), fc.subarray(walk), (stored, asked) => {
      const fs = written(stored.map((path) => [path, STAT] as const));
      assert.deepEqual(
        found(
          fs,
          asked.map((path) => [path, STAT] as const),
        ),
        asked.map((path) => stored.includes(path)),
      );
    }),
    { seed: 1, numRuns: 100 },
  );
});

test('keys are in the order in which sorted directories are walked', () => {
  const name = fc
    .uint8Array({ minLength: 1, maxLength: 3 })
    .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 1 : byte))));
  const path = fc.array(name, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(path, path, (a, b) => {
      const joined = [a, b].map((names) =>
        Buffer.from(names.map((part) => part.toString('latin1')).join('/'), 'latin1'),
      );
      const byNames = a
        .map((part, i) => (b[i] === undefined ? 1 : Buffer.compare(part, b[i])))
        .find((order) => order !== 0);
      const expected = byNames ?? (a.length === b.length ? 0 : -1);
      const [first, second] = joined.map(cacheKey) as [Buffer, Buffer];
      assert.equal(Math.sign(Buffer.compare(first, second)), expected);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test('a file that changed too shortly before it was read is not kept', () => {
  const nowNs = BigInt(NOW_MS) * 1_000_000n;
  const at = (ctimeNs: bigint): boolean[] => {
    const stat = { ...STAT, ctimeNs };
    return found(written([['a', stat]]), [['a', stat]]);
  };
  assert.deepEqual(at(nowNs), [false]);
  assert.deepEqual(at(nowNs - 1_999_999_999n), [false]);
  assert.deepEqual(at(nowNs + 10n ** 12n), [false], 'from the future');
  assert.deepEqual(at(nowNs - 2_000_000_000n), [true]);
});

test('a file whose times do not fit is read every time', () => {
  const far: readonly Partial<FileStat>[] = [
    { mtimeNs: 2n ** 63n },
    { mtimeNs: -(2n ** 63n) - 1n },
    { ctimeNs: -(2n ** 70n) },
  ];
  for (const change of far) {
    const stat = { ...STAT, ...change };
    assert.deepEqual(
      found(
        written([
          ['a', stat],
          ['b', STAT],
        ]),
        [
          ['a', stat],
          ['b', STAT],
        ],
      ),
      [false, true],
    );
  }
});

test('many files take several frames', () => {
  const files = Array.from(
    { length: 5000 },
    (_, i) => [`d/${String(i).padStart(6, '0')}`, { ...STAT, sizeBytes: i }] as const,
  );
  const fs = written(files);
  assert.ok(fs.lstat(PATH).sizeBytes > 200_000);
  assert.deepEqual(new Set(found(fs, files)), new Set([true]));
});

test('a cache cut anywhere finds a prefix of its files and nothing else', () => {
  const files = Array.from({ length: 3000 }, (_, i) => [String(i).padStart(6, '0'), STAT] as const);
  const bytes = readSmallFile(written(files), PATH, 1e7);
  const rng = new Rng(1);
  for (const length of [
    0,
    1,
    8,
    20,
    130,
    bytes.length - 1,
    ...Array.from({ length: 20 }, () => rng.below(bytes.length)),
  ]) {
    const fs = new SimFileSystem();
    writeFile(fs, PATH, bytes.subarray(0, length));
    const answers = found(fs, files);
    assert.ok(!answers.slice(answers.indexOf(false)).includes(true), `${length} bytes`);
  }
});

test('a garbled cache gives no wrong answer', () => {
  const files = Array.from({ length: 2500 }, (_, i) => [String(i).padStart(6, '0'), STAT] as const);
  const bytes = readSmallFile(written(files), PATH, 1e7);
  const rng = new Rng(2);
  for (let i = 0; i < 60; i += 1) {
    const garbled = Buffer.from(bytes);
    // Frame heads and the header are where a byte matters most.
    const at = i % 3 === 0 ? rng.below(200) : rng.below(bytes.length);
    garbled[at] = (garbled[at] as number) ^ (1 + rng.below(255));
    const fs = new SimFileSystem();
    writeFile(fs, PATH, garbled);
    found(fs, files);
    assert.deepEqual(fs.openPaths(), []);
  }
});

test('files that are no cache are no cache', () => {
  for (const bytes of [
    '',
    'pilotfish unchanged 1',
    'x'.repeat(1000),
    new Rng(1).bytes(5000),
    Buffer.alloc(100),
  ]) {
    const fs = new SimFileSystem();
    writeFile(fs, PATH, bytes);
    const reader = new UnchangedReader(fs, PATH);
    assert.equal(reader.header, undefined);
    assert.equal(reader.find(keyOf('a'), STAT), undefined);
    assert.deepEqual(fs.openPaths(), []);
  }
  assert.equal(new UnchangedReader(new SimFileSystem(), PATH).header, undefined, 'none at all');
});

test('a frame that claims more than it may is not read', () => {
  const fs = new SimFileSystem();
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0xffff_ffff, 0);
  writeFile(fs, PATH, head);
  const before = process.memoryUsage().arrayBuffers;
  assert.equal(new UnchangedReader(fs, PATH).header, undefined);
  assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 20);
});

test('the old cache stays until the new one is complete', () => {
  const fs = written([['a', STAT]]);
  const abandoned = new UnchangedWriter(fs, PATH, 'other');
  abandoned.add(keyOf('b'), STAT, { content: CONTENT, nowMs: NOW_MS });
  abandoned.abandon();
  assert.deepEqual(found(fs, [['a', STAT]]), [true]);
  assert.deepEqual(fs.readDirectory('/').map(String), ['cache.unchanged'], 'and no other file does');
});

test('a device that fails costs the cache, not the run', () => {
  const fs = written([['a', STAT]]);
  for (let at = 1; at <= 4; at += 1) {
    const reader = new UnchangedReader(new FaultyFileSystem(fs, { at, fault: 'EIO' }), PATH);
    const content = reader.find(keyOf('a'), STAT);
    assert.ok(content === undefined || content.equals(CONTENT));
    reader.close();
  }
});
