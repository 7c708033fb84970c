import assert from 'node:assert/strict';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support.ts';
import { NodeFileSystem } from '../../base/index.ts';
import type { TelemetryEvent } from './events.ts';
import { telemetrySummary } from './summary.ts';
import { collectorAt, stored } from './testing/events.ts';

const fs = new NodeFileSystem();

test('what is there is counted by type, what is lost over all runs', (t) => {
  const folder = temporaryFolder(t);
  const first = collectorAt(folder, { bufferRows: 2, batchRows: 100 });
  for (let i = 0; i < 5; i += 1) first.collector.record(stored(i));
  assert.throws(() => first.collector.record({ ...stored(1), content: 1 } as unknown as TelemetryEvent), {
    code: 'REFUSED',
  });
  first.collector.close();
  const second = collectorAt(folder, { maxRows: 1 });
  second.clock.advance(5);
  second.collector.record({ eventType: 'PREFETCH_HIT', blockHash: 'a' });
  second.collector.close();
  const { events, ...rest } = telemetrySummary(fs, second.dbPath);
  const counted = Object.entries(events).filter(([, count]) => count > 0);
  assert.deepEqual(counted, [['PREFETCH_HIT', 1]]);
  const nowMs = second.clock.nowMs();
  const lost = { dropped: 3, refused: 1, expired: 2 };
  assert.deepEqual(rest, { firstMs: nowMs, lastMs: nowMs, keys: 1, ...lost });
  assert.deepEqual(telemetrySummary(fs, second.dbPath).expired, 2, 'looking changes nothing');
});

test('an empty one has no span; a missing one is not made; one of an older version is left as it is', (t) => {
  const folder = temporaryFolder(t);
  const { collector, dbPath } = collectorAt(folder);
  collector.close();
  const { firstMs, lastMs, dropped } = telemetrySummary(fs, dbPath);
  assert.deepEqual([firstMs, lastMs, dropped], [null, null, 0]);
  assert.throws(() => telemetrySummary(fs, `${folder}/none`), { code: 'MISSING' });
  assert.ok(!existsSync(`${folder}/none`));
  const database = new DatabaseSync(dbPath);
  database.exec('DROP TABLE losses; PRAGMA user_version = 1');
  database.close();
  assert.throws(() => telemetrySummary(fs, dbPath), {
    code: 'UNSUPPORTED',
    message: /version 1, this Pilotfish reads/,
  });
});

test('where SQLite can keep no log beside it, it is read as it is; events in a log there are not passed over', (t) => {
  const { collector, dbPath } = collectorAt(temporaryFolder(t));
  collector.record(stored(1));
  collector.close();
  // Stands for a read-only medium, also to root: what SQLite maps beside the file cannot be made.
  symlinkSync(`${dbPath}-none/shm`, `${dbPath}-shm`);
  assert.equal(telemetrySummary(fs, dbPath).events.BLOCK_STORED, 1);
  writeFileSync(`${dbPath}-wal`, 'events');
  assert.throws(() => telemetrySummary(fs, dbPath), {
    code: 'IO',
    message: /-wal if there is one, elsewhere/,
  });
});
