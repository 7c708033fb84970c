import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainsOf } from '../../../test/golden/chains.ts';
import { packFresh, SOURCE, Workbench } from '../../../test/golden/workbench.ts';
import { edited, text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { treeVersions } from '../../../test/sim/sources.ts';
import type { Source } from '../../../test/sim/tree.ts';
import { readTree, treeDifferences } from '../../../test/sim/tree-state.ts';
import { KIB, MAX_CHAIN_DEPTH, MIB, Rng } from '../../base/index.ts';
import { stats, verify } from '../check/index.ts';
import type { StoredReceipt } from '../questions.ts';

/** Restores the latest snapshot, compares it with the source, and checks every stored byte and every chain. */
async function assertSound(bench: Workbench): Promise<void> {
  const { tree, errors } = await bench.restored();
  assert.deepEqual(errors, []);
  assert.deepEqual(treeDifferences(readTree(bench.fs, SOURCE), tree), []);
  await bench.open(async (repository) => {
    assert.deepEqual((await verify(repository, { data: true })).damage, []);
    for (const { id, steps, declared } of chainsOf(repository)) {
      assert.ok(
        steps <= declared && declared <= MAX_CHAIN_DEPTH,
        `${id}: ${steps} steps, ${declared} declared`,
      );
    }
  });
}

const file = (path: string, bytes: Uint8Array): Source => ({ path, bytes });

/** Versions of one text, each an edit of the one before. */
function versions(seed: number, count: number, length: number): Buffer[] {
  const rng = new Rng(seed);
  const all = [text(rng, length)];
  while (all.length < count) all.push(edited(rng, all.at(-1) as Buffer));
  return all;
}

test('equal content is stored once, in one run and over runs', async () => {
  const bytes = noise(new Rng(1), 100 * KIB);
  const { bench, result } = await packFresh([
    file('a', bytes),
    file('b', bytes),
    file('c/d', Buffer.from(bytes)),
  ]);
  const blocks = await bench.open((repository) => stats(repository));
  assert.ok(blocks.rawBytes < 110 * KIB, `${blocks.rawBytes}`);
  assert.ok(result.blocks > result.newBlocks);
  const packs = (): string[] => [...bench.files().keys()].filter((name) => name.startsWith('store/'));
  const before = packs();
  const again = await bench.pack();
  assert.equal(again.newBlocks, 0);
  assert.equal(again.root.toString(), result.root.toString());
  assert.deepEqual(packs(), before, 'a run that adds nothing writes no pack');
});

test('an edited file is stored as deltas', async () => {
  const [old, edit] = versions(2, 2, 200 * KIB) as [Buffer, Buffer];
  const { bench, result: first } = await packFresh([file('f', old)]);
  bench.build([file('f', edit)]);
  const second = await bench.pack();
  assert.ok(second.deltaBlocks > 0);
  assert.ok(second.bytesStored < first.bytesStored / 5, `${second.bytesStored} of ${first.bytesStored}`);
  await assertSound(bench);
});

test('chains of deltas end after four steps, whatever the number of versions', async () => {
  let deepest = 0;
  for (const length of [3 * KIB, 14 * KIB, 40 * KIB, 100 * KIB]) {
    const all = versions(length, 14, length);
    const inOneRun = await packFresh(all.map((bytes, i) => file(`v${i}.txt`, bytes)));
    await assertSound(inOneRun.bench);
    const bench = new Workbench();
    for (const bytes of all) {
      bench.build([file('f.txt', bytes)]);
      await bench.pack();
    }
    await assertSound(bench);
    const { depths } = await bench.open((repository) => stats(repository));
    assert.equal(depths.length, MAX_CHAIN_DEPTH + 1, `${depths}`);
    deepest = Math.max(
      deepest,
      depths.findLastIndex((blocks) => blocks > 0),
    );
  }
  assert.equal(deepest, MAX_CHAIN_DEPTH, 'chains do get that long');
});

test('small files share records, and come back one by one', async () => {
  const rng = new Rng(3);
  const sources = Array.from({ length: 300 }, (_, i) => file(`${i}.ts`, text(rng, 200 + rng.below(3000))));
  const { bench, result } = await packFresh(sources);
  const { records } = await bench.open((repository) => stats(repository));
  assert.ok(result.groupedFiles > 250, `${result.groupedFiles}`);
  assert.ok(
    records.group >= 1 && records.group + records.block + records.delta < 60,
    JSON.stringify(records),
  );
  await assertSound(bench);
});

test('a small file may be a delta on a member of a group, in the same run and in a later one', async () => {
  const [old, edit, third] = versions(4, 3, 15 * KIB) as [Buffer, Buffer, Buffer];
  const { bench, result } = await packFresh([file('a.txt', old), file('b.txt', edit)]);
  assert.ok(result.deltaBlocks > 0);
  bench.build([file('a.txt', third)]);
  assert.ok((await bench.pack()).deltaBlocks > 0);
  await assertSound(bench);
});

test('a base that looks like a trained dictionary costs a delta and nothing else', async () => {
  for (const length of [10 * KIB, 100 * KIB]) {
    const base = Buffer.concat([Buffer.from('37a430ec', 'hex'), noise(new Rng(length), length)]);
    const near = Buffer.concat([base, Buffer.from('and a little more')]);
    const { bench } = await packFresh([
      file('a', base),
      file('b', near),
      file('c', Buffer.concat([near, near.subarray(0, 40)])),
    ]);
    await assertSound(bench);
  }
});

test('a base that has left the memory of the writer is read back', async () => {
  // 24 MiB of noise between the two versions push the first out of an arena of 20.
  const [old, edit] = versions(5, 2, 300 * KIB) as [Buffer, Buffer];
  const rng = new Rng(5);
  const between = Array.from({ length: 24 }, (_, i) => file(`b/${i}`, noise(rng, MIB)));
  const sizes = { arenaBytes: 20 * MIB, resemblanceBytes: MIB };
  const { bench, result } = await packFresh([file('a', old), ...between, file('c', edit)], { sizes });
  assert.ok(result.deltaBlocks > 0);
  await assertSound(bench);
});

test('the same input gives the same bytes in every repository', async () => {
  for (const seed of [1, 2, 3]) {
    const trees = treeVersions(new Rng(seed), 3, { files: 12 });
    const files = await Promise.all(
      [1, 2].map(async () => {
        const bench = new Workbench();
        for (const tree of trees) {
          bench.build(tree);
          await bench.pack();
        }
        await assertSound(bench);
        return bench.files();
      }),
    );
    assert.deepEqual(files[0], files[1]);
  }
});

test('the number of threads changes no byte', async () => {
  const rng = new Rng(6);
  const base = Array.from({ length: 40 }, () => text(rng, 120 * KIB));
  const sources = [...base, ...base.map((bytes) => edited(rng, bytes))].map((bytes, i) =>
    file(`${i}.txt`, bytes),
  );
  const [alone, threaded] = await Promise.all([0, 2].map((threads) => packFresh(sources, { threads })));
  assert.ok(alone !== undefined && threaded !== undefined && alone.result.deltaBlocks > 0);
  assert.deepEqual(threaded.result, alone.result);
  assert.deepEqual(threaded.bench.files(), alone.bench.files());
  await assertSound(threaded.bench);
});

test('what is stored is counted', async () => {
  const rng = new Rng(7);
  const sources = [
    file('a.txt', text(rng, 50 * KIB)),
    file('b.bin', noise(rng, 30 * KIB)),
    file('c.txt', text(rng, 900)),
  ];
  const { bench, result } = await packFresh(sources);
  const sum = Object.values(result.codecs).reduce((all, { blocks }) => all + blocks, 0);
  assert.equal(sum, result.newBlocks);
  assert.ok((result.codecs.none?.bytes ?? 0) >= 30 * KIB, 'noise is stored as it is');
  const stored = [...bench.files()].reduce(
    (all, [name, bytes]) => all + (name === 'config' ? 0 : bytes.length),
    0,
  );
  assert.equal(result.bytesStored, stored);
});

test('every base question hears once what its block took: alone, as a delta, or its part of a group', async () => {
  const rng = new Rng(11);
  const sources = [3, 12, 60].flatMap((kib) => {
    const base = text(rng, kib * KIB);
    return Array.from({ length: 8 }, (_, i) => file(`${kib}/${i}.txt`, i === 0 ? base : edited(rng, base)));
  });
  for (const answer of [0, -1]) {
    const asked: number[] = [];
    const told = new Map<number, StoredReceipt>();
    const bench = new Workbench();
    bench.build(sources);
    const packed = await bench.pack({
      adviser: {
        base: ({ number }) => {
          asked.push(number);
          return answer;
        },
        settleStored: (receipt) => {
          assert.ok(!told.has(receipt.number));
          told.set(receipt.number, { ...receipt });
        },
      },
    });
    assert.deepEqual(
      [...told.keys()].sort((a, b) => a - b),
      asked,
    );
    const all = [...told.values()];
    const bytes = all.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
    assert.ok(asked.length > 20 && bytes > 0 && bytes <= packed.bytesStored, `${bytes}`);
    assert.ok(all.every(({ rawBytes, storedBytes }) => storedBytes > 0 && storedBytes <= 1.01 * rawBytes));
    assert.equal(packed.deltaBlocks > 0, answer === 0);
  }
});
