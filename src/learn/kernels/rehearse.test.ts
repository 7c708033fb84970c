import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rehearse } from './weights.ts';

test('a kind of kernel is rehearsed until the thread has seen enough of it, then only when it is said how often', () => {
  const shared = { work: 0 };
  let runs = 0;
  const run = (): void => {
    runs += 1;
  };
  const runsOf = (weights: number, calls?: number): number => {
    runs = 0;
    rehearse(run, { calls, weights, shared });
    return runs;
  };
  assert.equal(runsOf(100), 2000, 'a small one says little of the kind');
  assert.equal(runsOf(12_000), 2000);
  assert.equal(runsOf(12_000), 0);
  assert.equal(runsOf(640_000), 0);
  assert.equal(runsOf(100, 7), 7);
});
