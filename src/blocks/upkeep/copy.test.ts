import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REPOSITORY, SOURCE, Workbench, type WorkbenchOptions } from '../../../test/golden/workbench.ts';
import { noise } from '../../../test/sim/noise.ts';
import { treeVersions } from '../../../test/sim/sources.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { readTree, type TreeState, treeDifferences } from '../../../test/sim/tree-state.ts';
import { KIB, Rng } from '../../base/index.ts';
import { verify } from '../check/index.ts';
import { type CopyOptions, type CopyResult, copySnapshots } from './copy.ts';

/** A bench with three versions of a tree, one file of which has many blocks. */
async function newSource(
  options: WorkbenchOptions = {},
): Promise<{ source: Workbench; trees: Map<string, TreeState> }> {
  const source = new Workbench(options);
  const trees = new Map<string, TreeState>();
  const large = { path: 'large', bytes: noise(new Rng(9), 1_500_000) };
  for (const tree of treeVersions(new Rng(1), 3, { files: 12, maxFileBytes: 20_000 })) {
    source.build([...tree, large]);
    const { snapshot = '' } = await source.pack({ tags: ['t'], host: 'h' });
    trees.set(snapshot, readTree(source.fs, SOURCE));
  }
  return { source, trees };
}

const copy = (from: Workbench, to: Workbench, options: CopyOptions = {}): Promise<CopyResult> =>
  from.open((source) => to.open((target) => copySnapshots(source, target, options), 'write'));

const snapshotsOf = (bench: Workbench) =>
  bench.open(({ snapshots }) => snapshots.list((error) => assert.fail(error)));

/** The copy holds these snapshots, whole and the same. */
async function assertHolds(
  target: Workbench,
  source: Workbench,
  trees: Map<string, TreeState>,
): Promise<void> {
  const wanted = (await snapshotsOf(source)).filter(({ id }) => trees.has(id));
  assert.deepEqual(await snapshotsOf(target), wanted);
  assert.deepEqual((await target.open((repository) => verify(repository, { data: true }))).damage, []);
  for (const [id, tree] of trees) {
    const restored = await target.restored(id);
    assert.deepEqual(restored.errors, []);
    assert.deepEqual(treeDifferences(tree, restored.tree), []);
  }
}

const TARGETS: Record<string, [from: WorkbenchOptions, to: WorkbenchOptions]> = {
  'plain to plain': [{}, {}],
  'plain to encrypted': [{}, { password: 'there' }],
  'encrypted to plain': [{ password: 'here' }, {}],
  'from one password to another': [{ password: 'here' }, { password: 'there' }],
  'to larger blocks': [{}, { averageBlockBytes: 256 * KIB }],
  'to smaller blocks': [{ averageBlockBytes: 256 * KIB }, { averageBlockBytes: 16 * KIB }],
};

for (const [what, [from, to]] of Object.entries(TARGETS)) {
  test(`${what}: the same snapshots under the same ids`, async () => {
    const { source, trees } = await newSource(from);
    const target = new Workbench({ seed: 2, ...to });
    const before = source.hashes();
    const { copied, newBlocks } = await copy(source, target);
    assert.deepEqual(new Set(copied), new Set(trees.keys()));
    assert.ok(newBlocks > 20);
    await assertHolds(target, source, trees);
    assert.deepEqual(source.hashes(), before, 'the source stays as it is');
    const files = target.hashes();
    assert.deepEqual(await copy(source, target), { copied: [], newBlocks: 0 });
    assert.deepEqual(target.hashes(), files, 'a second copy has nothing to do');
  });
}

test('only what is asked for, each once', async () => {
  const { source, trees } = await newSource();
  const [first = '', second = '', third = ''] = trees.keys();
  const target = new Workbench({ seed: 2 });
  assert.deepEqual(
    (await copy(source, target, { snapshots: ['latest', second.slice(0, 9), third] })).copied.toSorted(),
    [second, third].sort(),
  );
  trees.delete(first);
  await assertHolds(target, source, trees);
  await assert.rejects(copy(source, target, { snapshots: ['ffffffff'] }), { code: 'NO_SNAPSHOT' });
});

