import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { temporaryFolder } from '../../../../test/support.ts';
import { hasCode, PilotfishError, systemClock } from '../../../base/index.ts';
import type { Sql } from './port.ts';
import { prepareSchema, STATE_VERSION } from './schema.ts';
import { SqliteState } from './sqlite-state.ts';

const addModel = (name: string) => (sql: Sql) =>
  sql.run(
    "INSERT INTO models (name, policy, created_ms, updated_ms, last_number) VALUES (?, 'open', 0, 0, 0)",
    name,
  );
const names = async (sql: Sql) =>
  (await sql.all('SELECT name FROM models ORDER BY id')).map((row) => row['name']);
const code = (wanted: string) => (error: unknown) => hasCode(error) && error.code === wanted;

test('writes of one turn share a commit, and each fails by itself', async (t) => {
  const state = new SqliteState({ path: join(temporaryFolder(t), 'a.db') });
  let commits = 0;
  state.onCommit(() => {
    commits += 1;
  });
  const results = await Promise.allSettled([
    state.write(addModel('a')),
    state.write(async (sql) => {
      await addModel('half')(sql);
      throw new PilotfishError('REFUSED', 'no');
    }),
    state.write(addModel('a')),
    state.write(addModel('b')),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
  );
  assert.equal(commits, 1);
  assert.deepEqual(await state.read(names), ['a', 'b']);
  await state.close();
});

test('what was answered is in the file when another process looks', async (t) => {
  const path = join(temporaryFolder(t), 'a.db');
  const state = new SqliteState({ path });
  const other = new SqliteState({ path });
  await state.write(addModel('a'));
  assert.deepEqual(await other.read(names), ['a']);
  await other.write(addModel('b'));
  assert.deepEqual(await state.read(names), ['a', 'b']);
  assert.equal(statSync(path).mode & 0o077, 0);
  await Promise.all([state.close(), other.close()]);
});

test('every commit is synced', async (t) => {
  const state = new SqliteState({ path: join(temporaryFolder(t), 'a.db') });
  const settings = await state.write(async (sql) => [
    (await sql.get('PRAGMA synchronous'))?.['synchronous'],
    (await sql.get('PRAGMA journal_mode'))?.['journal_mode'],
    (await sql.get('PRAGMA foreign_keys'))?.['foreign_keys'],
  ]);
  // FULL: the write-ahead log is synced after each transaction.
  assert.deepEqual(settings, [2, 'wal', 1]);
  await state.close();
});

test('a read sees one moment, and none before its call', async (t) => {
  const state = new SqliteState({ path: join(temporaryFolder(t), 'a.db') });
  const slow = state.read(async (sql) => {
    const before = await names(sql);
    await state.write(addModel('a'));
    return [before, await names(sql)];
  });
  assert.deepEqual(await slow, [[], []]);
  const write = state.write(addModel('b'));
  const early = state.read(names);
  await write;
  assert.deepEqual(await state.read(names), ['a', 'b']);
  assert.ok((await early).length >= 1);
  await state.close();
});

test('it waits for another writer, and says so when that takes too long', async (t) => {
  const path = join(temporaryFolder(t), 'a.db');
  const state = new SqliteState({ path });
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  const write = state.write(addModel('a'));
  setImmediate(() => other.exec('COMMIT'));
  await write;
  assert.deepEqual(await state.read(names), ['a']);
  let nowMs = 0;
  const hasty = new SqliteState({ path, clock: { ...systemClock, monotonicMs: () => (nowMs += 6000) } });
  other.exec('BEGIN IMMEDIATE');
  await assert.rejects(hasty.write(addModel('b')), code('LOCKED'));
  other.exec('ROLLBACK');
  await hasty.write(addModel('c'));
  assert.deepEqual(await state.read(names), ['a', 'c']);
  other.close();
  await Promise.all([state.close(), hasty.close()]);
});

test('how long it waits for another writer can be said', async (t) => {
  const path = join(temporaryFolder(t), 'a.db');
  const state = new SqliteState({ path, lockWaitMs: 0 });
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  await assert.rejects(state.write(addModel('a')), code('LOCKED'));
  assert.throws(() => new SqliteState({ path, lockWaitMs: 0 }), code('LOCKED'));
  other.exec('ROLLBACK');
  await state.write(addModel('b'));
  assert.deepEqual(await state.read(names), ['b']);
  other.close();
  await state.close();
  for (const lockWaitMs of [-1, 0.5, Number.NaN, 1e12])
    assert.throws(() => new SqliteState({ path, lockWaitMs }), code('USAGE'));
});

test('a state that is closed is closed, after the writes it took', async (t) => {
  const path = join(temporaryFolder(t), 'a.db');
  const state = new SqliteState({ path });
  const write = state.write(addModel('a'));
  await state.close();
  await write;
  await assert.rejects(state.write(addModel('b')), code('USAGE'));
  await assert.rejects(state.read(names), code('USAGE'));
});

test('files of others are refused and not changed; newer ones are named', (t) => {
  const folder = temporaryFolder(t);
  const [garbage, foreign, newer] = ['garbage.db', 'foreign.db', 'newer.db'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  writeFileSync(garbage, 'not a database at all, but long enough to be looked at');
  assert.throws(() => new SqliteState({ path: garbage }), code('DAMAGED'));
  const db = new DatabaseSync(foreign);
  db.exec('CREATE TABLE photos (id INTEGER)');
  db.close();
  const size = statSync(foreign).size;
  assert.throws(() => new SqliteState({ path: foreign }), code('DAMAGED'));
  assert.equal(statSync(foreign).size, size);
  const next = new DatabaseSync(newer);
  prepareSchema(next);
  next.exec(`PRAGMA user_version = ${STATE_VERSION + 1}`);
  next.close();
  assert.throws(() => new SqliteState({ path: newer }), code('NEWER_VERSION'));
  assert.throws(() => new SqliteState({ path: join(folder, 'no/such/folder.db') }), code('MISSING'));
});

test('a state of every older version is brought to this one with what it holds', async (t) => {
  const folder = temporaryFolder(t);
  for (let version = 1; version < STATE_VERSION; version += 1) {
    const path = join(folder, `${version}.db`);
    const old = new DatabaseSync(path);
    prepareSchema(old, version);
    old.exec(
      "INSERT INTO models (name, policy, created_ms, updated_ms, last_number) VALUES ('kept', 'open', 1, 1, 0)",
    );
    old.close();
    const state = new SqliteState({ path });
    assert.deepEqual(await state.read(names), ['kept']);
    assert.deepEqual(await state.read((sql) => sql.all('SELECT name FROM experiments')), [
      Object.assign(Object.create(null), { name: 'Default' }),
    ]);
    await state.close();
  }
});

test('keys that a server made before they had a step of their own are kept', async (t) => {
  const path = join(temporaryFolder(t), 'a.db');
  const old = new DatabaseSync(path);
  prepareSchema(old, 3);
  old.exec(`CREATE TABLE IF NOT EXISTS api_keys (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, models TEXT, hash BLOB NOT NULL, created_ms INTEGER NOT NULL);
    INSERT INTO api_keys VALUES ('3f9a0c1b2d4e', 'ci', 'contributor', NULL, x'00', 1)`);
  old.close();
  const state = new SqliteState({ path });
  assert.deepEqual(
    (await state.read((sql) => sql.all('SELECT id, role FROM api_keys'))).map((row) => ({ ...row })),
    [{ id: '3f9a0c1b2d4e', role: 'contributor' }],
  );
  await state.close();
});

test('more writes than may wait are refused', async () => {
  const state = new SqliteState({ path: ':memory:' });
  const writes = Array.from({ length: 10_001 }, () => state.write(async () => 1));
  const results = await Promise.allSettled(writes);
  assert.equal(results.filter(({ status }) => status === 'rejected').length, 1);
  await state.close();
});
