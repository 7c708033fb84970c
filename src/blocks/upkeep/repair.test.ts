// Damage of every kind. What can be saved, and which files are affected, is worked out from the places of the records
// in the sound packs and the bytes that were spoilt, not by reading through the store.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replaced } from '../../../test/crash/watched.ts';
import { REPOSITORY, Workbench, type WorkbenchOptions } from '../../../test/golden/workbench.ts';
import { edited, text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { treeVersions } from '../../../test/sim/sources.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { readTree, type TreeState, treeDifferences } from '../../../test/sim/tree-state.ts';
import { exists, type FileSystem, KIB, MIB, must, Rng, sha256Hex } from '../../base/index.ts';
import { pack } from '../backup/index.ts';
import { walkTree } from '../browse/index.ts';
import { verify } from '../check/index.ts';
import { blockIdAt, type DeltaRecord, type PackTable, RECORD_TYPES } from '../pack/index.ts';
import type { Repository } from '../session/index.ts';
import { blockOf, fileBlocks, fileNodes } from '../tree/index.ts';
import { type RepairOptions, type RepairResult, repair } from './repair.ts';

const SIZES = { arenaBytes: 32 * MIB, resemblanceBytes: MIB / 4, packBytes: 40 * KIB };
const VERSIONS = 3;

/** Where a record lies, and what it rests on. */
interface Copy {
  readonly pack: string;
  readonly start: number;
  readonly end: number;
  readonly base: string | undefined;
}

/** One file or directory of a snapshot and the blocks that are its own. */
interface Item {
  readonly path: string;
  readonly blocks: readonly string[];
  /** Blocks of the directories above it: without them nobody can know of it. */
  readonly above: readonly string[];
}

/** A repository while it is sound. */
interface Sound {
  readonly bench: Workbench;
  readonly trees: ReadonlyMap<string, TreeState>;
  readonly copies: ReadonlyMap<string, readonly Copy[]>;
  readonly items: readonly Item[];
}

async function newSound(seed: number, options: WorkbenchOptions = {}): Promise<Sound> {
  const bench = new Workbench({ seed, sizes: SIZES, ...options });
  const trees = new Map<string, TreeState>();
  const versions = treeVersions(new Rng(seed), VERSIONS, { files: 14, maxFileBytes: 40_000 });
  for (const [i, sources] of versions.entries()) {
    // Every version stays on disk: directories have the time they were made.
    bench.build([...sources, { path: 'several', bytes: noise(new Rng(seed), 200_000) }], `/v${i}`);
    const id = await packVersion(bench, i);
    trees.set(id, readTree(bench.fs, `/v${i}`));
  }
  const { copies, items } = await bench.open((repository) => ({
    copies: copiesOf(repository),
    items: repository.snapshots
      .list((error) => assert.fail(error))
      .flatMap((one) => itemsOf(repository, one)),
  }));
  return { bench, trees, copies, items };
}

async function packVersion(bench: Workbench, number: number): Promise<string> {
  bench.clock.advance(60_000);
  const paths = [Buffer.from(`/v${number}`)];
  const { snapshot } = await bench.open((repository) => pack(repository, { paths, readAll: true }), 'write');
  return must(snapshot, 'a snapshot');
}

function copiesOf({ packs }: Repository): Map<string, Copy[]> {
  const copies = new Map<string, Copy[]>();
  for (const name of packs.packNames()) {
    const table = packs.table(name);
    for (let block = 0; block < table.blockCount; block++) {
      const record = must(table.recordOf[block], 'a record');
      const [start, end] = [
        must(table.offsets[record], 'a start'),
        must(table.offsets[record + 1], 'an end'),
      ];
      const id = blockIdAt(table, block);
      const isDelta = table.types[record] === RECORD_TYPES.delta;
      const base = isDelta ? baseOf(packs.record(name, record) as DeltaRecord, table, record) : undefined;
      copies.set(id, [...(copies.get(id) ?? []), { pack: name, start, end, base }]);
    }
  }
  return copies;
}

function baseOf({ base }: DeltaRecord, table: PackTable, record: number): string {
  if (base.kind === 'id') return base.id;
  return blockIdAt(table, must(table.firstBlock[record - base.distance], 'a base') + base.slot);
}

function itemsOf(
  { reader }: Repository,
  { id, root }: { id: string; root: Parameters<typeof blockOf>[0] },
): Item[] {
  const label = `${id.slice(0, 12)}:`;
  const read = (block: string): Uint8Array => reader.read(block);
  const rootId = blockOf(root).id;
  const nodes = new Map([['', [rootId]]]);
  const items: Item[] = [{ path: label, blocks: [rootId], above: [] }];
  for (const { path, entry } of walkTree(root, read)) {
    const name = path.toString('latin1');
    const above = must(nodes.get(name.slice(0, Math.max(0, name.lastIndexOf('/')))), 'parents come first');
    if (entry.type === 'directory') {
      const own = [blockOf(entry.node).id];
      nodes.set(name, [...above, ...own]);
      items.push({ path: label + path.toString(), blocks: own, above });
    } else if (entry.type === 'file') {
      const blocks = [
        ...fileNodes(entry.content, read),
        ...[...fileBlocks(entry, read)].map((one) => one.id),
      ];
      items.push({ path: label + path.toString(), blocks, above });
    }
  }
  return items;
}

/** Bytes of one pack that are not what they were: from `start` up to `end`. */
interface Spoilt {
  readonly pack: string;
  readonly start: number;
  readonly end: number;
}

/** Blocks of which no copy can be decoded any more. */
function lostBlocks({ copies }: Sound, spoilt: readonly Spoilt[]): Set<string> {
  const known = new Map<string, boolean>();
  const isIntact = ({ pack: name, start, end }: Copy): boolean =>
    !spoilt.some((bytes) => bytes.pack === name && bytes.start < end && start < bytes.end);
  const isThere = (id: string): boolean => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const there = (copies.get(id) ?? []).some(
      (copy) => isIntact(copy) && (copy.base === undefined || isThere(copy.base)),
    );
    known.set(id, there);
    return there;
  };
  return new Set([...copies.keys()].filter((id) => !isThere(id)));
}

