import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DIRECTORY, FILE, forgeSnapshot } from '../../../test/golden/forge.ts';
import { packFresh, REPOSITORY, Workbench } from '../../../test/golden/workbench.ts';
import { text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { MIB, Rng, sha256Hex } from '../../base/index.ts';
import { rawCid } from '../tree/index.ts';
import { type VerifyOptions, type VerifyResult, verify } from './verify.ts';

const run = (bench: Workbench, options: VerifyOptions = {}): Promise<VerifyResult> =>
  bench.open((repository) => verify(repository, options));
const codes = ({ damage }: VerifyResult): string[] => damage.map(({ code }) => code);

/** A repository of two packs; the first holds `a`, the second `b`. */
async function twoPacks(): Promise<{ bench: Workbench; packs: string[] }> {
  const { bench } = await packFresh([{ path: 'a', bytes: noise(new Rng(1), 40_000) }]);
  const [first] = packsOf(bench);
  bench.build([{ path: 'b', bytes: noise(new Rng(2), 40_000) }]);
  await bench.pack();
  const second = packsOf(bench).find((name) => name !== first);
  return { bench, packs: [first as string, second as string] };
}

const packsOf = (bench: Workbench): string[] =>
  [...bench.files().keys()].filter((name) => name.startsWith('store/'));

function change(bench: Workbench, name: string, edit: (bytes: Buffer) => Uint8Array): void {
  writeFile(bench.fs, `${REPOSITORY}/${name}`, edit(Buffer.from(bench.files().get(name) as Buffer)));
}

test('a sound repository is sound, and the result says how much was looked at', async () => {
  const { bench } = await twoPacks();
  const quick = await run(bench);
  assert.deepEqual(
    [quick.snapshots, quick.packs, quick.checkedBlocks, quick.unusedPacks, quick.leftovers, quick.damage],
    [2, 2, 0, 0, 0, []],
  );
  const full = await run(bench, { data: true });
  assert.deepEqual([full.checkedBlocks, full.damage], [quick.blocks, []]);
});

test('a flipped bit, a cut and a missing pack are told apart and named', async () => {
  const { bench, packs } = await twoPacks();
  const [first, second] = packs as [string, string];
  const whole = bench.files().get(first) as Buffer;
  const cases: Record<string, [edit: (bytes: Buffer) => Uint8Array, code: string]> = {
    'a bit in a record': [(bytes) => bytes.fill((bytes[1000] as number) ^ 1, 1000, 1001), 'DAMAGED'],
    'a bit in the footer': [
      (bytes) => bytes.fill((bytes.at(-40) as number) ^ 1, bytes.length - 40, bytes.length - 39),
      'DAMAGED',
    ],
    'cut short': [(bytes) => bytes.subarray(0, 20_000), 'TRUNCATED'],
    'an empty file': [() => new Uint8Array(0), 'TRUNCATED'],
  };
  for (const [what, [edit, code]] of Object.entries(cases)) {
    change(bench, first, edit);
    const result = await run(bench, { data: true });
    assert.ok(
      result.damage.some((item) => item.code === code && item.path.endsWith(first)),
      `${what}: ${codes(result)}`,
    );
    assert.ok(!result.damage.some(({ path }) => path.endsWith(second)), 'the other pack is not blamed');
    writeFile(bench.fs, `${REPOSITORY}/${first}`, whole);
  }
  bench.fs.unlink(`${REPOSITORY}/${first}`);
  const missing = await run(bench);
  assert.ok(missing.damage.length > 0);
  assert.deepEqual(new Set(codes(missing)), new Set(['MISSING']));
});

test('a bit in a record is found by reading data only', async () => {
  const { bench, packs } = await twoPacks();
  change(bench, packs[0] as string, (bytes) => bytes.fill((bytes[1000] as number) ^ 1, 1000, 1001));
  assert.deepEqual((await run(bench)).damage, []);
  assert.ok((await run(bench, { data: true })).damage.length > 0);
  assert.ok((await run(bench, { sampleShare: 1 })).damage.length > 0);
});

test('a sample reads its share of the packs', async () => {
  const sizes = { arenaBytes: 32 * MIB, resemblanceBytes: MIB, packBytes: 30_000 };
  const { bench } = await packFresh(
    Array.from({ length: 60 }, (_, i) => ({ path: `${i}`, bytes: noise(new Rng(i), 40_000) })),
    { sizes },
  );
  const { blocks } = await run(bench);
  const shares: number[] = [];
  for (let i = 0; i < 10; i += 1)
    shares.push((await run(bench, { sampleShare: 0.3 })).checkedBlocks / blocks);
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  assert.ok(mean > 0.2 && mean < 0.4, `${shares}`);
  assert.ok(new Set(shares).size > 1, 'other packs every time');
  assert.equal((await run(bench, { sampleShare: 0 })).checkedBlocks, 0);
});

test('leftovers of a dead writer and packs nobody refers to are no damage', async () => {
  const { bench } = await packFresh([{ path: 'a', bytes: 'x' }]);
  const { snapshot } = await bench.pack();
  writeFile(bench.fs, `${REPOSITORY}/tmp/00112233445566ff-0`, 'half a pack');
  await bench.open(({ lock }) => writeFile(bench.fs, `${REPOSITORY}/tmp/${lock.writerId}-0`, 'x'), 'write');
  bench.build([{ path: 'b', bytes: noise(new Rng(1), 5000) }]);
  const second = await bench.pack();
  bench.fs.unlink(`${REPOSITORY}/snapshots/${second.snapshot}`);
  writeFile(bench.fs, `${REPOSITORY}/tmp/00112233445566ff-0`, 'half a pack');
  const result = await run(bench);
  assert.deepEqual([result.damage, result.leftovers, result.unusedPacks, result.snapshots], [[], 1, 1, 2]);
  assert.ok(snapshot !== undefined);
});

test('damage in one directory or file does not hide that in others', async () => {
  const bench = new Workbench();
  await forgeSnapshot(bench, (forge) => {
    const nowhere = rawCid(sha256Hex(Buffer.from('nowhere')));
    return forge.directory(
      ['a', FILE, [7, nowhere]],
      ['b', DIRECTORY, forge.data('no directory')],
      ['c', DIRECTORY, forge.directory(['d', FILE, [9, nowhere]])],
      ['e', FILE, [4, forge.data('fine')]],
    );
  });
  const { damage } = await run(bench);
  assert.deepEqual(
    damage.map(({ code }) => code),
    ['MISSING', 'DAMAGED', 'MISSING'],
  );
  assert.deepEqual(
    damage.map(({ path }) => path.split(':')[1]),
    ['a', 'b', 'c/d'],
  );
});

test('sizes that are not those of the blocks are damage, whoever else uses the blocks', async () => {
  const bench = new Workbench();
  await forgeSnapshot(bench, (forge) => {
    const four = forge.data('four');
    const list = forge.node({ t: 'file', l: [4, 4], c: [four, four] });
    return forge.directory(
      ['a', FILE, [4, four]],
      ['b', FILE, [5, four]],
      ['c', FILE, [8, list]],
      ['d', FILE, [9, list]],
      ['e', FILE, [8, forge.node({ t: 'file', l: [3, 5], c: [four, four] })]],
      ['f', FILE, [1, null]],
    );
  });
  const { damage } = await run(bench);
  assert.deepEqual(
    damage.map(({ path, code }) => `${code} ${path.split(':')[1]}`),
    ['b', 'd', 'e', 'f'].map((name) => `DAMAGED ${name}`),
  );
});

test('an interrupted check says so', async () => {
  const { bench } = await packFresh([{ path: 'a', bytes: text(new Rng(1), 1000) }]);
  const abort = new AbortController();
  abort.abort();
  await assert.rejects(run(bench, { signal: abort.signal }), { code: 'INTERRUPTED' });
});
