import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packFresh, SOURCE, Workbench } from '../../../test/golden/workbench.ts';
import type { SimFileSystem } from '../../../test/sim/disk.ts';
import { text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { randomTree } from '../../../test/sim/sources.ts';
import { buildTree, type Source, writeFile } from '../../../test/sim/tree.ts';
import { readTree, treeDifferences } from '../../../test/sim/tree-state.ts';
import { type FileSystem, KIB, MIB, Rng } from '../../base/index.ts';
import { listSnapshot } from '../browse/index.ts';
import { verify } from '../check/index.ts';
import { Repository, type RepositoryPorts } from '../session/index.ts';
import { pathTest } from '../source/index.ts';
import { type PackOptions, type PackResult, pack } from './pack.ts';

/** Packs as another process would that sees the disk through `fs`. */
async function packThrough(
  bench: Workbench,
  fs: FileSystem,
  options: Partial<PackOptions> = {},
): Promise<PackResult> {
  const ports: RepositoryPorts = { ...bench.ports, fs };
  const repository = new Repository(bench.options, ports, 'write');
  try {
    return await pack(repository, { paths: [Buffer.from(SOURCE)], ...options });
  } finally {
    repository.close();
  }
}

/** Lists directories in another order every time. */
function shuffled(fs: SimFileSystem, seed: number): FileSystem {
  const rng = new Rng(seed);
  return new Proxy(fs, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      if (key !== 'readDirectory') return member.bind(target);
      return (path: string) => {
        const names = target.readDirectory(path);
        return names
          .map((name) => ({ name, at: rng.next() }))
          .sort((a, b) => a.at - b.at)
          .map(({ name }) => name);
      };
    },
  });
}

const pathsIn = (bench: Workbench): Promise<string[]> =>
  bench.open((repository) =>
    Array.from(listSnapshot(repository, 'latest'), ({ path }) => path.toString('latin1')),
  );

test('the root is the same in whatever order directories are listed', async () => {
  for (let seed = 0; seed < 5; seed += 1) {
    const sources = randomTree(new Rng(seed), { files: 40 });
    const { bench, result } = await packFresh(sources);
    const roots = await Promise.all(
      [1, 2, 3].map(async (order) => (await packThrough(bench, shuffled(bench.fs, order))).root),
    );
    assert.deepEqual(new Set(roots.map(String)), new Set([result.root.toString()]), `seed ${seed}`);
  }
});

test('the root depends on the tree, not on where, when and by whom it was packed', async () => {
  const sources = randomTree(new Rng(7));
  const { result } = await packFresh(sources);
  const bench = new Workbench({ seed: 99 });
  buildTree(bench.fs, '/made/first', randomTree(new Rng(8)));
  buildTree(bench.fs, '/some/where/else', sources);
  // Directories that `sources` do not name have the time at which they were made.
  const before = readTree(bench.fs, '/some/where/else');
  buildTree(bench.fs, SOURCE, sources);
  for (const [path, { mtimeNs }] of before)
    bench.fs.setMtime(Buffer.from(`${SOURCE}/${path}`, 'latin1'), mtimeNs);
  const here = await bench.pack({ host: 'another', tags: ['x'] });
  const there = await bench.pack({ paths: [Buffer.from('/some/where/else')] });
  assert.equal(here.root.toString(), there.root.toString());
  assert.equal(result.files, here.files);
});

test('what cannot be stored is reported and does not make the run incomplete', async () => {
  const sources: Source[] = [
    { path: 'a', bytes: 'x' },
    { path: 'socket', node: 'socket' },
    { path: 'far', bytes: 'y', mtimeNs: 10n ** 20n },
    { path: 'past', directory: true, mtimeNs: -(10n ** 20n) },
    {
      path: 'attributes',
      bytes: 'z',
      xattrs: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`user.${i}`, Buffer.alloc(65_536)])),
    },
  ];
  const { bench, result } = await packFresh(sources, { cacheDirectory: '/cache' });
  assert.deepEqual(new Set(result.errors.map(({ code }) => code)), new Set(['UNSUPPORTED']));
  assert.deepEqual(
    result.errors.map(({ path }) => path).sort(),
    ['attributes', 'far', 'past', 'socket'].map((name) => `${SOURCE}/${name}`),
  );
  assert.equal(result.isIncomplete, false);
  const { tree, errors } = await bench.restored();
  assert.deepEqual(errors, []);
  assert.deepEqual([...tree.keys()], ['a', 'attributes', 'far', 'past']);
  assert.deepEqual((await bench.open((repository) => verify(repository, { data: true }))).damage, []);
});

test('files that cannot be read are reported, and all others are stored', async () => {
  const bench = new Workbench();
  bench.build([
    { path: 'a', bytes: '1' },
    { path: 'b', bytes: '2' },
    { path: 'd/c', bytes: '3' },
    { path: 'e/f', bytes: '4' },
  ]);
  for (const path of ['b', 'd']) bench.fs.setUnreadable(`${SOURCE}/${path}`);
  const { errors, isIncomplete } = await bench.pack();
  assert.deepEqual(
    errors.map(({ path, code }) => [path, code]),
    [
      [`${SOURCE}/b`, 'UNREADABLE'],
      [`${SOURCE}/d`, 'UNREADABLE'],
    ],
  );
  assert.equal(isIncomplete, true);
  assert.deepEqual(await pathsIn(bench), ['a', 'd', 'e', 'e/f'], 'of a directory its place is known');
});

