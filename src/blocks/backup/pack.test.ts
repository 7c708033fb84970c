import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replaced } from '../../../test/crash/watched.ts';
import { REPOSITORY, SOURCE, Workbench } from '../../../test/golden/workbench.ts';
import { text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { randomTree } from '../../../test/sim/sources.ts';
import type { Source } from '../../../test/sim/tree.ts';
import { MAX_BLOCK_BYTES, MIB, Rng, writeAll } from '../../base/index.ts';
import { fileContent, listSnapshot } from '../browse/index.ts';
import { verify } from '../check/index.ts';
import { Repository } from '../session/index.ts';
import { PIPELINE_ARENA_BYTES } from '../store/index.ts';
import { pack } from './pack.ts';

const paths = (...names: string[]): Buffer[] => names.map((name) => Buffer.from(name));
const pathsIn = (bench: Workbench): Promise<string[]> =>
  bench.open((repository) => Array.from(listSnapshot(repository, 'latest'), ({ path }) => path.toString()));

function newBench(): Workbench {
  const bench = new Workbench();
  bench.build([
    { path: 'a/x', bytes: '1' },
    { path: 'b/x', bytes: '2' },
    { path: 'file', bytes: '3' },
  ]);
  return bench;
}

test('of one directory the entries are the root, several paths appear under their names', async () => {
  const bench = newBench();
  await bench.pack();
  assert.deepEqual(await pathsIn(bench), ['a', 'a/x', 'b', 'b/x', 'file']);
  await bench.pack({ paths: paths(`${SOURCE}/file`) });
  assert.deepEqual(await pathsIn(bench), ['file']);
  await bench.pack({ paths: paths(`${SOURCE}/b`, `${SOURCE}/file`, `${SOURCE}/a`) });
  assert.deepEqual(await pathsIn(bench), ['a', 'a/x', 'b', 'b/x', 'file']);
});

test('paths that cannot be told apart, have no name or are not there are refused before anything is written', async () => {
  const bench = newBench();
  const before = bench.files();
  await assert.rejects(bench.pack({ paths: paths(`${SOURCE}/a/x`, `${SOURCE}/b/x`) }), {
    code: 'USAGE',
    message: /x/,
  });
  await assert.rejects(bench.pack({ paths: paths('/', SOURCE) }), { code: 'USAGE' });
  await assert.rejects(bench.pack({ paths: paths(`${SOURCE}/none`) }), {
    code: 'UNREADABLE',
    path: `${SOURCE}/none`,
  });
  await assert.rejects(bench.pack({ paths: paths(SOURCE, `${SOURCE}/none`) }), { code: 'UNREADABLE' });
  assert.deepEqual(bench.files(), before);
});

test('a snapshot says when, where, what and how much', async () => {
  const bench = newBench();
  const { snapshot } = await bench.pack({ tags: ['daily', 'x'] });
  const stored = await bench.open(({ snapshots }) => snapshots.resolve('latest'));
  assert.equal(stored.id, snapshot);
  assert.deepEqual(
    [stored.host, stored.tags, stored.timeMs],
    ['golden', ['daily', 'x'], bench.clock.nowMs()],
  );
  assert.deepEqual(
    stored.paths.map((path) => Buffer.from(path).toString()),
    [SOURCE],
  );
  assert.deepEqual([stored.files, stored.bytes, stored.errors], [3, 3, 0]);
  await bench.pack({ host: 'other' });
  assert.equal(await bench.open(({ snapshots }) => snapshots.resolve('latest').host), 'other');
});

test('a dry run finds everything out and writes nothing', async () => {
  const bench = new Workbench({ cacheDirectory: '/cache' });
  bench.build(randomTree(new Rng(1)));
  const before = bench.files();
  const dry = await bench.pack({ dryRun: true });
  assert.deepEqual(bench.files(), before);
  assert.equal(dry.snapshot, undefined);
  const real = await bench.pack();
  assert.equal(dry.root.toString(), real.root.toString());
  assert.deepEqual(
    [dry.files, dry.bytes, dry.newBlocks, dry.codecs],
    [real.files, real.bytes, real.newBlocks, real.codecs],
  );
  assert.ok(
    Math.abs(dry.bytesStored - real.bytesStored) < 1000,
    `${dry.bytesStored} and ${real.bytesStored}`,
  );
});

test('a dry run needs no right to write to the repository', async () => {
  const bench = new Workbench();
  bench.build(randomTree(new Rng(1)));
  await bench.pack();
  bench.build(randomTree(new Rng(2)));
  const refuse = (): never => {
    throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' });
  };
  const fs = replaced(bench.fs, {
    open: (path, mode) => (mode === 'read' ? bench.fs.open(path, mode) : refuse()),
    makeDirectory: refuse,
    rename: refuse,
    unlink: refuse,
  });
  const repository = new Repository(bench.options, { ...bench.ports, fs }, 'read');
  const said = await pack(repository, { paths: [Buffer.from(SOURCE)], dryRun: true });
  assert.ok(said.newBlocks > 0);
  repository.close();
  assert.throws(() => new Repository(bench.options, { ...bench.ports, fs }, 'write'), { code: 'IO' });
});

async function* pieces(content: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 70_000) yield content.subarray(at, at + 70_000);
}

