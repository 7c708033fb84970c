// `repair` and `optimize`: damage named and mended, everything stored anew.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { contents, noise, Place, parseOne } from './support.ts';

interface Repaired {
  damagedPacks: string[];
  salvagedBlocks: number;
  affected: { path: string; code: string; message: string }[];
  dryRun: boolean;
}

function stored(place: Place): Map<string, string | null> {
  const all = [...contents(place.path('repo'))];
  return new Map(all.filter(([path]) => !/^(index\.sqlite|locks)/.test(path)));
}

/** Changes one byte in the middle of the largest pack. */
function flip(place: Place): void {
  const pack = place.pack();
  const bytes = readFileSync(pack);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x10;
  writeFileSync(pack, bytes);
}

async function repaired(place: Place, code: number, ...args: string[]): Promise<Repaired> {
  const ended = await place.inside(['repair', '--json', ...args]);
  assert.equal(ended.code, code, ended.stdout + ended.stderr);
  return parseOne(ended.stdout) as Repaired;
}

test('repair: nothing to do', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': noise(100_000) });
  await place.given('pack', 'tree');
  const before = stored(place);
  const { seconds, ...result } = place.json('repair');
  assert.equal(typeof seconds, 'number');
  assert.deepEqual(result, {
    damagedPacks: [],
    damagedSnapshots: [],
    salvagedBlocks: 0,
    affected: [],
    affectedCount: 0,
    dryRun: false,
  });
  assert.equal((await place.given('repair')).stdout, 'no file is affected\n');
  assert.equal((await place.given('repair', '--quiet')).stdout, '');
  assert.deepEqual(stored(place), before);
});

// A name that ends like that of a pack: git stores such files.
for (const name of ['middle', 'objects/x.pack']) {
  test(`repair: says that ${name} is affected, saves the rest, and --read-all mends it`, async (t) => {
    const place = new Place(t);
    place.write({ 'tree/a': noise(90_000), [`tree/${name}`]: noise(900_000, 3), 'tree/z': noise(90_000, 5) });
    const { snapshot } = place.json<{ snapshot: string }>('pack', 'tree');
    flip(place);
    const label = `${snapshot.slice(0, 12)}:${name}`;

    const before = stored(place);
    const dry = await repaired(place, 1, '--dry-run');
    assert.deepEqual(stored(place), before);
    assert.deepEqual(
      dry.affected.map(({ path }) => path),
      [label],
    );
    assert.deepEqual([dry.damagedPacks.length, dry.salvagedBlocks, dry.dryRun], [1, 0, true]);

    const real = await repaired(place, 1);
    assert.deepEqual(
      real.affected.map(({ path, code }) => [path, code]),
      [[label, 'MISSING']],
    );
    assert.deepEqual(real.damagedPacks, dry.damagedPacks);
    assert.ok(real.salvagedBlocks > 2);
    assert.deepEqual(readdirSync(place.path('repo/damaged')), [`${real.damagedPacks[0]}.pack`]);
    assert.equal((await place.given('cat', 'latest', 'z')).stdout, noise(90_000, 5).toString());

    const { code, stdout } = await place.inside(['repair', '--quiet']);
    assert.equal(code, 1, 'damage is never kept quiet');
    assert.match(
      stdout,
      new RegExp(`^affected ${label}: MISSING: .*\\n1 problem of files: run \`pilotfish pack --read-all\``),
    );

    await place.given('pack', 'tree', '--read-all');
    assert.deepEqual((await repaired(place, 0)).affected, []);
    const { damage } = place.json<{ damage: object[] }>('verify', '--data');
    assert.deepEqual(damage, []);
    place.runWell('restore', snapshot, '--to', 'out');
    assert.deepEqual(readFileSync(place.path('out', name)), noise(900_000, 3));
  });
}

test('repair: a cut pack is saved up to the cut, a missing one is named by its files', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': noise(900_000) });
  await place.given('pack', 'tree');
  truncateSync(place.pack(), 500_000);
  const cut = await repaired(place, 1);
  assert.equal(cut.damagedPacks.length, 1);
  assert.ok(cut.salvagedBlocks > 0);
  assert.ok(cut.affected.length > 0);
  await place.given('pack', 'tree', '--read-all');
  assert.deepEqual((await repaired(place, 0)).affected, []);

  rmSync(place.pack());
  const missing = await repaired(place, 1);
  assert.deepEqual([missing.damagedPacks, missing.salvagedBlocks], [[], 0]);
  assert.ok(missing.affected.length > 0);
  await place.given('pack', 'tree', '--read-all');
  assert.deepEqual((await repaired(place, 0)).affected, []);
});

test('repair: a snapshot that cannot be read is set aside', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': '1' });
  await place.given('pack', 'tree');
  const [name] = readdirSync(place.path('repo/snapshots'));
  place.write({ [`repo/snapshots/${name}`]: 'no snapshot' });
  const { code, stdout } = await place.inside(['repair']);
  assert.equal(code, 1);
  assert.match(
    stdout,
    /^damaged {2}snapshot [0-9a-f]{64}\n1 snapshot cannot be read and lies in damaged\/ now: /,
  );
  assert.deepEqual(readdirSync(place.path('repo/damaged')), [`${name}.snapshot`]);
  assert.equal((await place.inside(['repair'])).code, 0);
  assert.equal((await place.inside(['prune'])).code, 0);
});

test('optimize: smaller, with the same snapshots and roots', async (t) => {
  const place = new Place(t);
  const lines = Array.from({ length: 8000 }, (_, i) => `line ${i} ${(i * 7919) % 1009}`);
  place.write({ 'tree/text': lines.join('\n') });
  await place.given('pack', 'tree');
  place.write({ 'tree/text': lines.reverse().join('\n'), 'tree/other': noise(50_000) });
  await place.given('pack', 'tree');
  const snapshots = place.json('snapshots');
  const { packs, bytesBefore, bytesAfter, seconds } = place.json('optimize');
  assert.deepEqual(
    [packs, bytesBefore, bytesAfter, seconds].map((value) => typeof value),
    ['number', 'number', 'number', 'number'],
  );
  assert.ok(Number(bytesAfter) < Number(bytesBefore));
  assert.deepEqual(place.json('snapshots'), snapshots);
  assert.deepEqual(place.json('verify', '--data')['damage'], []);
  const { stdout } = await place.given('optimize');
  assert.match(stdout, /^\S+ KiB before, \S+ KiB after \([+-]?[\d.]+ %\)\nrewrote 1 pack in /);
});
