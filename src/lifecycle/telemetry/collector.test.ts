import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../../test/support.ts';
import { ManualClock, type PilotfishError, seededBytes } from '../../base/index.ts';
import { TelemetryCollector } from './collector.ts';
import { collectorAt, stored } from './testing/events.ts';

const sizes = (collector: TelemetryCollector) =>
  collector.getEvents({ eventType: 'BLOCK_STORED' }).map(({ blockSize }) => blockSize);
/** Enough turns for what was put off to be done. */
const settled = async () => {
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
};

test('recording writes nothing at once; a full batch or the time does', async (t) => {
  const { collector, clock } = collectorAt(temporaryFolder(t), { batchRows: 3, flushMs: 50 });
  collector.record(stored(1));
  collector.record(stored(2));
  assert.equal(collector.counters.stored, 0);
  collector.record(stored(3));
  assert.equal(collector.counters.stored, 0, 'the caller does not wait for the disk');
  await settled();
  assert.equal(collector.counters.stored, 3);
  collector.record(stored(4));
  clock.advance(49);
  assert.equal(collector.counters.stored, 3);
  clock.advance(1);
  assert.equal(collector.counters.stored, 4);
  collector.close();
});

test('a full buffer drops events, counts them, and goes on', (t) => {
  const { collector } = collectorAt(temporaryFolder(t), { bufferRows: 5, batchRows: 1000 });
  const taken = Array.from({ length: 8 }, (_, i) => collector.record(stored(i)));
  assert.deepEqual(taken, [true, true, true, true, true, false, false, false]);
  assert.equal(collector.flush(), 5);
  assert.equal(collector.record(stored(8)), true);
  assert.deepEqual(sizes(collector), [1000, 1001, 1002, 1003, 1004, 1008]);
  const { recorded, stored: written, dropped } = collector.counters;
  assert.deepEqual([recorded, written, dropped], [9, 6, 3]);
  collector.close();
});

test('events are found by type, time and block; the newest when there are more than the limit', (t) => {
  const { collector, clock } = collectorAt(temporaryFolder(t));
  for (let i = 0; i < 10; i += 1) {
    collector.record(stored(i % 3));
    collector.record({ eventType: 'PREFETCH_MISS', blockHash: `block-${i}` });
    clock.advance(1000);
  }
  assert.equal(collector.getEvents().length, 20);
  assert.deepEqual(
    sizes(collector),
    [0, 1, 2, 0, 1, 2, 0, 1, 2, 0].map((i) => 1000 + i),
  );
  const newest = collector.getEvents({ eventType: 'BLOCK_STORED', limit: 2 });
  assert.deepEqual(
    newest.map(({ timeMs }) => clock.nowMs() - timeMs),
    [2000, 1000],
  );
  assert.equal(collector.getEvents({ since: clock.nowMs() - 3000 }).length, 6);
  const ofBlock = collector.getEvents({ blockHash: 'block-1' });
  assert.deepEqual(
    ofBlock.map(({ eventType }) => eventType),
    ['BLOCK_STORED', 'PREFETCH_MISS', 'BLOCK_STORED', 'BLOCK_STORED'],
  );
  assert.ok(ofBlock.every((event) => 'blockHash' in event && event.blockHash === 'block-1'));
  collector.close();
});

test('queries and options that make no sense are refused', (t) => {
  const folder = temporaryFolder(t);
  const { collector } = collectorAt(folder);
  for (const query of [{ limit: 0 }, { limit: 1.5 }, { since: -1 }, { eventType: 'X' as 'BLOCK_STORED' }]) {
    assert.throws(() => collector.getEvents(query), { code: 'USAGE' });
  }
  collector.close();
  for (const options of [{ maxRows: 0 }, { maxAgeMs: Number.NaN }, { keyPeriodMs: 1 }, { dbPath: '' }]) {
    assert.throws(() => collectorAt(folder, options), { code: 'USAGE' });
  }
  assert.throws(() => collector.record(stored(1)), { code: 'USAGE' });
  assert.throws(() => collector.flush(), { code: 'USAGE' });
  collector.close();
});

