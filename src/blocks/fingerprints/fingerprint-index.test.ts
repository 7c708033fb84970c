import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replaced } from '../../../test/crash/watched.ts';
import { REPOSITORY, Workbench, type WorkbenchOptions } from '../../../test/golden/workbench.ts';
import { edited, text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { treeVersions } from '../../../test/sim/sources.ts';
import { type Log, MIB, Rng, sha256Hex } from '../../base/index.ts';
import { plainSimHash } from '../../signals/similarity/oracle.ts';
import { blockIdAt } from '../pack/index.ts';
import { Repository } from '../session/index.ts';
import { forget, prune } from '../upkeep/index.ts';
import {
  FingerprintIndex,
  type FingerprintOptions,
  type FingerprintRefresh,
  type SimilarBlock,
} from './index.ts';

const FILE = `${REPOSITORY}/fingerprints`;
const VERSIONS = treeVersions(new Rng(1), 3, { files: 14, maxFileBytes: 20_000 });

/** A repository of so many versions of a tree, in packs of 40 KB. */
async function newBench(versions = VERSIONS.length, options: WorkbenchOptions = {}): Promise<Workbench> {
  const bench = new Workbench({
    sizes: { arenaBytes: 32 * MIB, resemblanceBytes: MIB / 4, packBytes: 40_000 },
    ...options,
  });
  for (const sources of VERSIONS.slice(0, versions)) await packNext(bench, sources);
  return bench;
}

async function packNext(bench: Workbench, sources: Parameters<Workbench['build']>[0]): Promise<string> {
  bench.build(sources);
  const { snapshot } = await bench.pack();
  return snapshot as string;
}

/** Ids and raw bytes of all blocks. */
function blocksOf({ packs, reader }: Repository): Map<string, Buffer> {
  const ids = packs.packNames().flatMap((name) => {
    const table = packs.table(name);
    return Array.from({ length: table.blockCount }, (_, block) => blockIdAt(table, block));
  });
  return new Map(ids.map((id) => [id, reader.read(id)]));
}

/** What the definition says, block against block. */
function bruteForce(repository: Repository): Map<string, SimilarBlock[]> {
  const blocks = [...blocksOf(repository)].filter(([, raw]) => raw.length >= 4);
  const prints = blocks.map(([id, raw]) => ({ id, print: plainSimHash(raw) }));
  return new Map(
    prints.map(({ id, print }) => [
      id,
      prints
        .filter((other) => other.id !== id)
        .map((other) => ({ id: other.id, similarity: 1 - ones(print ^ other.print) / 64 }))
        .filter(({ similarity }) => similarity >= 0.85)
        .sort((a, b) => b.similarity - a.similarity || (a.id < b.id ? -1 : 1)),
    ]),
  );
}

const ones = (word: bigint): number => word.toString(2).replaceAll('0', '').length;

/** All answers of an index. */
const answers = (index: FingerprintIndex, ids: Iterable<string>, topK = 1000): Map<string, SimilarBlock[]> =>
  new Map(Array.from(ids, (id) => [id, index.findSimilarBlocks(id, { topK })]));

async function refreshed(bench: Workbench, options: FingerprintOptions = {}): Promise<FingerprintRefresh> {
  return await bench.open(async (repository) => {
    const index = await FingerprintIndex.open(repository, options);
    return index.refresh();
  });
}

/** The file of fingerprints as a fresh index writes it. */
async function fromScratch(bench: Workbench): Promise<string> {
  if (bench.files().has('fingerprints')) bench.fs.unlink(FILE);
  await refreshed(bench);
  return sha256Hex(bench.files().get('fingerprints') as Buffer);
}

class Warnings implements Log {
  readonly lines: string[] = [];
  write(level: string, message: string): void {
    if (level === 'warn') this.lines.push(message);
  }
}

for (const password of [undefined, 'secret']) {
  test(`${password === undefined ? 'plain' : 'encrypted'}: every block, every similar one, in order`, async () => {
    const bench = await newBench(3, { password });
    assert.ok(!bench.files().has('fingerprints'), 'pack makes none');
    await bench.open(async (repository) => {
      const expected = bruteForce(repository);
      const found = [...expected.values()].reduce((sum, { length }) => sum + length, 0);
      assert.ok(expected.size > 40 && found > 20, `${found} pairs among ${expected.size} blocks`);
      const index = await FingerprintIndex.open(repository);
      assert.equal(index.blocks, expected.size);
      assert.deepEqual(answers(index, expected.keys()), expected);
      for (const [id, all] of expected) {
        assert.deepEqual(index.findSimilarBlocks(id), all.slice(0, 5));
        assert.deepEqual(index.findSimilarBlocks(id, { topK: 1 }), all.slice(0, 1));
      }
    });
    // The next one reads no block.
    const counts: number[] = [];
    const { added } = await refreshed(bench, { onProgress: ({ blocks }) => counts.push(blocks) });
    assert.deepEqual([added, counts], [0, []]);
  });
}

test('an encrypted repository shows neither ids nor fingerprints', async () => {
  const bench = await newBench(1, { password: 'secret' });
  await refreshed(bench);
  const file = bench.files().get('fingerprints') as Buffer;
  await bench.open((repository) => {
    for (const [id, raw] of blocksOf(repository)) {
      const print = Buffer.alloc(8);
      print.writeBigUInt64LE(plainSimHash(raw));
      assert.ok(!file.includes(Buffer.from(id, 'hex')) && !file.includes(print));
    }
  });
});

test('blocks that are new are added: the same file as from scratch', async () => {
  const bench = await newBench(1);
  const first = await bench.open((repository) => FingerprintIndex.open(repository));
  for (const sources of VERSIONS.slice(1)) {
    await packNext(bench, sources);
    await refreshed(bench);
  }
  const grown = sha256Hex(bench.files().get('fingerprints') as Buffer);
  assert.equal(grown, await fromScratch(bench));
  assert.ok((await bench.open((repository) => FingerprintIndex.open(repository))).blocks > first.blocks);
});

test('a session that packs on sees its new blocks after a refresh, and before it can ask for one', async () => {
  const bench = await newBench(1);
  await bench.open(async (repository) => {
    const index = await FingerprintIndex.open(repository);
    const before = index.blocks;
    const content = text(new Rng(9), 9000);
    bench.build([{ path: 'one', bytes: content }]);
    await bench.pack();
    repository.packs.reload();
    const id = sha256Hex(content);
    const early = index.findSimilarBlocks(id);
    const { added, blocks } = await index.refresh();
    assert.deepEqual(index.findSimilarBlocks(id), early);
    assert.deepEqual([blocks, index.blocks], [before + added, before + added]);
    assert.equal(index.resolve(id.slice(0, 8)), id);
  });
});

test('what was pruned leaves, and the rest is not read again', async () => {
  const bench = await newBench(2);
  const gone = await packNext(bench, [{ path: 'gone', bytes: text(new Rng(3), 30_000) }]);
  await refreshed(bench);
  await bench.open((repository) => forget(repository, { snapshots: [gone] }), 'write');
  await bench.open((repository) => prune(repository, { maxUnusedShare: 0 }), 'exclusive');
  await bench.open(async (repository) => {
    const read: string[] = [];
    const { reader } = repository;
    const readPlace = reader.readPlace.bind(reader);
    reader.readPlace = (place) => {
      read.push(place.pack);
      return readPlace(place);
    };
    const index = await FingerprintIndex.open(repository);
    assert.deepEqual(read, []);
    reader.readPlace = readPlace;
    const expected = bruteForce(repository);
    assert.equal(index.blocks, expected.size);
    assert.deepEqual(answers(index, expected.keys()), expected);
  });
  const pruned = sha256Hex(bench.files().get('fingerprints') as Buffer);
  assert.equal(pruned, await fromScratch(bench));
});

test('a file that is damaged, foreign or none is made anew, with a warning', async () => {
  const log = new Warnings();
  const bench = await newBench(1, { log });
  const sound = await fromScratch(bench);
  const file = bench.files().get('fingerprints') as Buffer;
  const other = await newBench(1, { seed: 2 });
  await refreshed(other);
  const flipped = (at: number): Buffer => {
    const copy = Buffer.from(file);
    copy[at] = (copy[at] as number) ^ 1;
    return copy;
  };
  const offsets = [0, 24, 25, 60, 75, 77, 81, 90, file.length >> 1, file.length - 1];
  const damaged = [
    ...offsets.map(flipped),
    ...[0, 10, 25, 57, 80, file.length - 1].map((end) => file.subarray(0, end)),
    Buffer.concat([file, Buffer.alloc(8)]),
    other.files().get('fingerprints') as Buffer,
  ];
  const write = (path: string, bytes: Buffer): void => {
    const fd = bench.fs.open(path, 'truncate');
    bench.fs.write(fd, bytes, { offset: 0, length: bytes.length, position: 0 });
    bench.fs.close(fd);
  };
  for (const [i, bytes] of damaged.entries()) {
    write(FILE, bytes);
    await refreshed(bench);
    assert.equal(sha256Hex(bench.files().get('fingerprints') as Buffer), sound, `case ${i}`);
    assert.equal(log.lines.length, i + 1, `case ${i} is told`);
  }
  write('/elsewhere', file);
  const links = [
    () => bench.fs.symlink(Buffer.from('/elsewhere'), FILE),
    () => bench.fs.link('/elsewhere', FILE),
  ];
  for (const [i, link] of links.entries()) {
    bench.fs.unlink(FILE);
    link();
    await refreshed(bench);
    assert.equal(log.lines.length, damaged.length + i + 1);
    const { kind, links } = bench.fs.lstat(FILE);
    assert.deepEqual([kind, links], ['file', 1], 'a link is replaced, not followed');
  }
});

test('a sealed file that was altered is made anew', async () => {
  const log = new Warnings();
  const bench = await newBench(1, { password: 'secret', log });
  const { blocks } = await refreshed(bench);
  const file = Buffer.from(bench.files().get('fingerprints') as Buffer);
  file[file.length >> 1] = (file[file.length >> 1] as number) ^ 1;
  const fd = bench.fs.open(FILE, 'truncate');
  bench.fs.write(fd, file, { offset: 0, length: file.length, position: 0 });
  bench.fs.close(fd);
  assert.equal((await refreshed(bench)).blocks, blocks);
  assert.equal(log.lines.length, 1);
});

test('stopped half way, what was done is kept and the next run does the rest', async () => {
  const bench = new Workbench({ sizes: { arenaBytes: 32 * MIB, resemblanceBytes: MIB / 4, packBytes: MIB } });
  bench.build([{ path: 'a', bytes: noise(new Rng(1), 12 * MIB) }]);
  await bench.pack({ adviser: { codec: () => 'none' } });
  const stop = new AbortController();
  const onProgress = ({ bytes, totalBytes }: { bytes: number; totalBytes: number }): void => {
    assert.ok(bytes <= totalBytes && totalBytes >= 12 * MIB);
    if (bytes >= 4 * MIB) stop.abort();
  };
  await assert.rejects(refreshed(bench, { onProgress, signal: stop.signal }), { code: 'INTERRUPTED' });
  assert.deepEqual(
    [...bench.files().keys()].filter((name) => name.startsWith('tmp/') || name.startsWith('locks/')),
    [],
  );
  let rest = 0;
  await refreshed(bench, {
    onProgress: ({ totalBytes }) => {
      rest = totalBytes;
    },
  });
  assert.ok(rest > 4 * MIB && rest <= 8 * MIB, `${rest} bytes were left`);
  const resumed = sha256Hex(bench.files().get('fingerprints') as Buffer);
  assert.equal(resumed, await fromScratch(bench));
});

test('a block that cannot be read has no fingerprint; once it can, it has', async () => {
  const bench = await newBench(1);
  const whole = await fromScratch(bench);
  bench.fs.unlink(FILE);
  await bench.open(async (repository) => {
    const { reader } = repository;
    const readPlace = reader.readPlace.bind(reader);
    let calls = 0;
    reader.readPlace = (place) => {
      calls += 1;
      return calls === 3 ? reader.read('00'.repeat(32)) : readPlace(place);
    };
    const index = await FingerprintIndex.open(repository);
    assert.equal(index.blocks, calls - 1);
    reader.readPlace = readPlace;
    const { added, unreadable } = await index.refresh();
    assert.deepEqual([added, unreadable], [1, 0]);
  });
  assert.equal(sha256Hex(bench.files().get('fingerprints') as Buffer), whole);
});

test('where nothing can be written it answers all the same', async () => {
  const log = new Warnings();
  const bench = await newBench(1);
  const refuse = (): never => {
    throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' });
  };
  const fs = replaced(bench.fs, {
    open: (path, mode) => (mode === 'read' ? bench.fs.open(path, mode) : refuse()),
    makeDirectory: refuse,
    rename: refuse,
    unlink: refuse,
  });
  const repository = new Repository(bench.options, { ...bench.ports, fs, log }, 'read');
  const expected = bruteForce(repository);
  const index = await FingerprintIndex.open(repository);
  assert.deepEqual(answers(index, expected.keys()), expected);
  repository.close();
  assert.equal(log.lines.filter((line) => line.includes('fingerprints')).length, 1);
});

test('tiny blocks resemble nothing; an empty repository has no blocks', async () => {
  const bench = new Workbench();
  const none = await refreshed(bench);
  assert.deepEqual(none, { blocks: 0, added: 0, removed: 0, unreadable: 0 });
  assert.ok(!bench.files().has('fingerprints'));
  bench.build(['', 'a', 'b', 'xyz'].map((bytes) => ({ path: `f${bytes}`, bytes })));
  await bench.pack();
  await bench.open(async (repository) => {
    const index = await FingerprintIndex.open(repository);
    assert.equal(index.blocks, 1, 'the directory');
    for (const tiny of ['a', 'b', 'xyz']) {
      assert.deepEqual(index.findSimilarBlocks(sha256Hex(Buffer.from(tiny))), []);
    }
  });
});

test('an edited file resembles the one before', async () => {
  const rng = new Rng(1);
  const before = text(rng, 14_000);
  const bench = new Workbench();
  const after = edited(rng, before);
  bench.build([
    { path: 'before', bytes: before },
    { path: 'after', bytes: after },
    { path: 'other', bytes: noise(rng, 14_000) },
  ]);
  await bench.pack();
  await bench.open(async (repository) => {
    const index = await FingerprintIndex.open(repository);
    const [similar, ...more] = index.findSimilarBlocks(sha256Hex(before));
    assert.deepEqual([similar?.id, more], [sha256Hex(after), []]);
  });
});

test('what is asked is checked', async () => {
  const bench = await newBench(1);
  await bench.open(async (repository) => {
    const index = await FingerprintIndex.open(repository);
    const [id = ''] = blocksOf(repository).keys();
    assert.equal(index.resolve(id), id);
    assert.equal(index.resolve('0'.repeat(64)), '0'.repeat(64), 'whole ones are looked for later');
    for (const topK of [0, 1001, 1.5, Number.NaN]) {
      assert.throws(() => index.findSimilarBlocks(id, { topK }), { code: 'USAGE' });
    }
    for (const bad of ['', 'abc', id.slice(1), id.toUpperCase(), `${id}0`]) {
      assert.throws(() => index.findSimilarBlocks(bad), { code: 'USAGE' }, bad);
    }
    assert.throws(() => index.findSimilarBlocks('0'.repeat(64)), { code: 'MISSING' });
    for (const bad of ['', 'abc', 'xyz1', `${id}0`]) {
      assert.throws(() => index.resolve(bad), { code: 'USAGE' }, bad);
    }
    assert.throws(() => index.resolve('0'.repeat(16)), { code: 'MISSING' });
  });
});
