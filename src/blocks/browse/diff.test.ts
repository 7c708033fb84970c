import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SOURCE, Workbench } from '../../../test/golden/workbench.ts';
import { treeVersions } from '../../../test/sim/sources.ts';
import type { Source } from '../../../test/sim/tree.ts';
import { type EntryState, readTree, type TreeState } from '../../../test/sim/tree-state.ts';
import { Rng } from '../../base/index.ts';
import { nodeCid } from '../tree/index.ts';
import { type Change, comparePaths, type Difference, diffSnapshots } from './diff.ts';

interface Packed {
  readonly id: string;
  readonly tree: TreeState;
  readonly root: string;
}

async function packed(bench: Workbench, sources: readonly Source[]): Promise<Packed> {
  bench.build(sources);
  const { snapshot = '', root } = await bench.pack();
  return { id: snapshot, tree: readTree(bench.fs, SOURCE), root: root.toString() };
}

const diff = (bench: Workbench, before: Packed, after: Packed): Promise<Difference[]> =>
  bench.open((repository) => [...diffSnapshots(repository, before.id, after.id)]);
const pathOf = ({ path }: Difference): string => path.toString('latin1');

/** What differs, from the trees that were packed. */
function expected(before: TreeState, after: TreeState): Map<string, Change> {
  const changes = new Map<string, Change>();
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const change = compare(path, before.get(path), after.get(path));
    if (change !== undefined) changes.set(path, change);
  }
  return changes;
}

function compare(path: string, was?: EntryState, is?: EntryState): Change | undefined {
  if (was === undefined) return 'added';
  if (is === undefined) return 'removed';
  const content = ({ kind, sha256, target, deviceNumber }: EntryState) =>
    String([kind, sha256, target, deviceNumber]);
  const around = ({ mode, uid, gid, mtimeNs, xattrs, sameAs }: EntryState) =>
    // Of several names of one file only the later ones say so.
    String([mode, uid, gid, mtimeNs, ...xattrs, sameAs === path ? undefined : sameAs]);
  if (content(was) !== content(is)) return 'changed';
  return around(was) === around(is) ? undefined : 'attributes';
}

/** In the order of a walk: names compared byte by byte, what is in a directory directly behind it. */
function inOrder(paths: readonly string[]): string[] {
  const key = (path: string): string => `${path}/`.replaceAll('/', '\x00');
  return paths.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

async function assertDiffers(bench: Workbench, before: Packed, after: Packed): Promise<number> {
  const found = await diff(bench, before, after);
  assert.deepEqual(new Map(found.map((one) => [pathOf(one), one.change])), expected(before.tree, after.tree));
  assert.deepEqual(found.map(pathOf), inOrder(found.map(pathOf)));
  for (const { before: was, after: is, change } of found) {
    assert.deepEqual([was === undefined, is === undefined], [change === 'added', change === 'removed']);
  }
  assert.equal(found.length === 0, before.root === after.root);
  return found.length;
}

test('random trees differ as the files they were packed from', async () => {
  let differences = 0;
  for (let seed = 1; seed <= 6; seed += 1) {
    const bench = new Workbench({ seed });
    const versions: Packed[] = [];
    for (const sources of treeVersions(new Rng(seed), 3, { maxFileBytes: 4096 }))
      versions.push(await packed(bench, sources));
    for (const before of versions)
      for (const after of versions) differences += await assertDiffers(bench, before, after);
  }
  assert.ok(differences > 100, `${differences} differences`);
});

const TIME = 1_600_000_000_000_000_000n;
const file = (path: string, bytes = path, more: object = {}): Source => ({
  path,
  bytes,
  mtimeNs: TIME,
  ...more,
});

const PAIRS: Record<string, [before: Source[], after: Source[]]> = {
  'a file becomes a directory': [[file('a')], [file('a/b')]],
  'a file becomes a link of the same bytes': [[file('a', 'x')], [{ path: 'a', symlink: 'x' }]],
  'names around the slash': [
    [file('a/x'), file('a.b'), file('a-b')],
    [file('a/y'), file('a.b', '1'), file('a0')],
  ],
  'a link leads elsewhere': [[{ path: 'l', symlink: 'x' }], [{ path: 'l', symlink: 'y' }]],
  'a device has another number': [
    [{ path: 'd', node: 'block-device', deviceNumber: 1n }],
    [{ path: 'd', node: 'block-device', deviceNumber: 2n }],
  ],
  'only mode, owner, time or attributes': [
    [file('m'), file('o'), file('t'), file('x')],
    [
      file('m', 'm', { mode: 0o600 }),
      file('o', 'o', { owner: [7, 7] }),
      file('t', 't', { mtimeNs: TIME + 1000n }),
      file('x', 'x', { xattrs: { 'user.a': 'b' } }),
    ],
  ],
  'a file gets a second name': [[file('a')], [file('a'), { path: 'b', hardLink: 'a' }]],
  'two files become one': [
    [file('a', 'x'), file('b', 'x')],
    [file('a', 'x'), { path: 'b', hardLink: 'a' }],
  ],
  'everything goes': [[file('a/b/c'), file('d')], []],
};

for (const [what, [before, after]] of Object.entries(PAIRS)) {
  test(what, async () => {
    const bench = new Workbench();
    const [one, two] = [await packed(bench, before), await packed(bench, after)];
    assert.ok((await assertDiffers(bench, one, two)) > 0);
    await assertDiffers(bench, two, one);
  });
}

test('paths that are the same come by as well for who compares, so that nobody waits for a difference', async () => {
  const bench = new Workbench();
  const many = Array.from({ length: 500 }, (_, i) => file(`d/${i}`, 'x'));
  const one = await packed(bench, many);
  const two = await packed(bench, [...many, file('d/last', 'new')]);
  const compared = await bench.open((repository) => [...comparePaths(repository, one.id, two.id)]);
  assert.equal(compared.length, 502);
  assert.deepEqual(
    compared.filter(({ change }) => change === 'added').map(({ path }) => path.toString()),
    ['d/last'],
  );
});

test('what two snapshots share is not opened', async () => {
  const bench = new Workbench();
  const directories = ['same', 'same/deep'].map((path): Source => ({ path, directory: true, mtimeNs: TIME }));
  const same = [file('same/one'), file('same/deep/two'), ...directories];
  const one = await packed(bench, [...same, file('a/b', '1')]);
  const two = await packed(bench, [...same, file('a/b', '2')]);
  const read: string[] = [];
  await bench.open((repository) => {
    const { reader } = repository;
    const through = reader.read.bind(reader);
    reader.read = (id) => {
      read.push(nodeCid(id).toString());
      return through(id);
    };
    assert.equal([...diffSnapshots(repository, one.id, two.id)].length > 0, true);
  });
  // Both roots and both `a`.
  assert.equal(read.length, 4);
});

test('snapshots are named as everywhere', async () => {
  const bench = new Workbench();
  const one = await packed(bench, [file('a')]);
  await packed(bench, [file('b')]);
  await bench.open((repository) => {
    const changes = [...diffSnapshots(repository, one.id.slice(0, 8), 'latest')];
    assert.deepEqual(
      changes.map(({ change }) => change),
      ['removed', 'added'],
    );
    assert.throws(() => [...diffSnapshots(repository, 'latest', 'ffffffff')], { code: 'NO_SNAPSHOT' });
  });
});
