import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coalesced } from './coalesced.ts';

test('a call during a run begins another after it; calls while that waits share it', async () => {
  const ends: (() => void)[] = [];
  const run = coalesced(() => new Promise<void>((resolve) => void ends.push(resolve)));
  const first = run();
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(ends.length, 1);
  const [second, third] = [run(), run()];
  assert.equal(second, third);
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  assert.equal(ends.length, 1, 'never beside itself');
  ends[0]?.();
  await first;
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(ends.length, 2);
  ends[1]?.();
  await second;
});

test('a run that fails tells those who asked for it, and the next one begins', async () => {
  let runs = 0;
  const run = coalesced(() => {
    runs += 1;
    return runs === 1 ? Promise.reject(new Error('first')) : Promise.resolve();
  });
  await assert.rejects(run(), /first/);
  await run();
  assert.equal(runs, 2);
});
