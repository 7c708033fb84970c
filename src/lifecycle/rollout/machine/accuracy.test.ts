import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentAccuracy } from './accuracy.ts';

const DAY_MS = 86_400_000;

test('what is older than the target looks back does not count, also where nothing came since', () => {
  const accuracy = new RecentAccuracy(7 * DAY_MS);
  assert.deepEqual(accuracy.over(0), { count: 0, accuracy: Number.NaN });
  for (let i = 0; i < 10; i += 1) accuracy.add(i < 5, 0);
  accuracy.add(true, 3 * DAY_MS);
  assert.deepEqual(accuracy.over(3 * DAY_MS), { count: 11, accuracy: 6 / 11 });
  assert.deepEqual(accuracy.over(7.5 * DAY_MS).count, 11);
  assert.deepEqual(accuracy.over(8 * DAY_MS), { count: 1, accuracy: 1 });
  const restored = new RecentAccuracy(7 * DAY_MS);
  restored.restore(JSON.parse(JSON.stringify(accuracy.snapshot())));
  restored.add(false, 4 * DAY_MS);
  assert.deepEqual(restored.over(8 * DAY_MS), { count: 2, accuracy: 0.5 });
});
