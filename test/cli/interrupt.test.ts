// What happens when the run is stopped or its reader goes away.
import assert from 'node:assert/strict';
import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readdirSync } from 'node:fs';
import test from 'node:test';
import { ManualClock } from '../../src/base/index.ts';
import type { Context } from '../../src/cli/context.ts';
import { watchSignals } from '../../src/cli/index.ts';
import { inputOf } from '../../src/cli/lines.ts';
import { ended, launcher, noise, Place, parseOne } from './support.ts';

/** A run that does not stop must fail here, not hold up everything. */
const limit = { timeout: 30_000 };

/** Waits until a program has begun to work: it holds its lock. */
async function working(place: Place, child: ChildProcess): Promise<void> {
  const isLocked = (): boolean => existsSync(place.path('repo/locks')) && place.locks().length > 0;
  while (!isLocked()) {
    assert.equal(child.exitCode, null, 'it still runs');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Small files, many of them: there is always another one to stop at. */
function manyFiles(place: Place): void {
  const files: Record<string, Buffer> = {};
  for (let i = 0; i < 60; i++) files[`tree/${i}`] = noise(1024 * 1024, i + 1);
  place.write(files);
}

test('130: a stopped pack leaves a clean repository, and the next one works', limit, async (t) => {
  const place = new Place(t);
  manyFiles(place);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const child = place.start(['pack', 'tree', '--json']);
    const end = ended(child);
    await working(place, child);
    child.kill(signal);
    const { code, stdout, stderr } = await end;
    assert.equal(code, 130, stderr);
    assert.equal((parseOne(stdout) as { error: { code: string } }).error.code, 'INTERRUPTED');
    assert.match(stderr, /^pilotfish: INTERRUPTED: .*\n$/);
    assert.deepEqual(place.locks(), []);
    assert.deepEqual(readdirSync(place.path('repo/tmp')), []);
    assert.deepEqual(readdirSync(place.path('repo/snapshots')), []);
  }
  assert.deepEqual(place.json('verify', '--data')['damage'], []);
  await place.given('pack', 'tree');
  assert.deepEqual(place.json('verify', '--data')['damage'], []);
});

test('130: two signals, as npm delivers them, do not cut the cleanup short', limit, async (t) => {
  const place = new Place(t);
  manyFiles(place);
  const child = place.start(['pack', 'tree']);
  const end = ended(child);
  await working(place, child);
  child.kill('SIGINT');
  setTimeout(() => child.kill('SIGINT'), 5);
  assert.equal((await end).code, 130);
  assert.deepEqual(place.locks(), []);
});

test('130: a reader that does not read cannot hold us', limit, async (t) => {
  const place = new Place(t);
  place.write({ 'tree/large': noise(3 * 1024 * 1024) });
  place.write(Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`tree/${i}`, ''])));
  await place.given('pack', 'tree');
  for (const args of [
    ['cat', 'latest', 'large'],
    ['ls', 'latest', '--json'],
  ]) {
    const child = place.start(args);
    await working(place, child);
    await new Promise((resolve) => setTimeout(resolve, 400));
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    assert.equal(code, 130);
    assert.deepEqual(place.locks(), []);
  }
});

test('a reader that goes away ends the command quietly', limit, async (t) => {
  const place = new Place(t);
  place.write({ 'tree/large': noise(3 * 1024 * 1024) });
  await place.given('pack', 'tree');
  for (const args of [
    ['cat', 'latest', 'large'],
    ['restore', 'latest', '--tar', '-'],
  ]) {
    const child = place.start(args);
    let stderr = '';
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout?.once('data', () => child.stdout?.destroy());
    const [code] = await once(child, 'exit');
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(place.locks(), []);
  }
});

test('a result that cannot be written is a failure', limit, async (t) => {
  if (!existsSync('/dev/full')) return t.skip('no /dev/full on this platform');
  const place = new Place(t);
  place.write({ 'tree/a': '1' });
  await place.given('pack', 'tree');
  for (const args of [
    ['ls', 'latest'],
    ['cat', 'latest', 'a'],
    ['stats', '--json'],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [launcher, ...args], {
      env: place.environment,
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
      encoding: 'utf8',
    });
    assert.equal(status, 1);
    assert.match(stderr, /^pilotfish: NO_SPACE: cannot write the result \(ENOSPC\)/);
  }
});

class Signals {
  readonly listeners = new Map<string, () => void>();
  on(signal: string, listener: () => void): void {
    this.listeners.set(signal, listener);
  }
  off(signal: string): void {
    this.listeners.delete(signal);
  }
}

test('signals: the first asks, one more within a second is its echo, a third gives up', () => {
  const [source, clock, controller] = [new Signals(), new ManualClock(), new AbortController()];
  let givenUp = 0;
  const giveUp = (): void => {
    givenUp += 1;
  };
  const stop = watchSignals(source, { controller, clock, giveUp });
  const send = (signal: string): void => source.listeners.get(signal)?.();
  send('SIGINT');
  assert.equal(controller.signal.aborted, true);
  clock.advance(999);
  send('SIGINT');
  assert.equal(givenUp, 0);
  send('SIGTERM');
  assert.equal(givenUp, 1);
  stop();
  assert.equal(source.listeners.size, 0);
});

test('signals: a second one after a while means it', () => {
  const [source, clock, controller] = [new Signals(), new ManualClock(), new AbortController()];
  let givenUp = 0;
  watchSignals(source, { controller, clock, giveUp: () => givenUp++ });
  source.listeners.get('SIGINT')?.();
  clock.advance(1000);
  source.listeners.get('SIGINT')?.();
  assert.equal(givenUp, 1);
});

test('who waits for lines that nobody sends can be told to stop', async () => {
  const silent = { next: () => new Promise<never>(() => undefined) };
  const stdin = { [Symbol.asyncIterator]: () => silent };
  for (const isLate of [true, false]) {
    const controller = new AbortController();
    if (!isLate) controller.abort();
    const context = { signal: controller.signal, world: { stdin } } as unknown as Context;
    const reading = inputOf(context, '-').next();
    controller.abort();
    await assert.rejects(reading, { code: 'INTERRUPTED' });
  }
});
