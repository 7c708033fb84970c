import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packFresh, REPOSITORY } from '../../../test/golden/workbench.ts';
import { edited, text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { Rng } from '../../base/index.ts';
import { stats } from './stats.ts';

test('what a repository holds is counted', async () => {
  const rng = new Rng(1);
  const old = text(rng, 60_000);
  const { bench } = await packFresh([
    { path: 'a', bytes: old },
    { path: 'b', bytes: edited(rng, old) },
    { path: 'c', bytes: noise(rng, 30_000) },
    { path: 'copy', bytes: old },
    { path: 'small', bytes: text(rng, 500) },
  ]);
  const found = await bench.open(stats);
  const files = bench.files();
  const sum = (pattern: RegExp): number =>
    [...files].reduce((all, [name, bytes]) => all + (pattern.test(name) ? bytes.length : 0), 0);
  assert.deepEqual([found.snapshots, found.packs, found.unreadablePacks, found.encrypted], [1, 1, 0, false]);
  assert.deepEqual([found.packBytes, found.storedBytes, found.indexBytes], [sum(/^store/), sum(/./), 0]);
  assert.equal(
    found.depths.reduce((all, blocks) => all + blocks, 0),
    found.blocks,
  );
  assert.ok(found.records.delta >= 1 && found.records.block >= 2 && found.records.group >= 1);
  assert.ok(
    found.rawBytes > 100_000 && found.rawBytes < found.snapshotBytes - 40_000,
    'the copy is counted once',
  );
});

test('a pack that cannot be read is counted as such', async () => {
  const { bench } = await packFresh([{ path: 'a', bytes: 'x' }]);
  const [name] = [...bench.files().keys()].filter((path) => path.startsWith('store/'));
  writeFile(bench.fs, `${REPOSITORY}/${name}`, 'damaged');
  const found = await bench.open(stats);
  assert.deepEqual([found.packs, found.unreadablePacks, found.blocks], [1, 1, 0]);
});