test('excluded files and directories are neither read nor stored', async () => {
  const bench = new Workbench();
  bench.build(
    [
      'keep',
      'x.log',
      'd/y.log',
      'd/keep',
      'node_modules/a',
      'd/node_modules/b',
      'gen/only/here',
      'd/gen/z',
    ].map((path) => ({ path, bytes: path })),
  );
  bench.fs.setUnreadable(`${SOURCE}/node_modules`);
  const { errors } = await bench.pack({ isExcluded: pathTest(['*.log', 'node_modules', '/gen']) });
  assert.deepEqual(errors, []);
  assert.deepEqual(await pathsIn(bench), ['d', 'd/gen', 'd/gen/z', 'd/keep', 'keep']);
});

test('the repository is not packed into itself', async () => {
  const bench = new Workbench();
  bench.build([{ path: 'a', bytes: '1' }]);
  await bench.pack({ paths: [Buffer.from('/')] });
  const paths = await pathsIn(bench);
  assert.ok(paths.includes('source/a'));
  assert.ok(!paths.some((path) => path.startsWith('repository')));
});

test('other file systems are left out when asked, but for their mount points', async () => {
  const bench = new Workbench();
  bench.build([
    { path: 'a', bytes: '1' },
    { path: 'mnt', directory: true },
  ]);
  bench.fs.mount(`${SOURCE}/mnt`, 9n);
  writeFile(bench.fs, `${SOURCE}/mnt/there`, 'x');
  await bench.pack({ oneFileSystem: true });
  assert.deepEqual(await pathsIn(bench), ['a', 'mnt']);
  await bench.pack();
  assert.deepEqual(await pathsIn(bench), ['a', 'mnt', 'mnt/there']);
});

test('hard links are stored once and come back as links', async () => {
  const bytes = noise(new Rng(1), 50_000);
  const { bench, result } = await packFresh([
    { path: 'b/first', bytes },
    { path: 'a', hardLink: 'b/first' },
    { path: 'c/third', hardLink: 'b/first' },
  ]);
  assert.ok(result.bytesRead === 50_000 && result.bytes === 150_000);
  const { tree } = await bench.restored();
  assert.deepEqual(
    ['a', 'b/first', 'c/third'].map((path) => tree.get(path)?.sameAs),
    ['a', 'a', 'a'],
  );
});

test('a second run reads only what changed, and finds the same root', async () => {
  const bench = new Workbench({ cacheDirectory: '/cache' });
  const sources = randomTree(new Rng(3), { files: 30 });
  bench.build(sources);
  const [first, second] = [await bench.pack(), await bench.pack()];
  assert.equal(second.bytesRead, 0);
  // Empty files and second names of a file are not read in either run.
  assert.ok(second.unchangedFiles > 25);
  assert.equal(second.root.toString(), first.root.toString());
  const [path] = sources.flatMap((source) =>
    'bytes' in source && source.bytes.length > 0 ? [source.path] : [],
  );
  writeFile(bench.fs, `${SOURCE}/${String(path)}`, 'something else');
  const third = await bench.pack();
  assert.equal(third.bytesRead, 'something else'.length);
  assert.notEqual(third.root.toString(), first.root.toString());
  const { tree } = await bench.restored();
  assert.deepEqual(treeDifferences(readTree(bench.fs, SOURCE), tree), []);
  const fourth = await bench.pack({ readAll: true });
  assert.ok(fourth.unchangedFiles === 0 && fourth.bytesRead > third.bytesRead);
  assert.equal(fourth.root.toString(), third.root.toString());
});

test('the cache of another repository, or of a snapshot that is gone, is not believed', async () => {
  const bench = new Workbench({ cacheDirectory: '/cache' });
  bench.build([{ path: 'a', bytes: 'content' }]);
  const { snapshot } = await bench.pack();
  bench.fs.unlink(`/repository/snapshots/${snapshot}`);
  assert.equal((await bench.pack()).bytesRead, 7);
  for (const [name] of bench.files()) if (name.startsWith('store/')) bench.fs.unlink(`/repository/${name}`);
  assert.equal((await bench.pack()).bytesRead, 7, 'nor what it says of blocks that are gone');
  assert.deepEqual((await bench.restored()).errors, []);
});

test('a file of more than a thousand blocks', async () => {
  const bytes = noise(new Rng(4), 24 * MIB);
  const { bench } = await packFresh([{ path: 'big', bytes }], { averageBlockBytes: 16 * KIB });
  const { tree, errors } = await bench.restored();
  assert.deepEqual(errors, []);
  assert.deepEqual(treeDifferences(readTree(bench.fs, SOURCE), tree), []);
  assert.deepEqual((await bench.open((repository) => verify(repository))).damage, []);
});

test('a tree as deep as paths can be', async () => {
  const depth = 2030;
  const bench = new Workbench();
  let path = SOURCE;
  bench.fs.makeDirectory(path);
  for (let i = 0; i < depth; i += 1) {
    path += '/d';
    bench.fs.makeDirectory(path);
  }
  writeFile(bench.fs, `${path}/f`, text(new Rng(1), 100));
  assert.equal((await bench.pack()).directories, depth);
  assert.deepEqual((await bench.open((repository) => verify(repository))).damage, []);
  assert.equal((await pathsIn(bench)).length, depth + 1);
});
