import assert from 'node:assert/strict';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { PASSWORD, Workbench } from '../../../test/golden/workbench.ts';
import { text } from '../../../test/sim/file-bytes.ts';
import { temporaryFolder } from '../../../test/support.ts';
import { must, NodeFileSystem, Rng, sha256Hex } from '../../base/index.ts';
import { MemoryIndex } from '../index/index.ts';
import { Repository, type RepositoryPorts } from '../session/index.ts';
import { PackSet } from './pack-set.ts';

const FILES = 800;
const UNKNOWN = sha256Hex(Buffer.from('never stored'));

interface Place {
  readonly root: string;
  readonly index: string;
  readonly ports: RepositoryPorts;
  /** Content by id. */
  readonly contents: ReadonlyMap<string, Buffer>;
  readonly password: string | undefined;
}

/** A repository with two packs, made in memory and copied to a real disk, and what its data blocks hold. */
async function newPlace(owner: Parameters<typeof temporaryFolder>[0], password?: string): Promise<Place> {
  const root = temporaryFolder(owner);
  const bench = new Workbench({ password });
  const contents = new Map<string, Buffer>();
  for (const version of [1, 2]) {
    const sources = Array.from({ length: FILES / 2 }, (_, i) => {
      const bytes = Buffer.concat([Buffer.from(`${version} ${i}`), text(new Rng(i), 40)]);
      contents.set(sha256Hex(bytes), bytes);
      return { path: `${version}/${i}`, bytes };
    });
    bench.build(sources);
    await bench.pack();
  }
  for (const [name, bytes] of bench.files()) {
    mkdirSync(dirname(`${root}/${name}`), { recursive: true });
    writeFileSync(`${root}/${name}`, bytes);
  }
  const ports = { ...bench.ports, fs: new NodeFileSystem(), index: 'sqlite' } as const;
  const place = { root, index: `${root}/index.sqlite`, ports, contents, password };
  assert.equal(readdirSync(`${root}/store`).length, 2);
  new Repository({ path: root, password }, ports, 'read').close();
  return place;
}

/** Opens the repository as it is and checks every answer. */
function check({ root, ports, contents, password }: Place, what: string): void {
  const repository = new Repository({ path: root, password }, ports, 'read');
  try {
    assert.equal(repository.packs.locate(UNKNOWN), undefined, what);
    for (const [id, bytes] of contents) assert.ok(repository.reader.read(id).equals(bytes), `${what}: ${id}`);
    assert.equal(repository.reader.has(UNKNOWN), false, what);
  } finally {
    repository.close();
  }
}

test('a block is held or not, whether the table of its pack is still kept or only its place', async (t) => {
  for (const password of [undefined, PASSWORD]) {
    const place = await newPlace(t, password);
    const repository = new Repository({ path: place.root, password }, place.ports, 'read');
    t.after(() => repository.close());
    const { layout, sealer, ports } = repository;
    const openIndex = (): MemoryIndex => new MemoryIndex();
    // A cache of one byte keeps no table: every look-up after the first in a pack goes by the places of its ids.
    const deps = { fs: ports.fs, log: ports.log, layout, sealer, openIndex, tableCacheBytes: 1 };
    const packs = new PackSet(deps);
    const ids = [...place.contents.keys()];
    for (let round = 0; round < 2; round += 1) {
      // From both ends in turn, so that each look-up is in the other pack than the one before.
      for (let i = 0; i < 40; i += 1) assert.ok(packs.holds(must(ids.at(i % 2 === 0 ? i : -i), 'an id')));
      assert.equal(packs.holds(UNKNOWN), false);
    }
    packs.close();
  }
});

test('an index that is absent, empty, cut or something else is made again', async (t) => {
  const place = await newPlace(t);
  const whole = readFileSync(place.index);
  check(place, 'as it was written');
  const damages: Record<string, () => void> = {
    absent: () => rmSync(place.index),
    empty: () => truncateSync(place.index),
    'cut in the header': () => truncateSync(place.index, 50),
    'cut in the first page': () => truncateSync(place.index, 1000),
    'cut between pages': () => truncateSync(place.index, 8192),
    'cut within a page': () => truncateSync(place.index, whole.length - 100),
    text: () => writeFileSync(place.index, 'this is no database, whatever its name says. '.repeat(500)),
    zeros: () => writeFileSync(place.index, Buffer.alloc(whole.length)),
    'a directory': () => {
      rmSync(place.index);
      mkdirSync(place.index);
    },
  };
  for (const [what, damage] of Object.entries(damages)) {
    rmSync(place.index, { recursive: true, force: true });
    writeFileSync(place.index, whole);
    damage();
    check(place, what);
    if (what !== 'a directory')
      assert.equal(readFileSync(place.index, 'latin1').slice(0, 15), 'SQLite format 3', what);
  }
});

