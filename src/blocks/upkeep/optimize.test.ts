import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainsOf } from '../../../test/golden/chains.ts';
import { packFresh, SOURCE, Workbench, type WorkbenchOptions } from '../../../test/golden/workbench.ts';
import { edited, text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { treeVersions } from '../../../test/sim/sources.ts';
import { readTree, type TreeState, treeDifferences } from '../../../test/sim/tree-state.ts';
import { KIB, MAX_CHAIN_DEPTH, MIB, Rng } from '../../base/index.ts';
import { stats, verify } from '../check/index.ts';
import { forget } from './forget.ts';
import { type OptimizeResult, optimize } from './optimize.ts';
import type { Replaced } from './replace-packs.ts';

/** What footers and records of a few blocks may take more. */
const MARGIN = 1.03;

const optimized = (bench: Workbench): Promise<OptimizeResult> =>
  bench.open((repository) => optimize(repository), 'exclusive');

async function newBench(seed: number, options: WorkbenchOptions = {}) {
  const bench = new Workbench({ seed, ...options });
  const trees = new Map<string, TreeState>();
  for (const sources of treeVersions(new Rng(seed), 4, { files: 16, maxFileBytes: 60_000 })) {
    bench.build(sources);
    const { snapshot = '' } = await bench.pack();
    trees.set(snapshot, readTree(bench.fs, SOURCE));
  }
  return { bench, trees };
}

const snapshotsOf = (bench: Workbench) =>
  bench.open(({ snapshots }) => snapshots.list((error) => assert.fail(error)));

async function assertSound(bench: Workbench, trees: ReadonlyMap<string, TreeState>): Promise<void> {
  await bench.open(async (repository) => {
    const { damage, unusedPacks } = await verify(repository, { data: true });
    assert.deepEqual([damage, unusedPacks], [[], 0]);
    for (const { steps, declared } of chainsOf(repository)) {
      assert.ok(steps <= declared && declared <= MAX_CHAIN_DEPTH);
    }
  });
  for (const [id, tree] of trees) {
    const { tree: restored, errors } = await bench.restored(id);
    assert.deepEqual(errors, []);
    assert.deepEqual(treeDifferences(tree, restored), []);
  }
}

const SMALL = { arenaBytes: 32 * MIB, resemblanceBytes: MIB / 4, packBytes: 40 * KIB };
const KINDS: Record<string, WorkbenchOptions> = {
  'one pack each': {},
  'several packs': { sizes: SMALL },
  encrypted: { password: 'secret' },
};

for (const [what, options] of Object.entries(KINDS)) {
  test(`versions of a tree, ${what}: the same snapshots in no more space`, async () => {
    for (const seed of [1, 2]) {
      const { bench, trees } = await newBench(seed, options);
      const before = await snapshotsOf(bench);
      const { bytesBefore, bytesAfter, packs } = await optimized(bench);
      assert.ok(packs > 0 && bytesAfter <= bytesBefore * MARGIN, `${bytesBefore} became ${bytesAfter}`);
      assert.deepEqual(await snapshotsOf(bench), before);
      await assertSound(bench, trees);
      assert.deepEqual(
        [...bench.files().keys()].filter((name) => !/^(config|snapshots\/|store\/)/.test(name)),
        [],
      );
      const again = await optimized(bench);
      assert.ok(again.bytesAfter <= bytesAfter * MARGIN, `${bytesAfter} became ${again.bytesAfter}`);
      await assertSound(bench, trees);
    }
  });
}

test('bases are found among all blocks, not only those stored before', async () => {
  const rng = new Rng(1);
  const bench = new Workbench();
  const one = text(rng, 60_000);
  const two = edited(rng, one);
  // Far apart in two runs of a writer that remembers hardly anything.
  bench.build([{ path: 'a', bytes: one }]);
  const none = { base: () => -1 };
  await bench.pack({ adviser: none });
  bench.build([{ path: 'b', bytes: two }]);
  const { deltaBlocks } = await bench.pack({ adviser: none });
  assert.equal(deltaBlocks, 0);
  const { bytesBefore, bytesAfter } = await optimized(bench);
  assert.ok(bytesAfter < 0.7 * bytesBefore, `${bytesBefore} became ${bytesAfter}`);
});

test('who chooses bases is asked, and told what came of it', async () => {
  const rng = new Rng(1);
  const bench = new Workbench();
  const one = text(rng, 60_000);
  bench.build([
    { path: 'a', bytes: one },
    { path: 'b', bytes: edited(rng, one) },
  ]);
  await bench.pack();
  const deltasWhen = async (answer: number): Promise<number[]> => {
    const told: number[] = [];
    const bases = { base: () => answer, settleBase: () => void told.push(answer) };
    await bench.open((repository) => optimize(repository, { bases }), 'exclusive');
    const { records } = await bench.open((repository) => stats(repository));
    return [records.delta, told.length];
  };
  assert.deepEqual(await deltasWhen(-1), [0, 0]);
  assert.deepEqual(await deltasWhen(0), [1, 1]);
});

test('what no snapshot needs is left behind', async () => {
  const { bench, trees } = await newBench(1);
  const [first = ''] = trees.keys();
  bench.build([{ path: 'gone', bytes: noise(new Rng(1), 200_000) }]);
  const { snapshot = '' } = await bench.pack();
  await bench.open((repository) => forget(repository, { snapshots: [first, snapshot] }), 'write');
  trees.delete(first);
  const { bytesBefore, bytesAfter } = await optimized(bench);
  assert.ok(bytesBefore - bytesAfter > 190_000);
  await assertSound(bench, trees);
});

test('an empty repository', async () => {
  const bench = new Workbench();
  const { packs, bytesBefore, bytesAfter } = await optimized(bench);
  assert.deepEqual([packs, bytesAfter], [0, bytesBefore]);
});

test('of one pack, progress tells block by block how far it is', async () => {
  const { bench } = await packFresh([{ path: 'a', bytes: noise(new Rng(1), 6 * MIB) }]);
  const seen: number[] = [];
  const onProgress = ({ packs, totalPacks, blocks, totalBlocks }: Replaced): void => {
    assert.equal(totalPacks, 1);
    if (packs === totalPacks) assert.equal(blocks, totalBlocks);
    seen.push(blocks);
  };
  await bench.open((repository) => optimize(repository, { onProgress }), 'exclusive');
  assert.ok(seen.length > 4);
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
});
