// What becomes of deltas when packs are rewritten: a base stays reachable, in few enough steps, from every delta that
// is still there, needed or not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainsOf } from '../../../test/golden/chains.ts';
import { packFresh, REPOSITORY, SOURCE, Workbench } from '../../../test/golden/workbench.ts';
import { edited, text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import type { Source } from '../../../test/sim/tree.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { readTree, type TreeState, treeDifferences } from '../../../test/sim/tree-state.ts';
import { MAX_CHAIN_DEPTH, MIB, Rng } from '../../base/index.ts';
import { pack } from '../backup/index.ts';
import { verify } from '../check/index.ts';
import type { StoreAdviser } from '../questions.ts';
import { forget } from './forget.ts';
import { type PruneOptions, type PruneResult, prune } from './prune.ts';
import { repair } from './repair.ts';

const rng = new Rng(1);
const BASE = text(rng, 40_000);
const DELTA = edited(rng, BASE);
const BIG = noise(rng, 150_000);
const OTHER = noise(rng, 150_000);

/** Directories are no deltas: whether a pack must go is then up to the files in it. */
const FILES_ONLY: StoreAdviser = { base: ({ rawBytes }) => (rawBytes < 16_384 ? -1 : 0) };

const pruned = (bench: Workbench, options: PruneOptions = {}): Promise<PruneResult> =>
  bench.open((repository) => prune(repository, options), 'exclusive');

/** Packs these files; returns the tree as it must be restored. */
async function store(bench: Workbench, files: Readonly<Record<string, Buffer>>): Promise<TreeState> {
  bench.build(Object.entries(files).map(([path, bytes]): Source => ({ path, bytes })));
  await bench.pack({ adviser: FILES_ONLY });
  return readTree(bench.fs, SOURCE);
}

async function keepLast(bench: Workbench, last: number): Promise<void> {
  await bench.open((repository) => forget(repository, { keep: { last } }), 'write');
}

/** Every stored block decodes, in as many steps as its pack says or fewer, and the newest snapshot is `tree`. */
async function assertSound(bench: Workbench, tree: TreeState): Promise<void> {
  await assertReadable(bench, tree);
  await bench.open((repository) => {
    for (const { steps, declared } of chainsOf(repository)) {
      assert.ok(steps <= declared && declared <= MAX_CHAIN_DEPTH, `${steps} steps, ${declared} declared`);
    }
  });
}

async function assertReadable(bench: Workbench, tree: TreeState): Promise<void> {
  assert.deepEqual((await bench.open((repository) => verify(repository, { data: true }))).damage, []);
  const { tree: restored, errors } = await bench.restored();
  assert.deepEqual(errors, []);
  assert.deepEqual(treeDifferences(tree, restored), []);
}

test('a base no snapshot needs stays as long as little is unused', async () => {
  const bench = new Workbench();
  await store(bench, { base: BASE });
  const tree = await store(bench, { delta: DELTA, other: OTHER });
  await keepLast(bench, 1);
  const { unusedBytes, replacedPacks } = await pruned(bench, { maxUnusedShare: 0.5 });
  assert.ok(unusedBytes > 5000);
  assert.equal(replacedPacks, 0);
  await assertSound(bench, tree);
});

test('a base no snapshot needs goes with its pack, and its delta is written anew', async () => {
  const bench = new Workbench();
  await store(bench, { base: BASE });
  const tree = await store(bench, { delta: DELTA, other: OTHER });
  await keepLast(bench, 1);
  assert.equal((await pruned(bench, { maxUnusedShare: 0 })).replacedPacks, 2);
  await assertSound(bench, tree);
  assert.deepEqual(await pruned(bench, { maxUnusedShare: 0 }).then(({ replacedPacks }) => replacedPacks), 0);
});

test('a delta nobody needs goes with its base, and is not taken for stored', async () => {
  const bench = new Workbench();
  await store(bench, { base: BASE });
  await store(bench, { delta: DELTA, other: OTHER });
  const last = await store(bench, { other: OTHER });
  await keepLast(bench, 1);
  // The delta itself is less than what may stay unused.
  await pruned(bench);
  await assertSound(bench, last);
  await assertSound(bench, await store(bench, { delta: DELTA, other: OTHER }));
});

test('a needed base that is moved gets no deeper, and no delta of its delta', async () => {
  const bench = new Workbench();
  await store(bench, { base: BASE, big: BIG });
  const tree = await store(bench, { base: BASE, delta: DELTA, other: OTHER });
  await keepLast(bench, 1);
  const { replacedPacks } = await pruned(bench);
  assert.equal(replacedPacks, 1, 'the pack of the delta can stay');
  await assertSound(bench, tree);
});

test('a whole chain over several packs, of which the first are moved', async () => {
  const bench = new Workbench();
  const versions = [BASE];
  while (versions.length < 8) versions.push(edited(rng, versions.at(-1) as Buffer));
  const all: Record<string, Buffer> = {};
  let tree: TreeState = new Map();
  for (const [i, version] of versions.entries()) {
    all[`v${i}`] = version;
    // Of every second pack something is not needed later.
    tree = await store(bench, i % 2 === 0 ? { ...all, [`gone-${i}`]: noise(new Rng(i), 60_000) } : all);
  }
  tree = await store(bench, all);
  await keepLast(bench, 1);
  const { replacedPacks, packs } = await pruned(bench);
  assert.ok(replacedPacks >= 3 && replacedPacks < packs, `${replacedPacks} of ${packs}`);
  await assertSound(bench, tree);
});

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`two writers stored each other's bases, ${seed}`, async () => {
    const draw = new Rng(seed);
    const one = text(draw, 40_000);
    const two = edited(draw, one);
    // A pack for each record, so that every base is in another pack.
    const bench = new Workbench({
      seed,
      sizes: { arenaBytes: 32 * MIB, resemblanceBytes: MIB / 4, packBytes: 1 },
    });
    bench.build(
      [
        { path: 'a', bytes: one },
        { path: 'b', bytes: two },
      ],
      '/first',
    );
    bench.build(
      [
        { path: 'a', bytes: two },
        { path: 'b', bytes: one },
      ],
      '/second',
    );
    await bench.open(async (first) => {
      await bench.open(async (second) => {
        for (const [repository, path] of [
          [first, '/first'],
          [second, '/second'],
        ] as const) {
          const { deltaBlocks } = await pack(repository, { paths: [Buffer.from(path)], adviser: FILES_ONLY });
          assert.equal(deltaBlocks, 1);
          bench.clock.advance(1000);
        }
      }, 'write');
    }, 'write');
    await pruned(bench, { maxUnusedShare: 0 });
    await assertSound(bench, readTree(bench.fs, '/second'));
  });
}

