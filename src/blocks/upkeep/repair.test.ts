import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  affectedBy,
  bytesOf,
  footerAt,
  lostBlocks,
  newSound,
  overwrite,
  packsOf,
  packVersion,
  pathOf,
  reset,
  type Sound,
  SPOILS,
  type Spoilt,
  VERSIONS,
} from '../../../test/crash/upkeep-damage.ts';
import { replaced } from '../../../test/crash/watched.ts';
import { DIRECTORY, FILE, forgeSnapshot } from '../../../test/golden/forge.ts';
import { REPOSITORY, Workbench } from '../../../test/golden/workbench.ts';
import { edited, text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { treeDifferences } from '../../../test/sim/tree-state.ts';
import { type FileSystem, must, Rng, sha256Hex } from '../../base/index.ts';
import { verify } from '../check/index.ts';
import { PackWriter, RECORD_TYPES } from '../pack/index.ts';
import type { Repository } from '../session/index.ts';
import { rawCid } from '../tree/index.ts';
import { type RepairOptions, type RepairResult, repair } from './repair.ts';

const repaired = (bench: Workbench, options: RepairOptions = {}): Promise<RepairResult> =>
  bench.open((repository) => repair(repository, options), 'exclusive');

/** Repairs and checks everything that is promised; returns how many files were affected. */
async function assertRepairs(sound: Sound, spoilt: readonly Spoilt[]): Promise<number> {
  const { bench, trees } = sound;
  const lost = lostBlocks(sound, spoilt);
  const expected = affectedBy(sound, lost);
  const before = bench.files();
  const result = await repaired(bench);
  assert.deepEqual(result.affected.map(({ path }) => path).sort(), expected);
  const changed = spoilt.filter(({ pack: name }) => before.has(`store/${name}.pack`));
  for (const { pack: name } of changed) assert.ok(result.damagedPacks.includes(name), name);
  assertAside(bench, result, before);
  await bench.open(async (repository) => {
    // Of what is there now every block decodes: nothing that is lost passes for stored.
    const { damage } = await verify(repository, { data: true });
    assert.deepEqual(damage.map(({ path }) => path).sort(), expected);
    for (const id of sound.copies.keys()) assert.equal(repository.reader.has(id), !lost.has(id), id);
  });
  assert.deepEqual((await repaired(bench)).damagedPacks, [], 'a second time there is nothing to do');
  for (let version = 0; version < VERSIONS; version += 1) await packVersion(bench, version);
  assert.deepEqual((await bench.open((repository) => verify(repository, { data: true }))).damage, []);
  for (const [id, tree] of trees) {
    const { tree: restored, errors } = await bench.restored(id);
    assert.deepEqual(errors, []);
    assert.deepEqual(treeDifferences(tree, restored), []);
  }
  return expected.length;
}

/** Damaged packs lie in `damaged/` as they were, unless they could be made whole again. */
function assertAside(bench: Workbench, { damagedPacks }: RepairResult, before: Map<string, Buffer>): void {
  const after = bench.files();
  for (const name of damagedPacks) {
    const was = must(before.get(`store/${name}.pack`), 'a damaged pack was there');
    const aside = after.get(`damaged/${name}.pack`);
    assert.ok(aside?.equals(was) || (aside === undefined && after.has(`store/${name}.pack`)), name);
  }
}

for (const [what, spoil] of Object.entries(SPOILS)) {
  test(`${what}: everything readable survives, and exactly the affected files are named`, async () => {
    let affected = 0;
    const draw = new Rng(1);
    const sound = await newSound(1);
    const whole = sound.bench.files();
    for (const name of packsOf(sound.bench)) {
      for (let round = 0; round < (what === 'a bit flipped' ? 3 : 1); round += 1) {
        affected += await assertRepairs(sound, [spoil(sound.bench, name, draw)]);
        reset(sound.bench, whole);
      }
    }
    const isHarmless = what === 'the header gone' || what === 'the footer destroyed';
    assert.equal(affected > 0, !isHarmless, `${affected} files`);
  });
}

test('several packs damaged at once, encrypted or not', async () => {
  for (const [seed, password] of [
    [3, undefined],
    [4, 'secret'],
    [5, undefined],
    [6, 'secret'],
  ] as const) {
    const sound = await newSound(seed, { password });
    const draw = new Rng(seed);
    const names = packsOf(sound.bench).filter(() => draw.below(3) > 0);
    const kinds = Object.values(SPOILS);
    const spoilt = names.map((name) =>
      must(kinds[draw.below(kinds.length)], 'a kind')(sound.bench, name, draw),
    );
    assert.ok(spoilt.length > 1);
    await assertRepairs(sound, spoilt);
  }
});

test('a base is saved after the delta that rests on it', async () => {
  for (const seed of [1, 2, 3, 4]) {
    const draw = new Rng(seed);
    const base = text(draw, 40_000);
    const bench = new Workbench();
    bench.build([{ path: 'a', bytes: base }], '/v0');
    await packVersion(bench, 0);
    bench.build([{ path: 'b', bytes: edited(draw, base) }], '/v1');
    await packVersion(bench, 1);
    for (const name of packsOf(bench)) must(SPOILS['the footer destroyed'], 'a kind')(bench, name, draw);
    const { affected, salvagedBlocks } = await repaired(bench);
    assert.deepEqual([affected, salvagedBlocks], [[], 4]);
    assert.deepEqual((await bench.open((repository) => verify(repository, { data: true }))).damage, []);
  }
});

test('a base of deltas in sound packs is saved without getting deeper', async () => {
  const draw = new Rng(1);
  const base = text(draw, 40_000);
  const bench = new Workbench();
  bench.build(
    [
      { path: 'a', bytes: base },
      { path: 'z', bytes: noise(draw, 50_000) },
    ],
    '/v0',
  );
  await packVersion(bench, 0);
  const [first = ''] = packsOf(bench);
  bench.build(
    [
      { path: 'b', bytes: edited(draw, base) },
      { path: 'z', bytes: noise(draw, 50_000) },
    ],
    '/v1',
  );
  await packVersion(bench, 1);
  // A byte of the second file: the base is sound, its pack is taken apart.
  overwrite(bench, first, [30_000, 30_001]);
  const { affected } = await repaired(bench);
  assert.deepEqual(
    affected.map(({ path }) => path.slice(13)),
    ['z'],
  );
  const { damage } = await bench.open((repository) => verify(repository, { data: true }));
  assert.equal(damage.length, 1);
});

test('a sector the device does not give: the rest is saved', async () => {
  for (const where of ['record', 'footer'] as const) {
    const sound = await newSound(1);
    const { bench } = sound;
    const [name = ''] = packsOf(bench);
    const bytes = bytesOf(bench, name);
    const start = where === 'record' ? Math.floor(footerAt(bytes) / 2) : footerAt(bytes) + 1;
    const bad = { pack: name, start, end: start + 1 };
    const fs = withBadSector(bench.fs, pathOf(name), start);
    const ports = { ...bench.ports, fs };
    const { affected } = await onPorts(bench, ports, (repository) => repair(repository));
    assert.deepEqual(
      affected.map(({ path }) => path).sort(),
      affectedBy(sound, lostBlocks(sound, [bad])),
      where,
    );
  }
});

/** Reads over this byte of a file fail. */
function withBadSector(fs: FileSystem, path: string, at: number): FileSystem {
  const bad = new Set<number>();
  return replaced(fs, {
    open: (name, mode, permissions) => {
      const fd = fs.open(name, mode, permissions);
      if (String(name) === path) bad.add(fd);
      return fd;
    },
    read: (fd, into, range) => {
      const hit = bad.has(fd) && range.position <= at && at < range.position + range.length;
      if (hit) throw Object.assign(new RangeError('EIO: i/o error, read'), { code: 'EIO' });
      return fs.read(fd, into, range);
    },
    close: (fd) => {
      bad.delete(fd);
      fs.close(fd);
    },
  });
}

async function onPorts<T>(
  bench: Workbench,
  ports: Workbench['ports'],
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  const other = Object.assign(Object.create(bench) as Workbench, { ports });
  return other.open(work, 'exclusive');
}

test('a record that claims to be as large as a disk ends the salvage of a lost footer', async () => {
  const sound = await newSound(1);
  const { bench } = sound;
  const [name = ''] = packsOf(bench);
  const bytes = Buffer.from(bytesOf(bench, name));
  // Behind the last record, where the footer was, a length of 32 GiB.
  const cut = footerAt(bytes);
  writeFile(
    bench.fs,
    pathOf(name),
    Buffer.concat([
      bytes.subarray(0, cut),
      Buffer.from([255, 255, 255, 255, 127]),
      bytes.subarray(cut + 5, -20),
    ]),
  );
  assert.deepEqual((await repaired(bench)).affected, []);
});

test('a block that is not the one its footer names is not brought over', async () => {
  const bench = new Workbench();
  await bench.open(({ layout, lock, ports, sealer }) => {
    const writer = new PackWriter(ports.fs, layout.temporary(lock.writerId, 'forged'), sealer);
    for (const text of ['right', 'wrong']) {
      const payload = Buffer.from(text);
      const record = { type: RECORD_TYPES.block, codec: 'none', rawLength: 5, payload } as const;
      writer.append(record, { depth: 0, blocks: [{ id: sha256Hex(Buffer.from('right')), rawLength: 5 }] });
    }
    const { path, name } = writer.finish();
    ports.fs.rename(path, layout.pack(name));
  }, 'write');
  assert.equal((await repaired(bench)).salvagedBlocks, 1);
});

test('a dry run names the same and changes nothing', async () => {
  const sound = await newSound(1);
  const { bench } = sound;
  const [name = ''] = packsOf(bench);
  const middle = footerAt(bytesOf(bench, name)) >> 1;
  const spoilt = overwrite(bench, name, [middle, middle + 1]);
  const before = bench.hashes();
  const said = await repaired(bench, { dryRun: true });
  assert.deepEqual(bench.hashes(), before);
  assert.deepEqual(
    said.affected.map(({ path }) => path).sort(),
    affectedBy(sound, lostBlocks(sound, [spoilt])),
  );
  assert.deepEqual((await repaired(bench)).damagedPacks, said.damagedPacks);
});

test('a damaged snapshot is set aside, the others stay', async () => {
  const { bench, trees } = await newSound(1);
  const [id = ''] = trees.keys();
  writeFile(bench.fs, `${REPOSITORY}/snapshots/${id}`, 'damage');
  const said = await repaired(bench, { dryRun: true });
  assert.deepEqual([said.damagedSnapshots, said.affected.map(({ code }) => code)], [[id], ['DAMAGED']]);
  const { affected, damagedPacks, damagedSnapshots } = await repaired(bench);
  assert.deepEqual([affected, damagedPacks, damagedSnapshots], [[], [], [id]]);
  assert.equal(String(bench.files().get(`damaged/${id}.snapshot`)), 'damage');
  assert.deepEqual(
    await bench.open(({ snapshots }) => snapshots.diskIds()),
    [...trees.keys()].slice(1).sort(),
  );
});

test('a snapshot the device refuses once is not set aside', async () => {
  const { bench, trees } = await newSound(1);
  const [id = ''] = trees.keys();
  const path = `${REPOSITORY}/snapshots/${id}`;
  let refusals = 1;
  const fs = replaced(bench.fs, {
    open: (name, mode, permissions) => {
      if (name === path && refusals-- > 0)
        throw Object.assign(new Error('EIO: i/o error, open'), { code: 'EIO' });
      return bench.fs.open(name, mode, permissions);
    },
  });
  const { damagedSnapshots } = await onPorts(bench, { ...bench.ports, fs }, (repository) =>
    repair(repository),
  );
  assert.ok(refusals < 0);
  assert.deepEqual(damagedSnapshots, []);
  assert.ok(bench.files().has(`snapshots/${id}`));
});

test('what a newer Pilotfish wrote is not damage: refused, nothing is changed', async () => {
  const { bench, copies } = await newSound(1);
  const [name = ''] = packsOf(bench);
  // Version 2 in the header, and the name that goes with it.
  const bytes = Buffer.from(bytesOf(bench, name));
  bytes.writeUInt32LE(2, 8);
  bench.fs.unlink(pathOf(name));
  writeFile(bench.fs, pathOf(sha256Hex(bytes)), bytes);
  const before = bench.hashes();
  await assert.rejects(repaired(bench), { code: 'NEWER_VERSION' });
  assert.deepEqual(bench.hashes(), before);
  // A bit that makes the version another is damage.
  writeFile(bench.fs, pathOf(name), bytes);
  bench.fs.unlink(pathOf(sha256Hex(bytes)));
  assert.deepEqual((await repaired(bench)).affected, []);
  assert.ok(await bench.open(({ reader }) => [...copies.keys()].every((id) => reader.has(id))));
});

test('of more damage than anyone reads, the first part is listed and all is counted', async () => {
  const bench = new Workbench();
  const nowhere = rawCid(sha256Hex(Buffer.from('nowhere')));
  const files = (count: number) =>
    Array.from({ length: count }, (_, i) => [String(i).padStart(5, '0'), FILE, [7, nowhere]] as const);
  await forgeSnapshot(bench, ({ directory }) =>
    directory(['a', DIRECTORY, directory(...files(5000))], ['b', DIRECTORY, directory(...files(5050))]),
  );
  const { damage, damageCount } = await bench.open((repository) => verify(repository));
  assert.deepEqual([damage.length, damageCount], [10_000, 10_050]);
  const { affected, affectedCount } = await repaired(bench, { dryRun: true });
  assert.deepEqual([affected.length, affectedCount], [10_000, 10_050]);
});

test('nothing damaged: nothing is changed', async () => {
  const { bench } = await newSound(1);
  const before = bench.hashes();
  const nothing = {
    damagedPacks: [],
    damagedSnapshots: [],
    salvagedBlocks: 0,
    affected: [],
    affectedCount: 0,
  };
  assert.deepEqual(await repaired(bench), nothing);
  assert.deepEqual(bench.hashes(), before);
});

test('interrupted while it looks, nothing is changed', async () => {
  const { bench } = await newSound(1);
  overwrite(bench, must(packsOf(bench)[0], 'a pack'), [1000, 1001]);
  const before = bench.hashes();
  const stop = new AbortController();
  const onProgress = (): void => stop.abort();
  await assert.rejects(repaired(bench, { signal: stop.signal, onProgress }), { code: 'INTERRUPTED' });
  assert.deepEqual(bench.hashes(), before);
});