test('blocks the target has are not written again', async () => {
  const { source, trees } = await newSource();
  const [first = ''] = trees.keys();
  const target = new Workbench({ seed: 2 });
  const one = await copy(source, target, { snapshots: [first] });
  const rest = await copy(source, target);
  assert.ok(one.newBlocks > 20 && rest.newBlocks < one.newBlocks, `${one.newBlocks} and ${rest.newBlocks}`);
  const whole = new Workbench({ seed: 3 });
  assert.equal((await copy(source, whole)).newBlocks, one.newBlocks + rest.newBlocks);
});

test('both ways: two repositories become one', async () => {
  const [one, two] = [new Workbench({ seed: 1 }), new Workbench({ seed: 2 })];
  for (const [i, bench] of [one, two].entries()) {
    bench.build([{ path: 'a', bytes: `of ${i}` }]);
    await bench.pack({ host: `host ${i}` });
  }
  await copy(one, two);
  await copy(two, one);
  assert.deepEqual(await snapshotsOf(one), await snapshotsOf(two));
  assert.equal((await snapshotsOf(one)).length, 2);
});

test('what one snapshot brought over is not read again for the next', async () => {
  const { source, trees } = await newSource();
  const reads = { once: 0, each: 0 };
  const counting = (target: Workbench, snapshots: readonly string[]): Promise<number> =>
    source.open(async (from) => {
      let count = 0;
      const through = from.reader.read.bind(from.reader);
      from.reader.read = (id) => {
        count += 1;
        return through(id);
      };
      await target.open((to) => copySnapshots(from, to, { snapshots }), 'write');
      return count;
    });
  reads.once = await counting(new Workbench({ seed: 2 }), [...trees.keys()]);
  const target = new Workbench({ seed: 2 });
  for (const id of trees.keys()) reads.each += await counting(target, [id]);
  assert.ok(reads.once < reads.each, `${reads.once} and ${reads.each} reads`);
});

test('interrupted, snapshots copied so far are complete, and the next run copies the rest', async () => {
  const { source, trees } = await newSource();
  for (const after of [0, 1, 2]) {
    const target = new Workbench({ seed: 2 });
    const stop = new AbortController();
    if (after === 0) stop.abort();
    const onProgress = ({ snapshots }: { snapshots: number }): void => {
      if (snapshots === after) stop.abort();
    };
    await assert.rejects(copy(source, target, { signal: stop.signal, onProgress }), { code: 'INTERRUPTED' });
    const done = new Map([...trees].slice(0, after));
    await assertHolds(target, source, done);
    assert.equal((await copy(source, target)).copied.length, trees.size - after);
    await assertHolds(target, source, trees);
  }
});

test('a damaged source: said so, and no snapshot is committed that is not whole', async () => {
  const { source, trees } = await newSource();
  const packs = [...source.files()].filter(([name]) => name.startsWith('store/'));
  for (const [name, whole] of packs) {
    const damaged = Buffer.from(whole);
    for (let at = 100; at < damaged.length - 400; at += 5000) damaged[at] = (damaged[at] as number) ^ 1;
    writeFile(source.fs, `${REPOSITORY}/${name}`, damaged);
    const target = new Workbench({ seed: 2 });
    await assert.rejects(copy(source, target), { code: 'DAMAGED' });
    const ids = (await snapshotsOf(target)).map(({ id }) => id);
    await assertHolds(target, source, new Map([...trees].filter(([id]) => ids.includes(id))));
    writeFile(source.fs, `${REPOSITORY}/${name}`, whole);
  }
  const [id] = trees.keys();
  writeFile(source.fs, `${REPOSITORY}/snapshots/${id}`, 'damage');
  await assert.rejects(copy(source, new Workbench({ seed: 2 })), { code: 'DAMAGED' });
});