test('what was recorded is there after closing and opening; nobody else may read it', (t) => {
  const folder = temporaryFolder(t);
  const first = collectorAt(folder);
  first.collector.record(stored(1));
  first.collector.close();
  for (const name of [first.dbPath, `${first.dbPath}.keys`]) {
    assert.equal(statSync(name).mode & 0o777, 0o600, name);
  }
  const { collector } = collectorAt(folder, { ports: { random: seededBytes(2) } });
  collector.record(stored(1));
  const [before, after] = collector.getEvents({ eventType: 'BLOCK_STORED' });
  assert.equal(before?.blockHash, after?.blockHash, 'the key was kept');
  collector.close();
});

test('a killed process costs what was not flushed, and nothing else', (t) => {
  const folder = temporaryFolder(t);
  const dbPath = `${folder}/telemetry.db`;
  const child = fileURLToPath(new URL('./testing/killed-writer.ts', import.meta.url));
  const { signal, stderr } = spawnSync(process.execPath, [child, dbPath], { encoding: 'utf8' });
  assert.equal(signal, 'SIGKILL', stderr);
  const collector = new TelemetryCollector({ dbPath });
  assert.deepEqual(
    sizes(collector),
    Array.from({ length: 1000 }, (_, i) => 1000 + i),
  );
  assert.equal(collector.getEvents({ blockHash: 'block-3' }).length, 1, 'the keys survived as well');
  collector.record(stored(5000));
  assert.equal(sizes(collector).at(-1), 6000);
  collector.close();
});

test('a copy of the files taken in the middle holds what was flushed', (t) => {
  const folder = temporaryFolder(t);
  const { collector, dbPath } = collectorAt(folder);
  for (let i = 0; i < 50; i += 1) {
    collector.record(stored(i));
    if (i === 29) collector.flush();
  }
  for (const ending of ['', '-wal', '.keys']) copyFileSync(dbPath + ending, `${folder}/copy.db${ending}`);
  const copy = collectorAt(folder, { dbPath: `${folder}/copy.db` });
  assert.equal(sizes(copy.collector).length, 30);
  copy.collector.close();
  collector.close();
});

test('events expire by age and by number', (t) => {
  const { collector, clock } = collectorAt(temporaryFolder(t), { maxAgeMs: 10_000, maxRows: 20 });
  for (let i = 0; i < 15; i += 1) {
    collector.record(stored(i));
    clock.advance(1000);
  }
  assert.deepEqual(
    sizes(collector),
    Array.from({ length: 10 }, (_, i) => 1005 + i),
  );
  for (let i = 100; i < 125; i += 1) collector.record(stored(i));
  assert.deepEqual(
    sizes(collector),
    Array.from({ length: 20 }, (_, i) => 1105 + i),
  );
  assert.equal(collector.counters.expired, 20);
  collector.close();
});

test('what has expired is gone from the file', (t) => {
  const { collector, clock, dbPath } = collectorAt(temporaryFolder(t), { maxAgeMs: 1000 });
  collector.record(stored(1));
  const [event] = collector.getEvents({ eventType: 'BLOCK_STORED' });
  collector.close();
  const hash = Buffer.from(String(event?.blockHash), 'hex');
  assert.ok(readFileSync(dbPath).includes(hash));
  clock.advance(2000);
  const again = new TelemetryCollector({ dbPath, maxAgeMs: 1000, ports: { clock } });
  again.close();
  assert.ok(!readFileSync(dbPath).includes(hash));
});

test('a locked database is tried once an interval, however much is recorded meanwhile', async (t) => {
  const { collector, clock, dbPath } = collectorAt(temporaryFolder(t), { flushMs: 100, batchRows: 2 });
  const other = new DatabaseSync(dbPath);
  other.exec('BEGIN IMMEDIATE');
  for (let i = 0; i < 20; i += 1) {
    collector.record(stored(i));
    await clock.turn();
  }
  assert.equal(collector.counters.failedFlushes, 1);
  other.exec('ROLLBACK');
  other.close();
  clock.advance(100);
  assert.equal(collector.counters.stored, 20);
  for (let i = 0; i < 2; i += 1) collector.record(stored(i));
  await clock.turn();
  await clock.turn();
  assert.equal(collector.counters.stored, 22, 'and batch by batch again');
  collector.close();
});