test('a stream is stored as one file of its length', async () => {
  const bench = new Workbench();
  const long = Buffer.concat([text(new Rng(1), 400_000), noise(new Rng(2), 100_000)]);
  for (const content of [long, Buffer.alloc(0), Buffer.from('short')]) {
    const { files, bytes, bytesRead } = await bench.pack({
      paths: [],
      stream: { name: 'dump.sql', bytes: pieces(content) },
    });
    assert.deepEqual([files, bytes, bytesRead], [1, content.length, content.length]);
    const stored = await bench.open((repository) =>
      Buffer.concat([...fileContent(repository, 'latest', Buffer.from('dump.sql'))]),
    );
    assert.ok(stored.equals(content));
  }
});

test('a run that is interrupted commits nothing and leaves no temporary file', async () => {
  const bench = new Workbench();
  bench.build([{ path: 'a', bytes: '1' }]);
  await bench.pack();
  bench.build(Array.from({ length: 40 }, (_, i) => ({ path: `${i}`, bytes: noise(new Rng(i), 200_000) })));
  const abort = new AbortController();
  const onProgress = ({ files }: { files: number }): void => {
    if (files > 20) abort.abort();
  };
  // The clock moves with every question for the time, as a real one does.
  const { clock } = bench;
  const nowMs = clock.nowMs.bind(clock);
  clock.nowMs = () => {
    clock.advance(30);
    return nowMs();
  };
  await assert.rejects(bench.pack({ signal: abort.signal, onProgress }), { code: 'INTERRUPTED' });
  assert.deepEqual(await pathsIn(bench), ['a']);
  assert.deepEqual(bench.fs.readDirectory(`${REPOSITORY}/tmp`), []);
  assert.deepEqual(bench.fs.readDirectory(`${REPOSITORY}/locks`), []);
  assert.deepEqual(bench.fs.openPaths(), []);
});

test('large input is spread over packs of bounded size', async () => {
  const bench = new Workbench({ sizes: { arenaBytes: 32 * MIB, resemblanceBytes: MIB, packBytes: MIB } });
  bench.build(Array.from({ length: 30 }, (_, i) => ({ path: `${i}`, bytes: noise(new Rng(i), 200_000) })));
  await bench.pack();
  const packs = [...bench.files()].filter(([name]) => name.startsWith('store/'));
  assert.ok(packs.length >= 5, `${packs.length}`);
  for (const [name, bytes] of packs) assert.ok(bytes.length < 2 * MIB, name);
  assert.deepEqual((await bench.open((repository) => verify(repository, { data: true }))).damage, []);
});

test('a deep tree of large directories is stored right: nodes do not outrun the encoder', async () => {
  const bench = new Workbench({ sizes: { arenaBytes: PIPELINE_ARENA_BYTES + 4 * MAX_BLOCK_BYTES } });
  const sources: Source[] = [];
  const rng = new Rng(3);
  for (let depth = 0, path = 'z'; depth < 150; depth += 1, path += '/z') {
    // A large attribute makes a large node of one file.
    sources.push({ path: `${path}/file`, bytes: '', xattrs: { 'user.large': noise(rng, 200_000) } });
  }
  bench.build(sources);
  await bench.pack();
  const { damage } = await bench.open((repository) => verify(repository, { data: true }));
  assert.deepEqual(damage, []);
});

test('a hard link whose file was rewritten before it was reached is read again', async () => {
  const bench = new Workbench();
  bench.build([
    { path: 'a', bytes: 'old' },
    { path: 'b', bytes: 'between' },
  ]);
  bench.fs.link(`${SOURCE}/a`, `${SOURCE}/c`);
  const lstat = bench.fs.lstat.bind(bench.fs);
  bench.fs.lstat = (path) => {
    if (path.toString() === `${SOURCE}/c`) {
      const fd = bench.fs.open(`${SOURCE}/a`, 'truncate');
      writeAll(bench.fs, fd, Buffer.from('new!'), 0);
      bench.fs.close(fd);
    }
    return lstat(path);
  };
  await bench.pack();
  const content = await bench.open((repository) =>
    Buffer.concat([...fileContent(repository, 'latest', Buffer.from('c'))]).toString(),
  );
  assert.equal(content, 'new!');
});
