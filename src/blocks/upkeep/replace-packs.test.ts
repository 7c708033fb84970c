import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packFresh, REPOSITORY, SOURCE, type Workbench } from '../../../test/golden/workbench.ts';
import { noise } from '../../../test/sim/noise.ts';
import { randomTree } from '../../../test/sim/sources.ts';
import { type Source, writeFile } from '../../../test/sim/tree.ts';
import { readTree, treeDifferences } from '../../../test/sim/tree-state.ts';
import { Rng } from '../../base/index.ts';
import { verify } from '../check/index.ts';
import { writeDoomed } from '../repo/index.ts';
import { optimize } from './optimize.ts';
import { prune } from './prune.ts';
import { repair } from './repair.ts';

// Equal blocks in equal order make an equal pack, of the same name. What replaces a pack may be that pack.
const TREES: Readonly<Record<string, readonly Source[]>> = {
  'one small file': [{ path: 'a', bytes: 'hello' }],
  'one block': [{ path: 'a', bytes: noise(new Rng(1), 50_000) }],
  'a tree': randomTree(new Rng(2)),
};

async function assertSound(bench: Workbench, what: string): Promise<void> {
  assert.deepEqual((await bench.open((repository) => verify(repository, { data: true }))).damage, [], what);
  const { tree, errors } = await bench.restored();
  assert.deepEqual(errors, [], what);
  assert.deepEqual(treeDifferences(readTree(bench.fs, SOURCE), tree), [], what);
}

const packsOf = (bench: Workbench): string[] =>
  [...bench.files().keys()].flatMap((name) => (name.startsWith('store/') ? name.slice(6, 70) : []));

for (const [name, sources] of Object.entries(TREES)) {
  test(`optimized again and again, ${name} stays`, async () => {
    const { bench } = await packFresh(sources);
    for (let round = 0; round < 3; round += 1) {
      await bench.open((repository) => optimize(repository), 'exclusive');
      await assertSound(bench, `round ${round}`);
      await bench.open((repository) => prune(repository, { maxUnusedShare: 0 }), 'exclusive');
      await assertSound(bench, `round ${round}, pruned`);
    }
  });

  test(`packed again while the pack it was in is doomed, ${name} stays`, async () => {
    const { bench, result } = await packFresh(sources);
    bench.fs.unlink(`${REPOSITORY}/snapshots/${result.snapshot}`);
    await bench.open(({ layout, lock }) => {
      const doomed = { packs: packsOf(bench), sinceMs: bench.clock.nowMs() };
      writeDoomed({ fs: bench.fs, layout, writerId: lock.writerId }, [doomed]);
    }, 'write');
    await bench.pack();
    await assertSound(bench, 'packed');
    await bench.open((repository) => prune(repository), 'exclusive');
    await assertSound(bench, 'pruned');
  });

  test(`repaired where nothing is lost, ${name} stays`, async () => {
    const { bench } = await packFresh(sources);
    const [pack] = packsOf(bench);
    const path = `${REPOSITORY}/store/${pack}.pack`;
    const bytes = Buffer.from(bench.files().get(`store/${pack}.pack`) as Buffer);
    // A byte of the trailer's own checksum: the records are all there.
    bytes[bytes.length - 20] = (bytes.at(-20) as number) ^ 0xff;
    writeFile(bench.fs, path, bytes);
    const { affected } = await bench.open((repository) => repair(repository), 'exclusive');
    if (affected.length === 0) await assertSound(bench, 'repaired');
    await bench.pack({ readAll: true });
    await assertSound(bench, 'packed again');
  });
}