test('what cannot be written waits; a locked database is said to be locked', (t) => {
  const { collector, clock, dbPath } = collectorAt(temporaryFolder(t), { flushMs: 100 });
  const other = new DatabaseSync(dbPath);
  other.exec('BEGIN IMMEDIATE');
  collector.record(stored(1));
  assert.throws(() => collector.flush(), { code: 'LOCKED' });
  clock.advance(100);
  assert.equal(collector.counters.failedFlushes, 1);
  other.exec('ROLLBACK');
  other.close();
  assert.deepEqual(sizes(collector), [1001]);
  collector.close();
});

test('files that are none of ours are refused and left as they are', (t) => {
  const folder = temporaryFolder(t);
  const make = (name: string, ...statements: string[]): string => {
    const db = new DatabaseSync(`${folder}/${name}`);
    for (const sql of statements) db.exec(sql);
    db.close();
    return `${folder}/${name}`;
  };
  const ours = collectorAt(folder);
  ours.collector.record(stored(1));
  ours.collector.close();
  const copyOf = (name: string, sql: string): string => {
    copyFileSync(ours.dbPath, `${folder}/${name}`);
    return make(name, sql);
  };
  writeFileSync(`${folder}/text`, 'not a database '.repeat(100));
  const files: readonly [string, PilotfishError['code']][] = [
    [`${folder}/text`, 'DAMAGED'],
    [make('foreign', 'CREATE TABLE events (content TEXT)'), 'DAMAGED'],
    [copyOf('trigger', 'CREATE TRIGGER t AFTER INSERT ON events BEGIN SELECT 1; END'), 'DAMAGED'],
    [copyOf('view', 'CREATE VIEW v AS SELECT 1'), 'DAMAGED'],
    [copyOf('newer', 'PRAGMA user_version = 99; CREATE TABLE later (id INTEGER)'), 'NEWER_VERSION'],
  ];
  for (const [dbPath, code] of files) {
    const before = readFileSync(dbPath);
    assert.throws(() => new TelemetryCollector({ dbPath }), { code }, dbPath);
    assert.deepEqual(readFileSync(dbPath), before, dbPath);
  }
  for (const dbPath of [folder, '/dev/null'])
    assert.throws(() => new TelemetryCollector({ dbPath }), { code: 'DAMAGED' }, dbPath);
  assert.throws(() => new TelemetryCollector({ dbPath: `${folder}/absent/telemetry.db` }), {
    code: 'MISSING',
  });
});

test('rows that were tampered with are not passed on', (t) => {
  const folder = temporaryFolder(t);
  const changes = [
    'type = 99',
    "blockHash = x'00'",
    'blockSize = -1',
    'compressionAlgorithm = 9',
    'blockSize = 9223372036854775807',
  ];
  for (const [at, change] of changes.entries()) {
    const dbPath = `${folder}/${at}.db`;
    const { collector } = collectorAt(folder, { dbPath });
    collector.record(stored(1));
    collector.flush();
    const db = new DatabaseSync(dbPath);
    db.exec(`UPDATE events SET ${change}`);
    db.close();
    assert.throws(() => collector.getEvents(), { code: 'DAMAGED' }, change);
    collector.close();
  }
});

test('the defaults are those of the document: one path, the machine for everything else', (t) => {
  const dbPath = `${temporaryFolder(t)}/telemetry.db`;
  const collector = new TelemetryCollector({ dbPath });
  collector.record(stored(1));
  collector.close();
  assert.ok(existsSync(dbPath) && existsSync(`${dbPath}.keys`));
  assert.ok(!existsSync(`${dbPath}-wal`));
});

test('time never goes back, whatever the clock does', (t) => {
  const folder = temporaryFolder(t);
  let nowMs = 1_700_000_000_000;
  const clock = Object.assign(new ManualClock(), { nowMs: () => nowMs });
  const { collector } = collectorAt(folder, { ports: { clock } });
  collector.record(stored(1));
  nowMs -= 5000;
  collector.record(stored(2));
  const times = collector.getEvents().map(({ timeMs }) => timeMs);
  assert.deepEqual(times, [1_700_000_000_000, 1_700_000_000_000]);
  collector.close();
});
