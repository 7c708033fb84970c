import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workbench } from '../../../test/golden/workbench.ts';
import { edited, text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { KIB, ManualClock, Rng } from '../../base/index.ts';
import { type CodecQuestion, OPEN_CODEC_QUESTIONS } from '../../blocks/index.ts';
import { type CodecValue, codecRoom } from '../codec/index.ts';
import { Guard } from '../guard/index.ts';
import { CodecAdviser, type CodecSettlement } from './codec.ts';

const TEXT = 2;

const questionOf = (linkBitsPerSecond: number): CodecQuestion => ({
  ...{ number: 1, rawBytes: 65_536, fileKind: TEXT, fileOffsetBytes: 0, isLeaf: true, siblingRatio: 0.4 },
  ...{ sampleEntropyBits: 5, probeRatio: 0.6, linkBitsPerSecond, cpuPressure: 0 },
});

function newAdviser(): { adviser: CodecAdviser; guard: Guard<CodecQuestion, CodecValue> } {
  const guard = new Guard({ room: codecRoom, clock: new ManualClock() });
  return { adviser: new CodecAdviser(guard), guard };
}

test('without a model the rule answers, and measures nothing', () => {
  const { adviser } = newAdviser();
  assert.equal(adviser.codec(questionOf(1e7)), 'zstd-9');
  assert.equal(adviser.codec(questionOf(1e10)), 'none');
  assert.equal(adviser.codecSteps(65_536, 1e7), 'none');
  assert.deepEqual(adviser.report(), {
    codecBy: 'heuristic',
    questions: 2,
    answeredByModel: 0,
    codecs: { 'zstd-9': 1, none: 1 },
  });
});

test('a model is asked and its steps are taken; when it rests, the rule has its own', () => {
  const { adviser, guard } = newAdviser();
  let ill = false;
  guard.install({
    version: 'codec@7',
    choose: () => {
      if (ill) throw new RangeError('ill');
      return 'snappy';
    },
  });
  assert.equal(adviser.codec(questionOf(1e8)), 'snappy');
  assert.equal(adviser.codecSteps(65_536, 1e8), 'entropy+probe');
  ill = true;
  for (let i = 0; i < 6; i += 1) adviser.codec(questionOf(1e8));
  assert.equal(adviser.codecSteps(65_536, 1e8), 'none');
  assert.equal(adviser.report().codecBy, 'codec@7');
});

test("where the level is the store's, the room only says whether zstd is worth it", () => {
  const guard = new Guard({ room: codecRoom, clock: new ManualClock() });
  const adviser = new CodecAdviser(guard, 'built-in');
  assert.equal(adviser.codec(questionOf(2e7)), undefined);
  guard.install({ version: 'codec@1', choose: () => 'none' });
  assert.equal(adviser.codec(questionOf(2e7)), 'none');
  assert.deepEqual(adviser.report().codecs, { zstd: 1, none: 1 });
});

test('a link nobody told about is learnt from receipts', () => {
  const { adviser } = newAdviser();
  assert.equal(adviser.codecSteps(65_536, 0), 'none');
  assert.equal(adviser.codec(questionOf(0)), codecRoom.heuristic(questionOf(0)));
  adviser.settleLink({ bytes: 1_250_000, seconds: 1 });
  assert.equal(adviser.codec(questionOf(0)), codecRoom.heuristic(questionOf(1e7)));
  assert.equal(adviser.codec(questionOf(1e10)), 'none', 'what is told counts more');
});

test('every decision of a pack gets its own receipt, in order: what its block came to', async () => {
  const told: {
    number: number;
    asked: number;
    decided: number;
    value: string;
    storedAs: string;
    bytes: number;
  }[] = [];
  const guard = new Guard<CodecQuestion, CodecValue, CodecSettlement>({
    ...{ room: codecRoom, clock: new ManualClock() },
    onReceipt: ({ question, block, ok, bytes }, { decisionId, value }) => {
      assert.equal(question.rawBytes, block.rawBytes);
      assert.equal(ok, block.storedAs !== 'delta', 'a smaller delta takes the place of what was decided');
      const { number, storedAs } = block;
      told.push({ number, asked: question.number, decided: decisionId, value, storedAs, bytes });
    },
  });
  const rng = new Rng(1);
  const texts = Array.from({ length: 30 }, () => text(rng, 60 * KIB));
  const files = [...texts, ...texts.slice(0, 5).map((bytes) => edited(rng, bytes)), noise(rng, 300 * KIB)];
  const bench = new Workbench();
  bench.build(files.map((bytes, i) => ({ path: `f${i}`, bytes })));
  const link = { linkBitsPerSecond: 1e8, cpuPressure: 0 };
  const { codecs } = await bench.pack({ adviser: new CodecAdviser(guard), surroundings: link });
  const { asks, receipts, unknownReceipts } = guard.counters;
  assert.deepEqual([receipts, unknownReceipts, told.length], [asks, 0, asks]);
  assert.deepEqual(
    told.map(({ number, asked, decided }) => [number, asked, decided]),
    told.map((_, i) => [i + 1, i + 1, i + 1]),
  );
  // What stands alone is stored as the receipts say, to the byte; the rest of zstd are deltas and tree nodes.
  for (const codec of ['none', 'lz4', 'snappy']) {
    const settled = told.filter(({ storedAs }) => storedAs === codec).map(({ bytes }) => bytes);
    assert.equal(
      codecs[codec]?.bytes ?? 0,
      settled.reduce((sum, bytes) => sum + bytes, 0),
      codec,
    );
  }
  assert.ok(
    told.some(({ storedAs }) => storedAs === 'delta') && told.some(({ storedAs }) => storedAs === 'none'),
  );
});

test('as many decisions as a writer ever has open are settled; an older one is unknown', () => {
  const { adviser, guard } = newAdviser();
  const question = questionOf(1e8);
  const settle = (number: number): void =>
    adviser.settleCodec({ number, blockId: 'a', rawBytes: 1, storedAs: 'none', bytes: 1, seconds: 0 });
  for (let number = 1; number <= OPEN_CODEC_QUESTIONS; number += 1) adviser.codec({ ...question, number });
  for (let number = 1; number <= OPEN_CODEC_QUESTIONS; number += 1) settle(number);
  assert.equal(guard.counters.unknownReceipts, 0);
  adviser.codec({ ...question, number: OPEN_CODEC_QUESTIONS + 1 });
  settle(1);
  assert.deepEqual([guard.counters.receipts, guard.counters.unknownReceipts], [OPEN_CODEC_QUESTIONS + 1, 1]);
});
