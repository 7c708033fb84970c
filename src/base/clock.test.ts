import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isoTime, ManualClock, systemClock } from './clock.ts';

test('a manual clock stands still until it is moved', () => {
  const clock = new ManualClock(1000);
  assert.equal(clock.nowMs(), 1000);
  const before = clock.monotonicNs();
  clock.advance(1.5);
  assert.equal(clock.nowMs(), 1001.5);
  assert.equal(clock.monotonicNs() - before, 1_500_000n);
});

test('a manual clock runs each task as often as it has become due', () => {
  const clock = new ManualClock();
  const runs = { often: 0, seldom: 0 };
  clock.every(10, () => {
    runs.often += 1;
  });
  clock.every(25, () => {
    runs.seldom += 1;
  });
  clock.advance(9);
  assert.deepEqual(runs, { often: 0, seldom: 0 });
  clock.advance(1);
  assert.deepEqual(runs, { often: 1, seldom: 0 });
  clock.advance(45);
  assert.deepEqual(runs, { often: 5, seldom: 2 });
});

test('a stopped task is not run again', () => {
  const clock = new ManualClock();
  let runs = 0;
  const stop = clock.every(10, () => {
    runs += 1;
  });
  clock.advance(10);
  stop();
  clock.advance(100);
  assert.equal(runs, 1);
});

test('a task that stops itself is not run again, however many times it was due', () => {
  const clock = new ManualClock();
  let runs = 0;
  const stop = clock.every(10, () => {
    runs += 1;
    stop();
  });
  clock.advance(100);
  assert.equal(runs, 1);
});

test('the clock of the machine goes on, and its tasks run until stopped', async () => {
  const before = systemClock.monotonicNs();
  await new Promise<void>((resolve) => {
    let runs = 0;
    // The timers of the clock keep no process alive: this one does, for as long as the test takes.
    const awake = setInterval(() => undefined, 1000);
    const stop = systemClock.every(1, () => {
      runs += 1;
      if (runs < 3) return;
      stop();
      clearInterval(awake);
      resolve();
    });
  });
  assert.ok(systemClock.monotonicNs() > before);
  assert.ok(Math.abs(systemClock.nowMs() - Date.now()) < 60_000);
});

test('turn lets what is due go first', async () => {
  let served = false;
  setImmediate(() => {
    served = true;
  });
  await systemClock.turn();
  assert.equal(served, true);
  await new ManualClock().turn();
});

test('times are written as ISO 8601', () => {
  assert.equal(isoTime(1_700_000_000_123), '2023-11-14T22:13:20.123Z');
});
