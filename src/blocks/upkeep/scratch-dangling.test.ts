import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REPOSITORY, Workbench } from '../../../test/golden/workbench.ts';
import { edited, text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { Rng } from '../../base/index.ts';
import { verify } from '../check/index.ts';
import { readDoomed } from '../repo/index.ts';
import { forget } from './forget.ts';
import { prune } from './prune.ts';
import { repair } from './repair.ts';
import { doom } from './replace-packs.ts';
import { Usage } from './usage.ts';

const damage = async (bench: Workbench) => (await bench.open((r) => verify(r, { data: true }))).damage;

test('cycle: a base is rewritten as a delta of its own delta', async () => {
  const bench = new Workbench();
  const rng = new Rng(1);
  const base = text(rng, 40_000);
  const delta = edited(rng, base);
  const dead = noise(rng, 150_000);
  bench.build([
    { path: 'a', bytes: base },
    { path: 'dead', bytes: dead },
  ]);
  await bench.pack();
  bench.build([
    { path: 'a', bytes: base },
    { path: 'b', bytes: delta },
    { path: 'c', bytes: noise(rng, 150_000) },
  ]);
  const adviser = { base: (q: any) => (q.rawBytes < 16384 ? -1 : 0) } as any;
  const second = await bench.pack({ adviser });
  assert.equal(second.deltaBlocks, 1);
  await bench.open((r) => forget(r, { keep: { last: 1 } }), 'write');
  await bench.open(async (r) => {
    const u = new Usage(r, () => {});
    await u.markRoots(r.snapshots.list(() => {}).map((s) => s.root));
    await u.pinBases();
    for (const n of r.packs.inOrder()) {
      const t = r.packs.table(n);
      console.log(n.slice(0, 8), [...t.types], [...t.depths], [...t.rawLengths], u.packs.get(n));
    }
  });
  console.log(await bench.open((r) => prune(r), 'exclusive'));
  assert.deepEqual(await damage(bench), []);
});

test('repair cycle', async () => {
  const bench = new Workbench();
  const rng = new Rng(1);
  const base = text(rng, 40_000);
  const delta = edited(rng, base);
  bench.build([
    { path: 'a', bytes: base },
    { path: 'z', bytes: noise(rng, 50_000) },
  ]);
  await bench.pack();
  const [first] = [...bench.files().keys()].filter((f) => f.startsWith('store/'));
  bench.build([
    { path: 'a', bytes: base },
    { path: 'b', bytes: delta },
    { path: 'c', bytes: noise(rng, 150_000) },
  ]);
  assert.equal((await bench.pack()).deltaBlocks, 1);
  const bytes = Buffer.from(bench.files().get(first!)!);
  bytes[bytes.length - 20] ^= 0xff;
  writeFile(bench.fs, `${REPOSITORY}/${first}`, bytes);
  console.log(await bench.open((r) => repair(r), 'exclusive'));
  assert.deepEqual(await damage(bench), []);
});

test('pardon in mid-deletion', async () => {
  const bench = new Workbench();
  const rng = new Rng(1);
  const base = text(rng, 40_000);
  const delta = edited(rng, base);
  const c = noise(rng, 50_000);
  const packs = () =>
    [...bench.files().keys()].filter((f) => f.startsWith('store/')).map((f) => f.slice(6, 70));
  bench.build([{ path: 'a', bytes: base }]);
  await bench.pack();
  const p1 = packs();
  bench.build([{ path: 'b', bytes: delta }]);
  await bench.pack();
  const p2 = packs().filter((p) => !p1.includes(p));
  bench.build([{ path: 'c', bytes: c }]);
  await bench.pack();
  const p3 = packs().filter((p) => !p1.includes(p) && !p2.includes(p));
  await bench.open((r) => {
    forget(r, { snapshots: r.snapshots.list(() => {}).map((s) => s.id) });
    doom(r, new Set([...p1, ...p2, ...p3]));
  }, 'exclusive');
  bench.fs.unlink(`${REPOSITORY}/store/${p1[0]}.pack`);
  await bench.pack();
  await bench.open((r) => console.log(readDoomed(bench.fs, r.layout), p1, p2, p3, packs()));
  bench.build([{ path: 'b', bytes: delta }]);
  await bench.pack();
  assert.deepEqual(await damage(bench), []);
});
