// The index is a cache on a real disk: whatever becomes of it, the repository opens, restores and takes snapshots,
// and no block is taken for stored that is not.
import assert from 'node:assert/strict';
import * as nodeFs from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'node:test';
import { type FileSystem, must, Rng } from '../../src/base/index.ts';
import { type PackResult, type RepositoryPorts, restore, verify } from '../../src/blocks/index.ts';
import { SimFileSystem } from '../sim/disk.ts';
import { text } from '../sim/file-bytes.ts';
import { noise } from '../sim/noise.ts';
import { buildTree, type Source } from '../sim/tree.ts';
import { readTree, type TreeState, treeDifferences } from '../sim/tree-state.ts';
import { temporaryFolder } from '../support.ts';
import { sourceState } from './checks.ts';
import { replaced } from './watched.ts';
import { opened, packSource, SOURCE, World } from './world.ts';

const folder = temporaryFolder(test);
const repository = join(folder, 'repository');
const index = join(repository, 'index.sqlite');
const journal = `${index}-journal`;

/** Everything is simulated but the index and what lies beside it. */
function portsOf(world: World): RepositoryPorts {
  const { disk } = world;
  const unlink: FileSystem['unlink'] = (path) =>
    String(path).startsWith(index) ? nodeFs.unlinkSync(path) : disk.unlink(path);
  return { ...world.ports(world.start(), replaced(disk, { unlink })), index: 'sqlite' };
}

/** Enough small files for an index of several pages. */
function manyFiles(seed: number): Source[] {
  const rng = new Rng(seed);
  const small = Array.from({ length: 400 }, (_, i) => ({
    path: `${seed}/${i % 7}/${i}.ts`,
    bytes: text(rng, 40 + rng.below(60)),
  }));
  return [...small, { path: `${seed}/big.gz`, bytes: noise(rng, 100_000) }];
}

function clearIndex(): void {
  for (const name of nodeFs.readdirSync(repository)) {
    nodeFs.rmSync(join(repository, name), { recursive: true, force: true });
  }
}

async function packNow(world: World): Promise<PackResult> {
  world.clock.advance(60_000);
  return packSource(portsOf(world), {}, repository);
}

interface Prepared {
  readonly world: World;
  readonly states: readonly TreeState[];
  /** The index after each snapshot. */
  readonly indexes: readonly Buffer[];
}

/** Two snapshots, and a source that has changed since. */
async function prepare(seeds: readonly [number, number, number]): Promise<Prepared> {
  nodeFs.mkdirSync(repository, { recursive: true });
  clearIndex();
  const world = new World(new SimFileSystem());
  const [states, indexes]: [TreeState[], Buffer[]] = [[], []];
  for (const seed of seeds.slice(0, 2)) {
    buildTree(world.disk, SOURCE, manyFiles(seed));
    states.push(sourceState(world.disk));
    await packNow(world);
    indexes.push(nodeFs.readFileSync(index));
  }
  buildTree(world.disk, SOURCE, manyFiles(seeds[2]));
  return { world, states: [...states, sourceState(world.disk)], indexes };
}

const prepared = await prepare([1, 2, 3]);
const [stale, good] = [must(prepared.indexes[0], 'stale'), must(prepared.indexes[1], 'good')];
const stranger = must((await prepare([4, 5, 6])).indexes[1], 'of another repository');
/** What a run adds when nothing is wrong with the index. */
const undisturbed = await run(() => nodeFs.writeFileSync(index, good));

/** Puts an index in place; the next command is `pack`. */
async function packFirst(place: () => void): Promise<PackResult> {
  clearIndex();
  place();
  return packOn(prepared.world.fork(new Rng(1)));
}

/** The same with a `verify` and a restore before. */
async function run(place: () => void): Promise<PackResult> {
  clearIndex();
  place();
  const world = prepared.world.fork(new Rng(1));
  await assertSound(world, prepared.states.slice(0, 2));
  return packOn(world);
}

async function packOn(world: World): Promise<PackResult> {
  const result = await packNow(world);
  assert.deepEqual(result.errors, []);
  await assertSound(world, prepared.states);
  return result;
}

