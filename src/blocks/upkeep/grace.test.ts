// Packs that are replaced and wait to be deleted: nobody sees them any more, and no new pack is taken for one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packFresh, REPOSITORY, SOURCE, Workbench } from '../../../test/golden/workbench.ts';
import { edited, text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import type { Source } from '../../../test/sim/tree.ts';
import { readTree, treeDifferences } from '../../../test/sim/tree-state.ts';
import { Rng } from '../../base/index.ts';
import { stats, verify } from '../check/index.ts';
import { readDoomed } from '../repo/index.ts';
import { forget } from './forget.ts';
import { type PruneOptions, type PruneResult, prune } from './prune.ts';
import { doom } from './replace-packs.ts';

const DAY_MS = 86_400_000;
const rng = new Rng(1);
const NOISE = noise(rng, 50_000);

const pruned = (bench: Workbench, options: PruneOptions = {}): Promise<PruneResult> =>
  bench.open((repository) => prune(repository, options), 'exclusive');
const packFiles = (bench: Workbench): string[] =>
  [...bench.files().keys()].flatMap((name) => (name.startsWith('store/') ? name.slice(6, 70) : []));
const waiting = (bench: Workbench): Promise<string[]> =>
  bench.open(({ layout }) => readDoomed(bench.fs, layout).flatMap(({ packs }) => packs));

async function forgetAll(bench: Workbench): Promise<void> {
  await bench.open((repository) => {
    const all = repository.snapshots.list((error) => assert.fail(error));
    forget(repository, { snapshots: all.map(({ id }) => id) });
  }, 'write');
}

async function assertSound(bench: Workbench): Promise<void> {
  assert.deepEqual((await bench.open((repository) => verify(repository, { data: true }))).damage, []);
  const { tree, errors } = await bench.restored();
  assert.deepEqual(errors, []);
  assert.deepEqual(treeDifferences(readTree(bench.fs, SOURCE), tree), []);
}

/** A repository whose only snapshot is forgotten and whose packs were replaced just now. */
async function allDoomed(sources: readonly Source[]): Promise<{ bench: Workbench; doomed: string[] }> {
  const { bench } = await packFresh(sources);
  await forgetAll(bench);
  const { replacedPacks, deletedPacks, freedBytes } = await pruned(bench, { graceMs: DAY_MS });
  assert.ok(replacedPacks > 0);
  assert.deepEqual([deletedPacks, freedBytes], [0, 0]);
  return { bench, doomed: packFiles(bench) };
}

test('replaced packs stay until the grace time has passed, and are gone then', async () => {
  const { bench, doomed } = await allDoomed([{ path: 'a', bytes: NOISE }]);
  bench.clock.advance(DAY_MS - 1);
  await pruned(bench, { graceMs: DAY_MS });
  assert.deepEqual(packFiles(bench), doomed);
  bench.clock.advance(1);
  const { deletedPacks, freedBytes } = await pruned(bench, { graceMs: DAY_MS });
  assert.deepEqual([deletedPacks, packFiles(bench), await waiting(bench)], [doomed.length, [], []]);
  assert.ok(freedBytes > NOISE.length);
});

test('a dry run deletes none of them', async () => {
  const { bench } = await allDoomed([{ path: 'a', bytes: NOISE }]);
  const before = bench.hashes();
  await pruned(bench, { dryRun: true });
  assert.deepEqual(bench.hashes(), before);
});

test('each run has a grace time of its own: pruned every day, all go in the end', async () => {
  const { bench } = await allDoomed([{ path: 'a', bytes: NOISE }]);
  for (let day = 1; day <= 5; day += 1) {
    bench.build([{ path: 'a', bytes: noise(new Rng(day), 50_000) }]);
    await bench.pack();
    await forgetAll(bench);
    bench.clock.advance(DAY_MS);
    await pruned(bench, { graceMs: 2 * DAY_MS });
    assert.ok(packFiles(bench).length <= 2, `day ${day}: ${packFiles(bench).length} packs`);
    assert.deepEqual((await waiting(bench)).sort(), packFiles(bench).sort());
  }
});

test('a clock that was years ahead when they were replaced keeps none for ever', async () => {
  const { bench } = await allDoomed([{ path: 'a', bytes: NOISE }]);
  bench.clock.advance(-1000 * DAY_MS);
  await pruned(bench);
  assert.deepEqual(packFiles(bench), []);
});

test('nobody sees them', async () => {
  const { bench } = await allDoomed([{ path: 'a', bytes: NOISE }]);
  await bench.open((repository) => {
    assert.deepEqual(repository.packs.packNames(), []);
    assert.deepEqual(repository.packs.inOrder(), []);
    const { packs, blocks } = stats(repository);
    assert.deepEqual([packs, blocks], [0, 0]);
  });
  const { packs, unusedPacks, damage } = await bench.open((repository) => verify(repository, { data: true }));
  assert.deepEqual([packs, unusedPacks, damage], [0, 0, []]);
});

test('what they hold is stored anew, under other names, and stays when they are deleted', async () => {
  const sources = { small: [{ path: 'a', bytes: 'hello' }], large: [{ path: 'a', bytes: NOISE }] };
  for (const [what, source] of Object.entries(sources)) {
    const { bench, doomed } = await allDoomed(source);
    const { newBlocks } = await bench.pack();
    assert.ok(newBlocks > 0, what);
    const fresh = packFiles(bench).filter((name) => !doomed.includes(name));
    assert.equal(fresh.length, doomed.length, what);
    assert.deepEqual(await waiting(bench), doomed, 'the list stays as it is');
    assert.equal((await pruned(bench)).deletedPacks, doomed.length);
    assert.deepEqual(packFiles(bench), fresh, what);
    await assertSound(bench);
  }
});

test('stored, forgotten and replaced again and again, each time under another name', async () => {
  const { bench } = await allDoomed([{ path: 'a', bytes: 'hello' }]);
  for (let round = 2; round < 6; round += 1) {
    await bench.pack();
    await assertSound(bench);
    await forgetAll(bench);
    await pruned(bench, { graceMs: DAY_MS });
    assert.equal((await waiting(bench)).length, round);
    assert.equal(packFiles(bench).length, round);
  }
  await bench.pack();
  await pruned(bench);
  assert.equal(packFiles(bench).length, 1);
  await assertSound(bench);
});

// Deleting was stopped half way. If the rest could be seen again, so could deltas whose base is gone.
test('a pack of a doomed name while part of the doomed are deleted already', async () => {
  const base = text(rng, 40_000);
  const contents = [base, edited(rng, base), NOISE];
  // Times too make the same pack of the same tree.
  const trees = contents.map((bytes, i): Source[] => [{ path: `${i}`, bytes, mtimeNs: 1n }]);
  const bench = new Workbench();
  const packs: string[] = [];
  for (const tree of trees) {
    bench.build(tree);
    await bench.pack();
    packs.push(...packFiles(bench).filter((name) => !packs.includes(name)));
  }
  await forgetAll(bench);
  await bench.open((repository) => doom(repository, new Set(packs)), 'exclusive');
  bench.fs.unlink(`${REPOSITORY}/store/${packs[0]}.pack`);
  for (const tree of trees.toReversed()) {
    bench.build(tree);
    await bench.pack();
    await assertSound(bench);
  }
  await pruned(bench);
  await assertSound(bench);
});
