import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support.ts';
import { Rng, seededBytes } from '../../base/index.ts';
import { AesGcmSealer, plainSealer } from '../seal/index.ts';
import { isBusy, SqliteIndex } from './sqlite-index.ts';

const REPOSITORY = 'ab'.repeat(16);
const rng = new Rng(1);
const IDS = Array.from({ length: 20_000 }, () => rng.bytes(32).toString('hex'));
const NAMES = IDS.slice(0, 5);

test('what was added is there when it is opened again', (t) => {
  const path = `${temporaryFolder(t)}/index.sqlite`;
  const first = new SqliteIndex(path, REPOSITORY, plainSealer);
  first.addPack(NAMES[0] as string, IDS.slice(0, 100));
  first.close();
  const second = new SqliteIndex(path, REPOSITORY, plainSealer);
  assert.deepEqual(second.packNames(), NAMES.slice(0, 1));
  assert.deepEqual(second.find(IDS[42] as string), [{ pack: 0, block: 42 }]);
  second.close();
});

test('a block takes few bytes on disk', (t) => {
  const path = `${temporaryFolder(t)}/index.sqlite`;
  const index = new SqliteIndex(path, REPOSITORY, plainSealer);
  for (let pack = 0; pack < 4; pack += 1)
    index.addPack(NAMES[pack] as string, IDS.slice(pack * 5000, pack * 5000 + 5000));
  index.close();
  const bytes = statSync(path).size / IDS.length;
  assert.ok(bytes < 26, `${bytes} bytes a block`);
});

test('the index of another repository or version is refused', (t) => {
  const path = `${temporaryFolder(t)}/index.sqlite`;
  new SqliteIndex(path, REPOSITORY, plainSealer).close();
  assert.throws(() => new SqliteIndex(path, 'cd'.repeat(16), plainSealer), { code: 'DAMAGED' });
  const db = new DatabaseSync(path);
  db.exec(`UPDATE meta SET value = '999 ${REPOSITORY}'`);
  db.close();
  assert.throws(() => new SqliteIndex(path, REPOSITORY, plainSealer), { code: 'DAMAGED' });
});

test('two writers of one index add to the same list of packs', (t) => {
  const path = `${temporaryFolder(t)}/index.sqlite`;
  const [a, b] = [1, 2].map(() => new SqliteIndex(path, REPOSITORY, plainSealer)) as [
    SqliteIndex,
    SqliteIndex,
  ];
  a.addPack(NAMES[0] as string, IDS.slice(0, 10));
  b.addPack(NAMES[1] as string, IDS.slice(10, 20));
  b.addPack(NAMES[0] as string, IDS.slice(0, 10));
  a.addPack(NAMES[2] as string, IDS.slice(20, 30));
  for (const index of [a, b]) {
    assert.deepEqual(index.packNames(), NAMES.slice(0, 3));
    for (let i = 0; i < 30; i += 1) {
      assert.deepEqual(index.find(IDS[i] as string), [{ pack: Math.floor(i / 10), block: i % 10 }]);
    }
    index.close();
  }
});

test('a pack that cannot be added whole is not added at all', () => {
  const index = new SqliteIndex(':memory:', REPOSITORY, {
    ...plainSealer,
    encrypted: true,
    seal: (plain) => {
      if (Buffer.from(plain).readDoubleLE(0) === 3) throw new RangeError('no');
      return Buffer.from(plain);
    },
  });
  assert.throws(() => index.addPack(NAMES[0] as string, IDS.slice(0, 10)), RangeError);
  assert.deepEqual(index.packNames(), []);
  assert.deepEqual(index.find(IDS[0] as string), []);
  index.close();
});

test('sealed places show nothing and cannot be forged', (t) => {
  const path = `${temporaryFolder(t)}/index.sqlite`;
  const sealer = new AesGcmSealer(Buffer.alloc(32, 5), seededBytes(1));
  const index = new SqliteIndex(path, REPOSITORY, sealer);
  index.addPack(NAMES[0] as string, IDS.slice(0, 5));
  const db = new DatabaseSync(path);
  const rows = db.prepare('SELECT place FROM blocks').all();
  assert.equal(new Set(rows.map(({ place }) => Buffer.from(place as Uint8Array).toString('hex'))).size, 5);
  for (const { place } of rows) assert.equal((place as Uint8Array).length, 8 + sealer.overheadBytes);
  db.prepare('UPDATE blocks SET place = ?').run(Buffer.alloc(36));
  db.close();
  assert.throws(() => index.find(IDS[0] as string), { code: 'TAMPERED' });
  index.close();
});

test('rows that no writer makes are harmless places or errors', (t) => {
  const path = `${temporaryFolder(t)}/index.sqlite`;
  const index = new SqliteIndex(path, REPOSITORY, plainSealer);
  index.addPack(NAMES[0] as string, IDS.slice(0, 1));
  const db = new DatabaseSync(path);
  db.prepare('UPDATE blocks SET place = ?').run(2 ** 52);
  const [found] = index.find(IDS[0] as string);
  assert.ok(found !== undefined && found.block >= 0 && found.pack <= 2 ** 30);
  for (const place of [-1, 0.5, 1e300, 'text', Buffer.alloc(3), 2n ** 60n]) {
    db.prepare('UPDATE blocks SET place = ?').run(place);
    assert.throws(() => index.find(IDS[0] as string), `${place}`);
  }
  db.close();
  index.close();
});

test('closing twice does no harm', () => {
  const index = new SqliteIndex(':memory:', REPOSITORY, plainSealer);
  index.close();
  index.close();
});

test('only the lock of another process counts as busy', () => {
  const sqlite = (errcode: number) => Object.assign(new Error('sqlite'), { errcode });
  // SQLITE_BUSY, SQLITE_BUSY_SNAPSHOT, SQLITE_LOCKED; then SQLITE_CORRUPT, SQLITE_NOTADB, and what is no SQLite error.
  assert.deepEqual(
    [5, 517, 6].map((code) => isBusy(sqlite(code))),
    [true, true, true],
  );
  assert.deepEqual(
    [11, 26].map((code) => isBusy(sqlite(code))),
    [false, false],
  );
  assert.deepEqual(
    [undefined, null, new Error('x'), Object.assign(new Error('x'), { errcode: '5' })].map(isBusy),
    new Array(4).fill(false),
  );
});
