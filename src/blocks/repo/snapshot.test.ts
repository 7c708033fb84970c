import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as dagCbor from '@ipld/dag-cbor';
import fc from 'fast-check';
import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import {
  hasCode,
  type Log,
  makeDirectories,
  type PilotfishError,
  Rng,
  readSmallFile,
  seededBytes,
  sha256Hex,
} from '../../base/index.ts';
import { AesGcmSealer, plainSealer, type Sealer } from '../seal/index.ts';
import { Layout } from './layout.ts';
import { type Snapshot, SnapshotStore, type StoredSnapshot } from './snapshot.ts';

const layout = new Layout('/repository');
const ROOT = CID.createV1(dagCbor.code, createDigest(0x12, new Uint8Array(32).fill(7)));
const SNAPSHOT: Snapshot = {
  version: 1,
  root: ROOT,
  timeMs: 1_700_000_000_000,
  host: 'host',
  tags: ['daily'],
  paths: [new Uint8Array(Buffer.from('/source'))],
  files: 3,
  bytes: 1000,
  errors: 0,
};

class Room {
  readonly fs = new SimFileSystem();
  readonly store: SnapshotStore;
  readonly sealer: Sealer;

  constructor(sealer: Sealer = plainSealer, log?: Log) {
    for (const path of layout.directories) makeDirectories(this.fs, path);
    this.sealer = sealer;
    this.store = new SnapshotStore(this.fs, layout, sealer, log);
  }

  add(change: Partial<Snapshot> = {}): StoredSnapshot {
    return this.store.add({ ...SNAPSHOT, ...change }, 'writer');
  }

  /** Puts a file in place under the name its bytes deserve. */
  forge(value: unknown): string {
    const bytes = value instanceof Uint8Array ? value : dagCbor.encode(value);
    const diskId = this.sealer.diskId(sha256Hex(bytes));
    writeFile(this.fs, layout.snapshot(diskId), this.sealer.seal(bytes, 'snapshot'));
    return diskId;
  }

  list(): { ids: string[]; damage: PilotfishError[] } {
    const damage: PilotfishError[] = [];
    return { ids: this.store.list((error) => damage.push(error)).map(({ id }) => id), damage };
  }
}

const newSealer = (): Sealer => new AesGcmSealer(Buffer.alloc(32, 3), seededBytes(1));

test('a snapshot reads back as it was added', () => {
  const anySnapshot = fc.record(
    {
      version: fc.constant(1 as const),
      root: fc
        .uint8Array({ minLength: 32, maxLength: 32 })
        .map((bytes) => CID.createV1(dagCbor.code, createDigest(0x12, new Uint8Array(bytes)))),
      timeMs: fc.integer({ min: -8.64e15, max: 8.64e15 }),
      host: fc.string({ unit: 'grapheme' }),
      tags: fc.array(fc.string(), { maxLength: 3 }),
      paths: fc.array(
        fc.uint8Array({ maxLength: 20 }).map((path) => new Uint8Array(path)),
        { maxLength: 3 },
      ),
      files: fc.maxSafeNat(),
      bytes: fc.maxSafeNat(),
      errors: fc.maxSafeNat(),
    },
    { noNullPrototype: true },
  );
  for (const sealer of [plainSealer, newSealer()]) {
    fc.assert(
      fc.property(anySnapshot, (snapshot) => {
        const room = new Room(sealer);
        const { id } = room.add(snapshot);
        assert.deepEqual(room.store.resolve(id), { ...snapshot, id });
        assert.equal(id, sha256Hex(dagCbor.encode(snapshot)));
      }),
      { seed: 1, numRuns: 60 },
    );
  }
});

test('the written form is frozen', () => {
  const { id } = new Room().add();
  assert.equal(id, '1674aefcc0d2ad61e1fb841e3c5fb6e2f52ba385b9090b7dfbc94ec2a9199546');
});

test('names on disk are HMACs where the repository is encrypted', () => {
  const room = new Room(newSealer());
  const { id } = room.add();
  const [name] = room.fs.readDirectory(layout.snapshots).map(String);
  assert.equal(name, room.sealer.diskId(id));
  assert.notEqual(name, id);
  const bytes = readSmallFile(room.fs, layout.snapshot(name as string), 1e6);
  assert.equal(bytes.indexOf('source'), -1);
});

test('snapshots are listed by time', () => {
  const room = new Room();
  const times = [5, 3, 9, 1, 3].map(
    (timeMs, i) => [timeMs, room.add({ timeMs, tags: [`${i}`] }).id] as const,
  );
  const expected = times.sort(([a, idA], [b, idB]) => a - b || (idA < idB ? -1 : 1)).map(([, id]) => id);
  assert.deepEqual(room.list(), { ids: expected, damage: [] });
  assert.equal(room.store.resolve('latest').id, expected.at(-1));
});

