import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workbench } from '../../../test/golden/workbench.ts';
import { edited, text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { Rng } from '../../base/index.ts';
import { verify } from '../check/index.ts';
import { forget } from './forget.ts';
import { prune } from './prune.ts';

test('a block whose base was pruned away is not taken for stored', async () => {
  const bench = new Workbench();
  const rng = new Rng(1);
  const base = text(rng, 40_000);
  const delta = edited(rng, base);
  const other = noise(rng, 150_000);
  bench.build([{ path: 'a', bytes: base }]);
  await bench.pack();
  bench.build([
    { path: 'a', bytes: delta },
    { path: 'b', bytes: other },
  ]);
  const second = await bench.pack();
  assert.equal(second.deltaBlocks, 1);
  bench.build([{ path: 'b', bytes: other }]);
  await bench.pack();
  await bench.open((r) => forget(r, { keep: { last: 1 } }), 'write');
  console.log(await bench.open((r) => prune(r), 'exclusive'));
  bench.build([
    { path: 'a', bytes: delta },
    { path: 'b', bytes: other },
  ]);
  await bench.pack();
  assert.deepEqual((await bench.open((r) => verify(r, { data: true }))).damage, []);
});
