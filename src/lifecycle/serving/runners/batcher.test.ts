import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock, PilotfishError } from '../../../base/index.ts';
import { Batcher, type BatchOptions } from './batcher.ts';
import { LateRun, type Runner } from './runner.ts';

const OPTIONS: BatchOptions = { maxBatchSize: 4, maxDelayMs: 0, maxQueue: 100 };

/** Answers each row with its double; negative rows throw, zero answers NaN, large ones are refused, huge ones late. */
function doubling({ isAsync = false } = {}): Runner & { readonly batches: number[][] } {
  const batches: number[][] = [];
  const answer = (x: Float64Array, rows: number): Float64Array => {
    const batch = Array.from(x.subarray(0, rows));
    batches.push(batch);
    if (batch.some((value) => value < 0)) throw new RangeError('negative');
    if (batch.some((value) => value > 1e6)) throw new LateRun(1000);
    if (batch.some((value) => value > 1e5)) throw new PilotfishError('LIMIT', 'too large; rescale it');
    return Float64Array.from(batch, (value) => (value === 0 ? Number.NaN : 2 * value));
  };
  return {
    ...{ platform: 'pilotfish', inputs: 1, outputs: 1, missing: 'refuse', predict: null, batches },
    run: (x, rows) =>
      isAsync ? Promise.resolve(x.slice()).then((copy) => answer(copy, rows)) : answer(x, rows),
    close: () => Promise.resolve(),
  };
}

const ask = (batcher: Batcher, value: number): Promise<number | string> =>
  batcher.ask(Float64Array.of(value)).then(
    ([answer]) => answer as number,
    (error: PilotfishError) => error.code,
  );

const askAll = (batcher: Batcher, values: readonly number[]): Promise<(number | string)[]> =>
  Promise.all(values.map((value) => ask(batcher, value)));

test('questions that come together are answered together, at most so many at once, in their order', async () => {
  const runner = doubling();
  const batcher = new Batcher(runner, new ManualClock(), OPTIONS);
  assert.deepEqual(await askAll(batcher, [1, 2, 3, 4, 5, 6]), [2, 4, 6, 8, 10, 12]);
  assert.deepEqual(runner.batches, [
    [1, 2, 3, 4],
    [5, 6],
  ]);
});

test('a question waits for others no longer than the delay, and not at all when the batch is full', async () => {
  const clock = new ManualClock();
  const runner = doubling();
  const batcher = new Batcher(runner, clock, { ...OPTIONS, maxDelayMs: 10 });
  const first = ask(batcher, 1);
  clock.advance(6);
  const second = ask(batcher, 2);
  await clock.turn();
  clock.advance(3.9);
  await clock.turn();
  assert.deepEqual(runner.batches, []);
  clock.advance(0.1);
  assert.deepEqual(await Promise.all([first, second]), [2, 4]);
  assert.deepEqual(await askAll(batcher, [3, 4, 5, 6]), [6, 8, 10, 12]);
  assert.equal(runner.batches.length, 2);
});

test('what came while a batch was answered waits from when it came', async () => {
  const clock = new ManualClock();
  const runner = doubling({ isAsync: true });
  const batcher = new Batcher(runner, clock, { ...OPTIONS, maxBatchSize: 2, maxDelayMs: 10 });
  const asked = askAll(batcher, [1, 2, 3]);
  clock.advance(10);
  assert.deepEqual(await asked, [2, 4, 6]);
  assert.deepEqual(runner.batches, [[1, 2], [3]]);
});

for (const isAsync of [false, true]) {
  const where = isAsync ? 'another thread' : 'this thread';
  test(`rows that fail in ${where} fail alone: the others of their batch are answered`, async () => {
    const batcher = new Batcher(doubling({ isAsync }), new ManualClock(), OPTIONS);
    assert.deepEqual(await askAll(batcher, [1, -1, 0, 2]), [2, 'INTERNAL', 'NOT_FINITE', 4]);
    assert.deepEqual(await askAll(batcher, [-1]), ['INTERNAL']);
    assert.deepEqual(await askAll(batcher, [3]), [6]);
  });
}

test('one answer that never comes is refused alone; two in a row, and the rest of the batch is not tried', async () => {
  const runner = doubling({ isAsync: true });
  const batcher = new Batcher(runner, new ManualClock(), OPTIONS);
  assert.deepEqual(await askAll(batcher, [1e7, 1, 1e7, 2]), ['LIMIT', 2, 'LIMIT', 4]);
  assert.deepEqual(
    await askAll(batcher, [2e5, 2e5, 2e5, 1]),
    ['LIMIT', 'LIMIT', 'LIMIT', 2],
    'not late at all',
  );
  const before = runner.batches.length;
  assert.deepEqual(await askAll(batcher, [1e7, 1e7, 1, 2]), ['LIMIT', 'LIMIT', 'LIMIT', 'LIMIT']);
  assert.equal(runner.batches.length - before, 3);
});

test('an answer of the wrong length is refused', async () => {
  const runner: Runner = { ...doubling(), run: () => new Float64Array(7) };
  const batcher = new Batcher(runner, new ManualClock(), OPTIONS);
  assert.deepEqual(await askAll(batcher, [1, 2]), ['SHAPE', 'SHAPE']);
  assert.equal(batcher.pending, 0);
});

test('beyond the queue questions are refused at once, and asked again later they are answered', async () => {
  const batcher = new Batcher(doubling(), new ManualClock(), { ...OPTIONS, maxQueue: 5 });
  const asked = askAll(batcher, [1, 2, 3, 4, 5]);
  await assert.rejects(batcher.ask(Float64Array.of(6)), { code: 'LIMIT', message: /5 questions wait/ });
  assert.equal((await asked).length, 5);
  assert.deepEqual(await askAll(batcher, [6]), [12]);
});

test('whatever is asked when: every question is settled once, as if it had been asked alone', async () => {
  const value = fc.constantFrom(1, 2, 3, 0, -1, 0.5);
  const bursts = fc.array(fc.array(value, { maxLength: 9 }), { maxLength: 6 });
  const settings = fc.record({ maxBatchSize: fc.nat({ max: 6 }).map((n) => n + 1), isAsync: fc.boolean() });
  const alone = (x: number): number | string => (x < 0 ? 'INTERNAL' : x === 0 ? 'NOT_FINITE' : 2 * x);
  await fc.assert(
    fc.asyncProperty(bursts, settings, async (all, { maxBatchSize, isAsync }) => {
      const clock = new ManualClock();
      const runner = doubling({ isAsync });
      const batcher = new Batcher(runner, clock, { ...OPTIONS, maxBatchSize, maxDelayMs: 3 });
      const asked = [];
      for (const burst of all) {
        asked.push(askAll(batcher, burst));
        clock.advance(2);
        await clock.turn();
      }
      const isIdle = batcher.idle();
      clock.advance(3);
      for (let i = 0; i < 200 && batcher.pending > 0; i += 1) {
        await clock.turn();
        clock.advance(1);
      }
      await isIdle;
      assert.deepEqual(
        await Promise.all(asked),
        all.map((burst) => burst.map(alone)),
      );
      assert.ok(runner.batches.every(({ length }) => length <= maxBatchSize));
    }),
  );
});
