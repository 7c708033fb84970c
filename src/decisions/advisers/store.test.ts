import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../base/index.ts';
import { type BaseQuestion, NEUTRAL_CODEC_QUESTION } from '../../blocks/index.ts';
import { codecRoom } from '../codec/index.ts';
import { Guard } from '../guard/index.ts';
import { CodecAdviser } from './codec.ts';
import { RoomAdviser } from './store.ts';

const codec = new CodecAdviser(new Guard({ room: codecRoom, clock: new ManualClock() }));

test('without a room for bases nobody is asked about them', () => {
  const adviser = new RoomAdviser({ codec });
  assert.equal(adviser.base, undefined);
  assert.equal(adviser.report().bases, undefined);
});

test('each question and each receipt goes to its room, and the report is of all', () => {
  const told: unknown[] = [];
  const report = {
    ...{ basesBy: 'similar@1', questions: 1, answeredByModel: 1 },
    ...{ declined: 0, kept: 1, notKept: 0 },
  };
  const similar = {
    base: (question: Readonly<BaseQuestion>) => question.candidates.length - 1,
    settleBase: (receipt: object) => told.push(receipt),
    report: () => report,
  };
  const adviser = new RoomAdviser({ codec, similar });
  const candidates = [{}, {}, {}] as unknown as BaseQuestion['candidates'];
  assert.equal(adviser.base?.({ candidates } as BaseQuestion), 2);
  const receipt = { number: 1, rawBytes: 10, deltaBytes: 2, aloneBytes: 0, isKept: true };
  adviser.settleBase(receipt);
  assert.deepEqual(told, [receipt]);
  const question = { ...NEUTRAL_CODEC_QUESTION, number: 1, rawBytes: 65_536, linkBitsPerSecond: 1e10 };
  assert.equal(adviser.codec(question), 'none');
  assert.deepEqual(adviser.report(), { ...codec.report(), bases: report });
});
