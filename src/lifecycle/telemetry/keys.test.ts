import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support.ts';
import { NodeFileSystem, seededBytes } from '../../base/index.ts';
import { collectorAt, stored } from './testing/events.ts';

const DAY_MS = 86_400_000;

test('keys change with time: equal names, other hashes; found by name as long as the key is kept', (t) => {
  const options = { keyPeriodMs: DAY_MS, maxAgeMs: 3 * DAY_MS };
  const { collector, clock, dbPath } = collectorAt(temporaryFolder(t), options);
  const days = 6;
  for (let day = 0; day < days; day += 1) {
    collector.record(stored(1));
    collector.record(stored(1));
    clock.advance(DAY_MS);
  }
  const events = collector.getEvents({ eventType: 'BLOCK_STORED' });
  // Three days are kept; each day both events can be joined, and with no other day.
  assert.deepEqual(
    events.map(({ keyId }) => keyId),
    [4, 4, 5, 5, 6, 6],
  );
  assert.equal(new Set(events.map(({ blockHash }) => blockHash)).size, 3);
  assert.equal(collector.getEvents({ blockHash: 'block-1' }).length, 6);
  const file = JSON.parse(readFileSync(`${dbPath}.keys`, 'utf8'));
  const ids = file.keys.map(({ id }: { id: number }) => id);
  assert.deepEqual(ids, [4, 5, 6, 7], 'older keys are gone');
  const { secret } = file.keys.find(({ id }: { id: number }) => id === 6);
  const expected = createHmac('sha256', Buffer.from(secret, 'hex')).update('block\0block-1').digest('hex');
  assert.equal(events.at(-1)?.blockHash, expected);
  collector.close();
  const db = new DatabaseSync(dbPath);
  const noted = db
    .prepare('SELECT id, periodMs FROM keys')
    .all()
    .map((row) => ({ ...row }));
  assert.deepEqual(
    noted,
    ids.map((id: number) => ({ id, periodMs: DAY_MS })),
  );
  db.close();
});

test('keys whose time is over are deleted while nothing is recorded', (t) => {
  const options = { keyPeriodMs: DAY_MS, maxAgeMs: 2 * DAY_MS };
  const { collector, clock, dbPath } = collectorAt(temporaryFolder(t), options);
  clock.advance(4 * DAY_MS);
  const { keys } = JSON.parse(readFileSync(`${dbPath}.keys`, 'utf8'));
  assert.deepEqual(
    keys.map(({ id }: { id: number }) => id),
    [2],
  );
  collector.close();
});

test('two collectors on one database share its keys', (t) => {
  const folder = temporaryFolder(t);
  const [first, second] = [collectorAt(folder), collectorAt(folder, { ports: { random: seededBytes(9) } })];
  for (const { collector, clock } of [first, second]) {
    collector.record(stored(1));
    collector.flush();
    clock.advance(8 * DAY_MS);
    collector.record(stored(1));
    collector.flush();
  }
  const hashes = first.collector.getEvents({ eventType: 'BLOCK_STORED' });
  assert.deepEqual(
    hashes.map(({ keyId }) => keyId),
    [1, 1, 2, 2],
  );
  assert.equal(new Set(hashes.map(({ blockHash }) => blockHash)).size, 2);
  first.collector.close();
  second.collector.close();
});

test('without its key file a name is no longer found, and ids of keys are not used twice', (t) => {
  const folder = temporaryFolder(t);
  const first = collectorAt(folder);
  first.collector.record(stored(1));
  first.collector.close();
  rmSync(`${first.dbPath}.keys`);
  const { collector } = collectorAt(folder, { ports: { random: seededBytes(2) } });
  collector.record(stored(1));
  assert.deepEqual(
    collector.getEvents().map(({ keyId }) => keyId),
    [1, 2],
  );
  assert.equal(collector.getEvents({ blockHash: 'block-1' }).length, 1);
  collector.close();
});