async function assertSound(world: World, states: readonly TreeState[]): Promise<void> {
  const ports = portsOf(world);
  const check = async (repository: Parameters<typeof verify>[0]): Promise<void> => {
    const found = repository.snapshots.list((error) => assert.fail(error));
    assert.equal(found.length, states.length);
    // The newest tree holds what the others hold, and verify reads every block.
    const target = `/restored/${states.length}`;
    const { errors } = await restore(repository, { snapshot: 'latest', target, owners: true });
    assert.deepEqual(errors, []);
    assert.deepEqual(treeDifferences(must(states.at(-1), 'a state'), readTree(world.disk, target)), []);
    // Last: what it has read a restore would find in memory, past the index.
    assert.deepEqual((await verify(repository, { data: true })).damage, []);
  };
  await opened(ports, 'read', check, repository);
}

/** The index with some bytes replaced. */
function garbled(edit: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(good);
  edit(copy);
  return copy;
}

const PAGE_BYTES = 4096;
const pages = good.length / PAGE_BYTES;
const put = (bytes: Uint8Array) => () => nodeFs.writeFileSync(index, bytes);

test('the index used here has many pages', () => {
  assert.ok(Number.isInteger(pages) && pages >= 8, `${pages} pages`);
});

test('absent', async () => {
  const result = await run(() => undefined);
  assert.equal(result.newBlocks, undisturbed.newBlocks, 'nothing is stored twice');
});

test('stale: an older copy put back', async () => {
  const result = await run(put(stale));
  assert.equal(result.newBlocks, undisturbed.newBlocks);
});

test('of another repository', async () => {
  const result = await run(put(stranger));
  assert.equal(result.newBlocks, undisturbed.newBlocks);
});

test('cut', async () => {
  const lengths = [
    0,
    1,
    15,
    16,
    50,
    99,
    100,
    101,
    512,
    1024,
    4095,
    4096,
    4097,
    8192,
    good.length >> 1,
    good.length - 1,
  ];
  for (const length of lengths) {
    const result = await packFirst(put(good.subarray(0, length)));
    // A few blocks may be stored twice before the first read says that the index lacks something.
    assert.ok(result.newBlocks <= undisturbed.newBlocks + 8, `cut at ${length}: ${result.newBlocks}`);
  }
});

test('each page in turn zeroed, or put in the place of another', async () => {
  const rng = new Rng(5);
  for (let page = 0; page < pages; page += 1) {
    await run(put(garbled((copy) => copy.fill(0, page * PAGE_BYTES, (page + 1) * PAGE_BYTES))));
    const other = rng.below(pages) * PAGE_BYTES;
    await packFirst(
      put(garbled((copy) => copy.set(good.subarray(other, other + PAGE_BYTES), page * PAGE_BYTES))),
    );
  }
});

test('garbled at random', async () => {
  for (let seed = 0; seed < 16; seed += 1) {
    const rng = new Rng(seed);
    const bytes = garbled((copy) => {
      for (let left = 1 + rng.below(8); left > 0; left -= 1) {
        copy.set(noise(rng, 1 + rng.below(64)), rng.below(copy.length - 64));
      }
    });
    await packFirst(put(bytes));
  }
});

/** Runs SQL on the index in place. */
function sql(text: string): () => void {
  return () => {
    nodeFs.writeFileSync(index, good);
    const db = new DatabaseSync(index);
    db.exec(text);
    db.close();
  };
}