/** What must be named: each file or directory that lost a block, unless a directory above it is lost already. */
function affectedBy({ items }: Sound, lost: ReadonlySet<string>): string[] {
  return items
    .filter(({ blocks, above }) => blocks.some((id) => lost.has(id)) && !above.some((id) => lost.has(id)))
    .map(({ path }) => path)
    .sort();
}

const packsOf = (bench: Workbench): string[] =>
  [...bench.files().keys()].flatMap((name) => (name.startsWith('store/') ? name.slice(6, 70) : []));
const pathOf = (name: string): string => `${REPOSITORY}/store/${name}.pack`;
const bytesOf = (bench: Workbench, name: string): Buffer =>
  must(bench.files().get(`store/${name}.pack`), 'a pack');

const repaired = (bench: Workbench, options: RepairOptions = {}): Promise<RepairResult> =>
  bench.open((repository) => repair(repository, options), 'exclusive');

/** Makes the repository what it was. */
function reset(bench: Workbench, whole: ReadonlyMap<string, Buffer>): void {
  for (const [name, bytes] of bench.files()) {
    const was = whole.get(name);
    if (was === undefined) bench.fs.unlink(`${REPOSITORY}/${name}`);
    else if (!was.equals(bytes)) writeFile(bench.fs, `${REPOSITORY}/${name}`, was);
  }
  for (const [name, bytes] of whole)
    if (!exists(bench.fs, `${REPOSITORY}/${name}`)) writeFile(bench.fs, `${REPOSITORY}/${name}`, bytes);
}

/** Spoils bytes of one pack; what was spoilt. */
type Spoil = (bench: Workbench, name: string, rng: Rng) => Spoilt;

const END = Number.MAX_SAFE_INTEGER;

function overwrite(bench: Workbench, name: string, [start, end]: [number, number]): Spoilt {
  const bytes = Buffer.from(bytesOf(bench, name));
  for (let at = start; at < end; at += 1) bytes[at] = (bytes[at] as number) ^ 0x5a;
  writeFile(bench.fs, pathOf(name), bytes);
  return { pack: name, start, end };
}

/** The number of bytes before the footer: its offset stands in the trailer. */
const footerAt = (bytes: Buffer): number => Number(bytes.readBigUInt64LE(bytes.length - 16));

const SPOILS: Record<string, Spoil> = {
  'a bit flipped': (bench, name, rng) => {
    const at = rng.below(bytesOf(bench, name).length);
    return overwrite(bench, name, [at, at + 1]);
  },
  'a sector of noise': (bench, name, rng) => {
    // Behind the footer's beginning the records are all there.
    const length = footerAt(bytesOf(bench, name));
    const start = rng.below(Math.max(1, length - 600));
    return overwrite(bench, name, [start, Math.min(length, start + 512)]);
  },
  'the header gone': (bench, name) => overwrite(bench, name, [0, 16]),
  'the footer destroyed': (bench, name) => {
    const bytes = bytesOf(bench, name);
    return overwrite(bench, name, [footerAt(bytes), bytes.length]);
  },
  'the end cut off': (bench, name, rng) => {
    const bytes = bytesOf(bench, name);
    const start = rng.below(bytes.length);
    writeFile(bench.fs, pathOf(name), bytes.subarray(0, start));
    return { pack: name, start, end: END };
  },
  'an empty file': (bench, name) => {
    writeFile(bench.fs, pathOf(name), '');
    return { pack: name, start: 0, end: END };
  },
  gone: (bench, name) => {
    bench.fs.unlink(pathOf(name));
    return { pack: name, start: 0, end: END };
  },
};

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

test('a dry run names the same and changes nothing', async () => {
  const sound = await newSound(1);
  const { bench } = sound;
  const [name = ''] = packsOf(bench);
  const spoilt = overwrite(bench, name, [5000, 5001]);
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

test('nothing damaged: nothing is changed', async () => {
  const { bench } = await newSound(1);
  const before = bench.hashes();
  const nothing = { damagedPacks: [], damagedSnapshots: [], salvagedBlocks: 0, affected: [] };
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