test('latest says when a snapshot that cannot be read may have been newer', () => {
  const said: string[] = [];
  const room = new Room(plainSealer, { write: (_, message) => void said.push(message) });
  const { id } = room.add({ timeMs: 1 });
  room.forge(Buffer.from('no snapshot'));
  assert.equal(room.store.resolve(id).id, id);
  assert.deepEqual(said, []);
  assert.equal(room.store.resolve('latest').id, id);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', new RegExp(`^latest is ${id.slice(0, 12)}, .*; another one cannot: DAMAGED: `));
});

test('a snapshot is named by its id or the beginning of it', () => {
  const room = new Room();
  const { id } = room.add();
  for (const digits of [64, 63, 12, 4]) assert.equal(room.store.resolve(id.slice(0, digits)).id, id);
  const unknown = [
    '',
    id.slice(0, 3),
    id.toUpperCase(),
    `${id}0`,
    '0000',
    'latest ',
    'LATEST',
    '../x',
    id.slice(1),
    'zzzz',
  ];
  for (const name of unknown) {
    assert.throws(() => room.store.resolve(name), { code: 'NO_SNAPSHOT' }, name);
  }
});

test('a beginning that fits two is refused', () => {
  const room = new Room();
  const ids = Array.from({ length: 800 }, (_, i) => room.add({ timeMs: i }).id);
  const pair = ids.flatMap((id) =>
    ids
      .filter((other) => other !== id && other.startsWith(id.slice(0, 4)))
      .map((other) => [id, other] as const),
  )[0];
  assert.ok(pair !== undefined, 'two of 800 share four digits');
  assert.throws(() => room.store.resolve(pair[0].slice(0, 4)), { code: 'AMBIGUOUS', message: /2 snapshots/ });
  assert.equal(room.store.resolve(pair[0]).id, pair[0]);
});

test('no snapshot at all is said so', () => {
  const room = new Room();
  assert.deepEqual(room.list(), { ids: [], damage: [] });
  assert.throws(() => room.store.resolve('latest'), { code: 'NO_SNAPSHOT' });
});

test('a damaged snapshot is named, and the others stay readable', () => {
  for (const sealer of [plainSealer, newSealer()]) {
    const room = new Room(sealer);
    const good = room.add({ timeMs: 1 });
    const bad = room.add({ timeMs: 2 });
    const path = layout.snapshot(sealer.diskId(bad.id));
    const bytes = readSmallFile(room.fs, path, 1e6);
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 0x10;
      writeFile(room.fs, path, changed);
      const { ids, damage } = room.list();
      assert.deepEqual(ids, [good.id], `byte ${at}`);
      assert.deepEqual(
        damage.map(({ code }) => code),
        [sealer.encrypted ? 'TAMPERED' : 'DAMAGED'],
      );
    }
    for (let length = 0; length < bytes.length; length += 1) {
      writeFile(room.fs, path, bytes.subarray(0, length));
      assert.deepEqual(room.list().ids, [good.id], `${length} bytes`);
    }
    assert.equal(room.store.resolve(good.id).id, good.id);
    assert.throws(
      () => room.store.resolve(bad.id),
      (error) => hasCode(error, 'TAMPERED', 'DAMAGED'),
    );
  }
});

test('one snapshot does not pass for another', () => {
  for (const sealer of [plainSealer, newSealer()]) {
    const room = new Room(sealer);
    const [a, b] = [room.add({ timeMs: 1 }), room.add({ timeMs: 2 })].map(({ id }) =>
      layout.snapshot(sealer.diskId(id)),
    ) as [string, string];
    writeFile(room.fs, a, readSmallFile(room.fs, b, 1e6));
    assert.deepEqual(
      room.list().damage.map(({ code }) => code),
      ['DAMAGED'],
    );
  }
});

test('values that are no snapshot are refused', () => {
  const wrong: readonly unknown[] = [
    null,
    7,
    [],
    {},
    'text',
    new Rng(1).bytes(100),
    Buffer.alloc(0),
    Buffer.alloc(100_000, 0x81),
    ...[
      { version: 0 },
      { version: '1' },
      { root: 'bafy' },
      { root: null },
      { timeMs: 1.5 },
      { timeMs: 'now' },
      { host: 7 },
      { tags: 'daily' },
      { tags: [7] },
      { paths: ['text'] },
      { paths: null },
      { files: -1 },
      { bytes: 1.5 },
      { errors: null },
    ].map((change) => ({ ...SNAPSHOT, ...change })),
  ];
  for (const value of wrong) {
    const room = new Room();
    const diskId = room.forge(value);
    assert.throws(() => room.store.read(diskId), {
      name: 'PilotfishError',
      code: 'DAMAGED',
      path: layout.snapshot(diskId),
    });
  }
});

test('a snapshot of a newer version says so', () => {
  const room = new Room();
  const diskId = room.forge({ version: 2, anything: 'else' });
  assert.throws(() => room.store.read(diskId), { code: 'NEWER_VERSION' });
});

test('other files in the directory are let be', () => {
  const room = new Room();
  const { id } = room.add();
  for (const name of ['README', '.DS_Store', `${id}.bak`, id.slice(1), id.toUpperCase()]) {
    writeFile(room.fs, layout.snapshot(name), 'x');
  }
  assert.deepEqual(room.list(), { ids: [id], damage: [] });
});
