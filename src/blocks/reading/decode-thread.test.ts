import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noise } from '../../../test/sim/noise.ts';
import { must, Rng, sha256Hex } from '../../base/index.ts';
import { zstdEncode } from '../codec/index.ts';
import { Board, STATE } from './board.ts';
import { type Begun, DecodeThread, type Task } from './decode-thread.ts';

const rng = new Rng(1);
const RAW = Buffer.concat([noise(rng, 30_000), Buffer.alloc(20_000, 'a')]);
const NEAR = Buffer.concat([RAW, Buffer.from('more')]);

/** Looks at a word of memory: some seconds. */
const MOST_LOOKS = 1e8;

const plain = (raw: Buffer, id = sha256Hex(raw)): Task => ({
  codec: 'zstd',
  payload: zstdEncode(raw, { level: 3 }),
  rawLength: raw.length,
  id,
});

async function withThread(work: (thread: DecodeThread) => void | Promise<void>): Promise<void> {
  const thread = new DecodeThread();
  await thread.started;
  try {
    await work(thread);
  } finally {
    await thread.close();
  }
}

/** Begins a record and waits until the worker has decoded it. */
function ended(thread: DecodeThread, task: Task): Begun {
  const begun = must(thread.begin(task), 'room for a record');
  thread.wake();
  for (let looks = 0; !thread.isDone(begun); looks++)
    assert.ok(looks < MOST_LOOKS, 'it is decoded some time');
  return begun;
}

test('records are decoded elsewhere: alone, against bytes and against what is under way', () =>
  withThread((thread) => {
    const base = ended(thread, plain(RAW));
    const payload = zstdEncode(NEAR, { level: 3, base: RAW });
    const delta = { codec: 'zstd', payload, rawLength: NEAR.length, id: sha256Hex(NEAR) } as const;
    const onBytes = ended(thread, { ...delta, base: { bytes: RAW } });
    const onBegun = ended(thread, { ...delta, base: { from: base, start: 0, length: RAW.length } });
    for (const [begun, raw] of [
      [base, RAW],
      [onBytes, NEAR],
      [onBegun, NEAR],
    ] as const) {
      assert.ok(thread.collect(begun)?.equals(raw));
    }
    // Settled: whoever has the slot next is somebody else.
    assert.equal(thread.collect(base), undefined);
    assert.equal(thread.isDone(base), false);
  }));

test('what is wrong with a record is no answer', () =>
  withThread((thread) => {
    const good = plain(RAW);
    const bad: Task[] = [
      { ...good, id: sha256Hex(NEAR) },
      { ...good, payload: good.payload.subarray(0, 100) },
      { ...good, rawLength: RAW.length - 1 },
      { ...good, codec: 'lz4' },
    ];
    const begun = bad.map((task) => must(thread.begin(task), 'room'));
    const last = ended(thread, good);
    for (const one of begun) assert.ok(thread.collect(one) === undefined);
    assert.ok(thread.collect(last)?.equals(RAW));
  }));

test('a full arena takes nothing more, and what lies there stays as it is', () =>
  withThread((thread) => {
    const lent = ended(thread, plain(RAW));
    const view = must(thread.finish(lent), 'a view');
    const others = [];
    for (let begun = thread.begin(plain(NEAR)); begun !== undefined; begun = thread.begin(plain(NEAR)))
      others.push(begun);
    thread.wake();
    assert.ok(others.length > 100);
    for (const begun of others) thread.collect(begun);
    assert.ok(RAW.equals(view));
    assert.equal(thread.begin(plain(NEAR)), undefined, 'the lent piece is still in the way');
    thread.settle(lent);
    assert.ok(thread.begin(plain(NEAR)));
  }));

test('a thread that has ended gives no answers and takes no records', () =>
  withThread(async (thread) => {
    const begun = ended(thread, plain(RAW));
    await thread.close();
    assert.equal(thread.isReady, false);
    assert.equal(thread.collect(begun), undefined);
    assert.equal(thread.begin(plain(RAW)), undefined);
  }));

test('nobody waits for ever for a worker that stopped', () => {
  const board = Board.allocate(new SharedArrayBuffer(16));
  const job = { codec: 'none', payloadAt: 0, payloadLength: 0, rawLength: 0 } as const;
  board.post(3, { ...job, baseAt: -1, baseLength: 0, outAt: 0, id: undefined });
  assert.equal(board.takeBack(3), true);
  assert.equal(board.takeBack(3), false, 'once');
  const words = new Int32Array(board.shared.words);
  assert.equal(board.isReady, false);
  assert.equal(board.waitFor(3, 1), true, 'it was not begun');
  // As if the worker had begun it and died.
  const slotWords = 9;
  words[2 + 3 * slotWords] = STATE.begun;
  assert.equal(board.waitFor(3, 1), false);
});