test('an index that is behind or ahead of the packs is brought up to them', async (t) => {
  const place = await newPlace(t);
  const index = readFileSync(place.index);
  const name = readdirSync(`${place.root}/store`).sort()[0] as string;
  const path = `${place.root}/store/${name}`;
  const bytes = readFileSync(path);
  rmSync(path);
  const repository = new Repository({ path: place.root }, place.ports, 'read');
  const left = [...place.contents.keys()].filter((id) => repository.reader.has(id));
  repository.close();
  assert.ok(left.length > 0 && left.length < FILES, 'what was in the pack that is gone is not found');
  writeFileSync(path, bytes);
  check(place, 'an index made before a pack appeared');
  writeFileSync(place.index, index);
  check(place, 'the index as it was');
});

test('every page of the index garbled in turn: blocks are found, never the wrong ones', async (t) => {
  for (const password of [undefined, PASSWORD]) {
    const place = await newPlace(t, password);
    const whole = readFileSync(place.index);
    const pageBytes = whole.readUInt16BE(16);
    const rng = new Rng(1);
    for (let at = 0; at < whole.length; at += pageBytes) {
      const damages = {
        noise: rng.bytes(pageBytes),
        zeros: Buffer.alloc(pageBytes),
        'another page': whole.subarray(0, pageBytes),
      };
      for (const [what, page] of Object.entries(damages)) {
        const garbled = Buffer.from(whole);
        page.copy(garbled, at);
        writeFileSync(place.index, garbled);
        check(place, `page ${at / pageBytes} is ${what}`);
      }
    }
  }
});

test('single bytes of the index changed: blocks are found, never the wrong ones', async (t) => {
  const place = await newPlace(t);
  const whole = readFileSync(place.index);
  const rng = new Rng(2);
  for (let i = 0; i < 60; i += 1) {
    const changed = Buffer.from(whole);
    // Headers of file and pages are where a byte matters most.
    const at = i % 2 === 0 ? rng.below(whole.length) : rng.below(whole.length >> 12) * 4096 + rng.below(120);
    changed[at] = rng.below(256);
    writeFileSync(place.index, changed);
    check(place, `byte ${at} is ${changed[at]}`);
  }
});

test('rows that lie are not believed', async (t) => {
  const place = await newPlace(t);
  const lies = [
    'UPDATE blocks SET place = place + 1',
    'UPDATE blocks SET place = place + 4194304',
    'UPDATE blocks SET place = -5',
    "UPDATE OR IGNORE blocks SET place = 'text'",
    'UPDATE OR IGNORE blocks SET place = 0.5',
    'DELETE FROM blocks',
    'DELETE FROM blocks WHERE key % 2 = 0',
    'UPDATE packs SET ordinal = 5 WHERE ordinal = 0',
    'UPDATE packs SET name = randomblob(32) WHERE ordinal = 0',
    "UPDATE packs SET name = ''",
    'DELETE FROM packs WHERE ordinal = 0',
    'DROP TABLE blocks',
    'DROP TABLE packs',
    'DELETE FROM meta',
  ];
  const whole = readFileSync(place.index);
  for (const lie of lies) {
    writeFileSync(place.index, whole);
    const db = new DatabaseSync(place.index);
    db.exec(lie);
    db.close();
    check(place, lie);
  }
});

test('the index of another repository is not used', async (t) => {
  const [place, other] = [await newPlace(t), await newPlace(t)];
  const config = readFileSync(`${other.root}/config`, 'utf8');
  writeFileSync(`${other.root}/config`, config.replace(/"id": "../, '"id": "00'));
  check(other, 'the repository itself');
  copyFileSync(other.index, place.index);
  check(place, 'with the index of the other');
});

test('a pack that does not read back is not taken in', async (t) => {
  const place = await newPlace(t);
  const repository = new Repository({ path: place.root }, place.ports, 'write');
  writeFileSync(`${place.root}/store/${UNKNOWN}.pack`, 'no pack');
  assert.throws(() => repository.packs.add(UNKNOWN), { code: 'TRUNCATED' });
  repository.close();
  check(place, 'beside a file that is no pack');
});