test('well-formed and wrong: places, packs and tables that are not what they should be', async () => {
  const wrongs = [
    'UPDATE OR REPLACE blocks SET place = place + 1',
    'UPDATE OR REPLACE blocks SET place = place + 4194304',
    'UPDATE OR REPLACE blocks SET place = -1',
    'UPDATE OR REPLACE blocks SET place = 9223372036854775807',
    "UPDATE OR REPLACE blocks SET place = 'somewhere'",
    "UPDATE OR REPLACE blocks SET place = x'00ff'",
    'DELETE FROM blocks',
    'DELETE FROM packs',
    'DELETE FROM packs WHERE ordinal = 0',
    'UPDATE packs SET ordinal = ordinal + 1000',
    'UPDATE packs SET ordinal = -ordinal',
    'UPDATE packs SET name = 5',
    "UPDATE packs SET name = x'00'",
    'DROP TABLE blocks',
    'DROP TABLE packs',
    'DROP TABLE meta',
    'DROP TABLE blocks; CREATE TABLE blocks (other TEXT)',
    'DROP TABLE packs; CREATE VIEW packs AS SELECT 1 AS ordinal, 2 AS name',
    'PRAGMA journal_mode = WAL',
    'PRAGMA user_version = 99',
    "CREATE TRIGGER bad BEFORE INSERT ON blocks BEGIN SELECT RAISE(FAIL, 'no'); END",
    'CREATE TRIGGER worse AFTER INSERT ON packs BEGIN DELETE FROM blocks; END',
  ];
  for (const wrong of wrongs) {
    try {
      await packFirst(sql(wrong));
    } catch (cause) {
      throw new Error(wrong, { cause });
    }
  }
});

test('a directory, a link to nowhere, or text in its place', async () => {
  await run(() => nodeFs.mkdirSync(index));
  await run(() => {
    nodeFs.mkdirSync(index);
    nodeFs.writeFileSync(join(index, 'file'), 'in it');
  });
  await run(() => nodeFs.symlinkSync(join(folder, 'none', 'where'), index));
  await run(put(Buffer.from('not a database\n'.repeat(1000))));
});

test('a writer died in a transaction: its journal is rolled back', async () => {
  // Copies of database and journal in mid-transaction, with the page cache too small to hold it back.
  nodeFs.rmSync(join(folder, 'hot'), { recursive: true, force: true });
  nodeFs.mkdirSync(join(folder, 'hot'));
  const hot = join(folder, 'hot', 'index.sqlite');
  nodeFs.writeFileSync(hot, good);
  const db = new DatabaseSync(hot);
  db.exec('PRAGMA cache_size = 1; BEGIN IMMEDIATE; UPDATE OR REPLACE blocks SET place = place + 7');
  const [halfDone, hotJournal] = [nodeFs.readFileSync(hot), nodeFs.readFileSync(`${hot}-journal`)];
  db.close();
  assert.notDeepEqual(halfDone, good);
  const both = (database: Uint8Array, log: Uint8Array) => () => {
    nodeFs.writeFileSync(index, database);
    nodeFs.writeFileSync(journal, log);
  };
  const result = await run(both(halfDone, hotJournal));
  assert.equal(result.newBlocks, undisturbed.newBlocks);
  // Its journal beside another database, cut, garbled, or lost.
  await run(both(stale, hotJournal));
  await run(both(stranger, hotJournal));
  await run(both(halfDone, hotJournal.subarray(0, hotJournal.length >> 1)));
  await run(both(halfDone, noise(new Rng(1), 5000)));
  await run(both(good, noise(new Rng(2), 5000)));
  await run(put(halfDone));
  await run(() => {
    nodeFs.writeFileSync(index, good);
    nodeFs.mkdirSync(journal);
  });
});

test('held by another process for longer than anyone waits', async () => {
  clearIndex();
  nodeFs.writeFileSync(index, good);
  const db = new DatabaseSync(index);
  db.exec('BEGIN EXCLUSIVE');
  const world = prepared.world.fork(new Rng(1));
  const result = await packNow(world);
  db.close();
  assert.equal(result.newBlocks, undisturbed.newBlocks);
  await assertSound(world, prepared.states);
});

test('read-only, seen by someone who is not root', async (t) => {
  const { seteuid, geteuid } = process;
  if (seteuid === undefined || geteuid?.() !== 0) return t.skip('needs root, who can become someone else');
  nodeFs.chmodSync(folder, 0o755);
  const become = (uid: number) => seteuid.call(process, uid);
  try {
    await run(() => {
      nodeFs.writeFileSync(index, good, { mode: 0o444 });
      nodeFs.chmodSync(repository, 0o555);
      become(65534);
    });
  } finally {
    become(0);
    nodeFs.chmodSync(repository, 0o755);
  }
});
