import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replaced } from '../../../test/crash/watched.ts';
import { DIRECTORY, FILE, type Forger, forgeSnapshot, SYMLINK } from '../../../test/golden/forge.ts';
import { packFresh, SOURCE, Workbench } from '../../../test/golden/workbench.ts';
import { FaultyFileSystem } from '../../../test/sim/faults.ts';
import { randomTree } from '../../../test/sim/sources.ts';
import { buildTree } from '../../../test/sim/tree.ts';
import { readTree, treeDifferences } from '../../../test/sim/tree-state.ts';
import { type ByteRange, exists, KIB, MIB, Rng, sha256Hex } from '../../base/index.ts';
import { Repository } from '../session/index.ts';
import { rawCid } from '../tree/index.ts';
import { type RestoreOptions, type RestoreResult, restore } from './restore.ts';

const TARGET = '/target/deep';
const OUTSIDE = '/outside';

function run(bench: Workbench, options: Partial<RestoreOptions> = {}): Promise<RestoreResult> {
  return bench.open((repository) => restore(repository, { snapshot: 'latest', target: TARGET, ...options }));
}

/** Restores a forged tree beside files that must not be touched; returns the codes of what was reported. */
async function restoreForged(
  build: (forger: Forger) => ReturnType<Forger['directory']>,
  options: Partial<RestoreOptions> = {},
  prepare: (bench: Workbench) => void = () => undefined,
): Promise<{ codes: string[]; names: string[]; bench: Workbench }> {
  const bench = new Workbench();
  buildTree(bench.fs, OUTSIDE, [{ path: 'secret', bytes: 'untouched' }]);
  prepare(bench);
  await forgeSnapshot(bench, build);
  const before = readTree(bench.fs, OUTSIDE);
  const { errors } = await run(bench, options);
  assert.deepEqual(
    treeDifferences(before, readTree(bench.fs, OUTSIDE), 0n),
    [],
    'nothing outside was touched',
  );
  assert.deepEqual(bench.fs.readDirectory('/target').map(String), ['deep'], 'nothing beside the target');
  assert.deepEqual(bench.fs.openPaths(), []);
  return { codes: errors.map(({ code }) => code), names: [...readTree(bench.fs, TARGET).keys()], bench };
}

test('everything a tree can hold comes back', async () => {
  for (let seed = 0; seed < 12; seed += 1) {
    const { bench } = await packFresh(randomTree(new Rng(seed)));
    const { tree, errors } = await bench.restored();
    assert.deepEqual(errors, []);
    assert.deepEqual(treeDifferences(readTree(bench.fs, SOURCE), tree, 0n), []);
  }
});

test('names that lead out of the target are refused, and what stands before them is restored', async () => {
  for (const name of ['..', '../x', '/outside/secret', 'a/../../x', '.', '']) {
    const { codes, names } = await restoreForged((forge) => {
      const inside = forge.directory([name, FILE, [4, forge.data('evil')]]);
      return forge.directory(
        ['a', FILE, [4, forge.data('good')]],
        ['d', DIRECTORY, inside],
        ['z', FILE, [0, null]],
      );
    });
    assert.deepEqual([codes, names], [['DAMAGED'], ['a', 'd', 'z']], name);
  }
});

test('a hard link whose path leads out of the target is a file of its own', async () => {
  const paths = [
    '../outside/secret',
    '/outside/secret',
    'd/../../../outside/secret',
    'link/secret',
    'link',
    '',
    'a\0b',
  ];
  for (const path of paths) {
    const { codes, names, bench } = await restoreForged((forge) =>
      forge.directory(
        ['link', SYMLINK, new Uint8Array(Buffer.from(OUTSIDE))],
        ['x', FILE, [9, forge.data('untouched')], { h: new Uint8Array(Buffer.from(path)) }],
      ),
    );
    assert.deepEqual([codes, names], [[], ['link', 'x']], path);
    assert.equal(bench.fs.lstat(`${TARGET}/x`).links, 1, path);
    assert.equal(bench.fs.lstat(`${OUTSIDE}/secret`).links, 1, path);
  }
});

test('links that are in the way are replaced, never followed', async () => {
  const prepare = ({ fs }: Workbench): void =>
    buildTree(fs, TARGET, [
      { path: 'dir', symlink: OUTSIDE },
      { path: 'secret', symlink: `${OUTSIDE}/secret` },
    ]);
  const { codes, bench } = await restoreForged(
    (forge) =>
      forge.directory(
        ['dir', DIRECTORY, forge.directory(['secret', FILE, [4, forge.data('evil')]])],
        ['secret', FILE, [3, forge.data('new')]],
      ),
    { overwrite: true },
    prepare,
  );
  assert.ok(codes.includes('EXISTS'));
  assert.equal(bench.fs.lstat(`${TARGET}/secret`).kind, 'file');
  assert.equal(bench.fs.lstat(`${TARGET}/dir`).kind, 'symlink');
});

test('sizes that are not those of the blocks are refused, and no half file stays', async () => {
  const { codes, names } = await restoreForged((forge) => {
    const four = forge.data('four');
    const list = forge.node({ t: 'file', l: [4, 4], c: [four, four] });
    const shifted = forge.node({ t: 'file', l: [3, 5], c: [four, four] });
    return forge.directory(
      ['a', FILE, [2 ** 50, four]],
      ['b', FILE, [3, four]],
      ['c', FILE, [2 ** 50, list]],
      ['d', FILE, [7, list]],
      ['e', FILE, [8, shifted]],
      ['f', FILE, [5, null]],
      ['ok', FILE, [8, list]],
    );
  });
  assert.deepEqual([codes, names], [new Array(6).fill('DAMAGED'), ['ok']]);
});

