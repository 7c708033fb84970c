import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../../../test/support.ts';
import { checkSchedule, firstDueMs, type JobSchedule, JobStore, nextDueMs } from './jobs.ts';

const HOUR_MS = 3_600_000;
/** Tuesday, 2023-11-14 22:13:20 UTC. */
const NOW_MS = 1_700_000_000_000;
const SUNDAY_MS = Date.parse('2023-11-19T02:00:00Z');

test('intervals begin at once and last what they say', () => {
  for (const [schedule, hours] of [
    ['hourly', 1],
    ['daily', 24],
    ['weekly', 168],
  ] as const) {
    assert.equal(firstDueMs(schedule, NOW_MS), NOW_MS);
    assert.equal(nextDueMs(schedule, NOW_MS), NOW_MS + hours * HOUR_MS);
  }
  assert.equal(firstDueMs({ olderThanDays: 7 }, NOW_MS), NOW_MS);
});

test('Sunday 02:00 is the next one, never now', () => {
  assert.equal(firstDueMs('sunday-02:00', NOW_MS), SUNDAY_MS);
  assert.equal(nextDueMs('sunday-02:00', SUNDAY_MS - 1), SUNDAY_MS);
  assert.equal(nextDueMs('sunday-02:00', SUNDAY_MS), SUNDAY_MS + 168 * HOUR_MS);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (nowMs) => {
      const date = new Date(nextDueMs('sunday-02:00', nowMs));
      assert.deepEqual([date.getUTCDay(), date.getUTCHours(), date.getUTCMinutes()], [0, 2, 0]);
      const waitMs = date.getTime() - nowMs;
      assert.ok(waitMs > 0 && waitMs <= 168 * HOUR_MS);
    }),
  );
});

test('what is no schedule is refused', () => {
  for (const wrong of ['monthly', 'toString', { olderThanDays: -1 }, { olderThanDays: Number.NaN }]) {
    assert.throws(() => checkSchedule(wrong as JobSchedule), { code: 'USAGE' });
  }
});

test('a file that is no list of jobs, a folder that is not there, a job that is garbled', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(`${folder}/text.db`, 'a letter that is long enough to be looked at. '.repeat(100));
  assert.throws(() => new JobStore(`${folder}/text.db`), { code: 'DAMAGED' });
  assert.throws(() => new JobStore(`${folder}/none/training.db`), { code: 'MISSING' });
  const store = new JobStore(`${folder}/training.db`);
  const job = { modelName: 'codec', datasetPath: '/a.json', request: {}, priority: 1, dueMs: 0 };
  store.put({ ...job, schedule: 'daily' });
  assert.equal(store.due(0)[0]?.schedule, 'daily');
  const db = new DatabaseSync(`${folder}/training.db`);
  db.exec(`UPDATE jobs SET schedule = '{'`);
  db.close();
  assert.throws(() => store.due(0), { code: 'DAMAGED' });
  store.close();
});