/**
 * Two writers at once: each stores two blocks, the second as a delta on the first, in the other order than the other
 * writer. Returns snapshots and packs that hold the blocks as they are, each with much else.
 */
async function crossed(bench: Workbench, draw: Rng): Promise<{ snapshots: string[]; packs: string[] }> {
  const one = text(draw, 40_000);
  const two = edited(draw, one);
  const snapshots: string[] = [];
  const packs: string[] = [];
  await bench.open(async (first) => {
    await bench.open(async (second) => {
      for (const [number, repository] of [first, second].entries()) {
        const [plain, delta] = number === 0 ? [one, two] : [two, one];
        for (const [i, bytes] of [plain, delta].entries()) {
          const path = `/${number}-${i}`;
          bench.build(
            [
              { path: 'file', bytes },
              { path: 'more', bytes: noise(draw, 150_000) },
            ],
            path,
          );
          bench.clock.advance(1000);
          const before = packFiles(bench);
          const options = { paths: [Buffer.from(path)], adviser: FILES_ONLY };
          const { snapshot = '', deltaBlocks } = await pack(repository, options);
          assert.equal(deltaBlocks, i);
          if (i === 1) continue;
          snapshots.push(snapshot);
          packs.push(...packFiles(bench).filter((name) => !before.includes(name)));
        }
      }
    }, 'write');
  }, 'write');
  assert.equal(packs.length, 2);
  return { snapshots, packs };
}

const packFiles = (bench: Workbench): string[] =>
  [...bench.files().keys()].filter((name) => name.startsWith('store/'));

test('a block is moved although a copy of it stays: that one may rest on what is moved', async () => {
  for (const seed of [1, 2, 3]) {
    const bench = new Workbench({ seed });
    const { snapshots } = await crossed(bench, new Rng(seed));
    await bench.open((repository) => forget(repository, { snapshots }), 'write');
    const { replacedPacks, packs } = await pruned(bench);
    assert.deepEqual([replacedPacks, packs], [2, 4]);
    await assertReadable(bench, readTree(bench.fs, '/1-1'));
  }
});

test('a block is saved although a copy of it is sound: that one may rest on what is saved', async () => {
  for (const seed of [1, 2, 3]) {
    const bench = new Workbench({ seed });
    const { packs } = await crossed(bench, new Rng(seed));
    for (const name of packs) {
      const bytes = Buffer.from(bench.files().get(name) as Buffer);
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] as number) ^ 1;
      writeFile(bench.fs, `${REPOSITORY}/${name}`, bytes);
    }
    const { affected } = await bench.open((repository) => repair(repository), 'exclusive');
    assert.deepEqual(
      affected.map(({ path }) => path.slice(13)),
      ['more', 'more'],
    );
    const { tree, errors } = await bench.restored();
    assert.deepEqual([errors, treeDifferences(readTree(bench.fs, '/1-1'), tree)], [[], []]);
  }
});

test('of two copies the readable one is kept', async () => {
  for (const seed of [1, 2, 3]) {
    const bytes = noise(new Rng(seed), 50_000);
    const { bench } = await packFresh([{ path: 'a', bytes }]);
    for (const [name, whole] of bench.files()) {
      if (!name.startsWith('store/')) continue;
      const damaged = Buffer.from(whole);
      damaged[200] = (damaged[200] as number) ^ 1;
      writeFile(bench.fs, `${REPOSITORY}/${name}`, damaged);
    }
    // Another file of another pack name, so that the damaged pack is not simply replaced.
    bench.build([
      { path: 'a', bytes },
      { path: 'z', bytes: OTHER },
    ]);
    await bench.pack({ readAll: true });
    const tree = readTree(bench.fs, SOURCE);
    await pruned(bench, { maxUnusedShare: 0 });
    await assertSound(bench, tree);
  }
});