test('what is missing is reported, and all else is restored', async () => {
  const nowhere = rawCid(sha256Hex(Buffer.from('nowhere')));
  const { codes, names } = await restoreForged((forge) =>
    forge.directory(
      ['a', FILE, [4, nowhere]],
      ['b', DIRECTORY, forge.data('no directory')],
      ['c', DIRECTORY, forge.node({ t: 'file', l: [], c: [] })],
      ['d', DIRECTORY, forge.directory(['e', FILE, [4, forge.data('fine')]])],
    ),
  );
  assert.deepEqual(
    [codes, names],
    [
      ['MISSING', 'DAMAGED', 'DAMAGED'],
      ['b', 'c', 'd', 'd/e'],
    ],
  );
});

test('directories nested without end are refused', async () => {
  const bench = new Workbench();
  await forgeSnapshot(bench, (forge) => {
    let node = forge.directory(['x', FILE, [0, null]]);
    for (let depth = 0; depth < 2500; depth += 1) node = forge.directory(['d', DIRECTORY, node]);
    return node;
  });
  const { errors } = await run(bench, { isIncluded: (path) => path.endsWith('/x') });
  assert.deepEqual(
    errors.map(({ code }) => code),
    ['LIMIT'],
  );
});

test('a target that holds something is refused, unless asked to write over it', async () => {
  const { bench } = await packFresh([{ path: 'a', bytes: 'new' }]);
  buildTree(bench.fs, TARGET, [
    { path: 'a', bytes: 'old' },
    { path: 'b', bytes: 'other' },
  ]);
  await assert.rejects(run(bench), { code: 'EXISTS' });
  assert.equal(readTree(bench.fs, TARGET).get('a')?.sha256, sha256Hex(Buffer.from('old')));
  assert.deepEqual((await run(bench, { overwrite: true })).errors, []);
  const tree = readTree(bench.fs, TARGET);
  assert.equal(tree.get('a')?.sha256, sha256Hex(Buffer.from('new')));
  assert.equal(tree.get('b')?.sha256, sha256Hex(Buffer.from('other')));
  buildTree(bench.fs, '/file', []);
  bench.fs.removeDirectory('/file');
  buildTree(bench.fs, '/', [{ path: 'file', bytes: 'x' }]);
  await assert.rejects(run(bench, { target: '/file' }), { code: 'EXISTS' });
});

test('only what is included is restored, with the directories that lead to it', async () => {
  const { bench } = await packFresh([
    { path: 'a/b/yes', bytes: '1' },
    { path: 'a/b/no', bytes: '2' },
    { path: 'a/c/no', bytes: '3' },
    { path: 'whole/x', bytes: '4' },
    { path: 'whole/y/z', bytes: '5' },
  ]);
  const { files } = await run(bench, { isIncluded: (path) => path === 'a/b/yes' || path === 'whole' });
  assert.deepEqual(
    [...readTree(bench.fs, TARGET).keys()],
    ['a', 'a/b', 'a/b/yes', 'whole', 'whole/x', 'whole/y', 'whole/y/z'],
  );
  assert.equal(files, 3);
});

test('a target that may not be written says so', async () => {
  const { bench } = await packFresh([{ path: 'a', bytes: '1' }]);
  for (const [errno, message] of [
    ['EROFS', /^\/target\/deep is on a read-only file system: /],
    ['EACCES', /^\/target\/deep is not open to this user: /],
  ] as const) {
    const refuse = (): never => {
      throw Object.assign(new Error(errno), { code: errno });
    };
    const ports = { ...bench.ports, fs: replaced(bench.fs, { makeDirectory: refuse }) };
    const repository = new Repository(bench.options, ports, 'read');
    const restoring = restore(repository, { snapshot: 'latest', target: TARGET });
    await assert.rejects(restoring, { code: 'IO', message });
    repository.close();
  }
});

test('an unknown snapshot leaves no target behind', async () => {
  const { bench } = await packFresh([{ path: 'a', bytes: '1' }]);
  await assert.rejects(run(bench, { snapshot: 'ffffffff' }), { code: 'NO_SNAPSHOT' });
  assert.ok(!exists(bench.fs, TARGET));
});

class CountingFileSystem extends FaultyFileSystem {
  written = 0;

  override write(fd: number, from: Uint8Array, range: ByteRange): number {
    const count = super.write(fd, from, range);
    this.written += count;
    return count;
  }
}

test('runs of zeros are not written', async () => {
  const bytes = Buffer.concat([
    Buffer.from('head'),
    Buffer.alloc(2 * MIB),
    Buffer.from('tail'),
    Buffer.alloc(MIB),
  ]);
  const { bench } = await packFresh([
    { path: 'sparse', bytes },
    { path: 'zeros', bytes: Buffer.alloc(MIB) },
  ]);
  const fs = new CountingFileSystem(bench.fs);
  const repository = new Repository(bench.options, { ...bench.ports, fs }, 'read');
  await restore(repository, { snapshot: 'latest', target: TARGET });
  repository.close();
  assert.ok(fs.written < 64 * KIB, `${fs.written}`);
  assert.deepEqual(treeDifferences(readTree(bench.fs, SOURCE), readTree(bench.fs, TARGET)), []);
});