test('keys that others may read, or that are none, are refused', (t) => {
  const folder = temporaryFolder(t);
  const { collector, dbPath } = collectorAt(folder);
  collector.close();
  const path = `${dbPath}.keys`;
  const good = readFileSync(path, 'utf8');
  chmodSync(path, 0o640);
  assert.throws(() => collectorAt(folder), { code: 'REFUSED' });
  chmodSync(path, 0o600);
  const key = JSON.parse(good).keys[0];
  const texts = ['', '{', '[]', 'null', '{"format":2,"keys":[]}', '{"format":1,"keys":7}', good.slice(0, 50)];
  const keys = [
    [null],
    [{ ...key, secret: 'ab' }],
    [{ ...key, id: 0.5 }],
    [{ ...key, fromMs: '1' }],
    [key, key],
  ];
  for (const text of [...texts, ...keys.map((list) => JSON.stringify({ format: 1, keys: list }))]) {
    writeFileSync(path, text);
    assert.throws(() => collectorAt(folder), { code: 'DAMAGED' }, text);
  }
  writeFileSync(path, good);
  collectorAt(folder).collector.close();
  rmSync(path);
  const db = new DatabaseSync(dbPath);
  db.exec(`INSERT INTO keys VALUES (${Number.MAX_SAFE_INTEGER}, 1, 1)`);
  db.close();
  assert.throws(() => collectorAt(folder), { code: 'DAMAGED' });
  assert.ok(!existsSync(path), 'an id that cannot be read back was not written');
});

test('a disk that fails while a key is made costs events, never the caller', (t) => {
  const folder = temporaryFolder(t);
  let broken = false;
  const fs = new NodeFileSystem();
  fs.rename = new Proxy(fs.rename, {
    apply(target, self, args) {
      if (broken) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      return Reflect.apply(target, self, args);
    },
  });
  const { collector, clock } = collectorAt(folder, { ports: { fs } });
  broken = true;
  clock.advance(8 * DAY_MS);
  assert.equal(collector.record(stored(1)), false);
  assert.equal(collector.record(stored(2)), false);
  broken = false;
  assert.equal(collector.record(stored(3)), false, 'not tried again before the next flush');
  collector.flush();
  assert.equal(collector.record(stored(4)), true);
  assert.equal(collector.counters.dropped, 3);
  collector.close();
});

test('a key and events from a clock that was years ahead do not outlive their time', (t) => {
  const folder = temporaryFolder(t);
  const options = { keyPeriodMs: DAY_MS, maxAgeMs: 3 * DAY_MS };
  const ahead = collectorAt(folder, options);
  ahead.clock.advance(3650 * DAY_MS);
  ahead.collector.record(stored(1));
  ahead.collector.close();
  const { collector, clock, dbPath } = collectorAt(folder, options);
  collector.record(stored(1));
  const [event, ...more] = collector.getEvents({ eventType: 'BLOCK_STORED' });
  assert.equal(more.length, 0, 'the event from the future has expired');
  assert.equal(event?.timeMs, clock.nowMs());
  const file = JSON.parse(readFileSync(`${dbPath}.keys`, 'utf8'));
  const last = file.keys.at(-1);
  assert.ok(file.keys.every(({ fromMs }: { fromMs: number }) => fromMs <= clock.nowMs()));
  assert.ok(last.id > 1, 'no id is used twice');
  assert.equal(event?.keyId, last.id);
  collector.close();
});

test('a key from a little ahead is kept for its events, but another one serves', (t) => {
  const folder = temporaryFolder(t);
  const options = { keyPeriodMs: DAY_MS, maxAgeMs: 3 * DAY_MS };
  const ahead = collectorAt(folder, options);
  ahead.clock.advance(2 * DAY_MS);
  ahead.collector.record(stored(1));
  ahead.collector.close();
  const { collector } = collectorAt(folder, options);
  collector.record(stored(1));
  const [first, second] = collector.getEvents({ blockHash: 'block-1' });
  assert.notEqual(first?.keyId, undefined);
  assert.notEqual(second?.keyId, undefined);
  assert.notEqual(first?.keyId, second?.keyId);
  collector.close();
});
