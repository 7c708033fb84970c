import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../base/index.ts';
import type { CodecQuestion } from '../../blocks/index.ts';
import { type CodecValue, codecRoom } from '../codec/index.ts';
import { Guard } from '../guard/index.ts';
import { RoomAdviser } from './store.ts';

const TEXT = 2;

const questionOf = (linkBitsPerSecond: number): CodecQuestion => ({
  ...{ number: 1, rawBytes: 65_536, fileKind: TEXT, fileOffsetBytes: 0, isLeaf: true, siblingRatio: 0.4 },
  ...{ sampleEntropyBits: 5, probeRatio: 0.6, linkBitsPerSecond, cpuPressure: 0 },
});

function newAdviser(): { adviser: RoomAdviser; guard: Guard<CodecQuestion, CodecValue> } {
  const guard = new Guard({ room: codecRoom, clock: new ManualClock() });
  return { adviser: new RoomAdviser(guard), guard };
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
  const adviser = new RoomAdviser(guard, 'built-in');
  assert.equal(adviser.codec(questionOf(2e7)), undefined);
  guard.install({ version: 'codec@1', choose: () => 'none' });
  assert.equal(adviser.codec(questionOf(2e7)), 'none');
  assert.deepEqual(adviser.report().codecs, { zstd: 1, none: 1 });
});

test('a link nobody told about is learnt from receipts', () => {
  const { adviser } = newAdviser();
  assert.equal(adviser.codecSteps(65_536, 0), 'none');
  assert.equal(adviser.codec(questionOf(0)), 'lz4');
  adviser.settleCodec({ number: 1, bytes: 1_250_000, seconds: 1 });
  assert.equal(adviser.codec(questionOf(0)), 'zstd-9');
  assert.equal(adviser.codec(questionOf(1e10)), 'none', 'what is told counts more');
});
