import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../base/index.ts';
import {
  BaseAdvice,
  type BaseQuestion,
  type BaseReceipt,
  ResemblanceIndex,
  RunningRatios,
} from '../../blocks/index.ts';
import { heapChange } from '../../learn/kernels/testing/heap-change.ts';
import { Guard } from '../guard/index.ts';
import { similarRoom } from '../similar/index.ts';
import { type BaseSettlement, exactHashOnly, SimilarAdviser } from './similar.ts';

const candidate = {
  ...{ rawBytes: 60_000, sharedFeatures: 6, chainDepth: 0, ageBlocks: 5 },
  ...{ storedRatio: 0.5, stepsFromLast: 3 },
};
const questionOf = (number: number): BaseQuestion => ({
  ...{ number, rawBytes: 60_000, fileKind: 2, isLeaf: true },
  ...{ siblingRatio: 0.5, fileDeltaRatio: 0.5, classDeltaRatio: 0.5 },
  candidates: [candidate, candidate, candidate],
});
const receiptOf = (number: number, isKept: boolean): BaseReceipt => ({
  ...{ number, rawBytes: 60_000, deltaBytes: 700, aloneBytes: 0, isKept },
});

function newAdviser(onReceipt?: (told: Readonly<BaseSettlement>) => void) {
  const guard = new Guard<BaseQuestion, number, BaseSettlement>({
    ...{ room: similarRoom, clock: new ManualClock() },
    ...(onReceipt === undefined ? {} : { onReceipt }),
  });
  return { guard, adviser: new SimilarAdviser(guard) };
}

test('without a model the first candidate; with one what it says', () => {
  const { guard, adviser } = newAdviser();
  assert.equal(adviser.base(questionOf(1)), 0);
  guard.install({ version: 'similar@1', choose: ({ number }) => (number === 2 ? 2 : -1) });
  assert.equal(adviser.base(questionOf(2)), 2);
  assert.equal(adviser.base(questionOf(3)), -1);
  const asked = { basesBy: 'similar@1', questions: 3, answeredByModel: 2 };
  assert.deepEqual(adviser.report(), { ...asked, declined: 1, kept: 0, notKept: 0 });
});

test('a receipt goes to its own decision, however late, and is counted', () => {
  const told: BaseSettlement[] = [];
  const { guard, adviser } = newAdviser((settlement) => told.push(structuredClone(settlement)));
  for (let number = 1; number <= 5; number += 1) adviser.base(questionOf(number));
  adviser.settleBase(receiptOf(2, true));
  adviser.settleBase(receiptOf(4, false));
  adviser.settleBase(receiptOf(77, true));
  assert.deepEqual(
    told.map(({ decisionId, ok, bytes, base }) => [decisionId, ok, bytes, base.number]),
    [
      [2, true, 700, 2],
      [4, false, 700, 4],
    ],
  );
  assert.deepEqual([guard.counters.unknownReceipts, guard.counters.failedReceipts], [1, 1]);
  const { kept, notKept } = adviser.report();
  assert.deepEqual([kept, notKept], [2, 1]);
});

test('what a block took goes to its decision, a base or not, however late and over writers', () => {
  const told: [number, number][] = [];
  const guard = new Guard<BaseQuestion, number, BaseSettlement>({
    room: similarRoom,
    clock: new ManualClock(),
  });
  const adviser = new SimilarAdviser(guard, ({ storedBytes }, decisionId) =>
    told.push([decisionId, storedBytes]),
  );
  guard.install({ version: 'similar@1', choose: () => -1 });
  for (let number = 1; number <= 5000; number += 1) adviser.base(questionOf(number));
  adviser.settleStored({ number: 2, rawBytes: 60_000, storedBytes: 20 });
  adviser.base(questionOf(1));
  adviser.settleStored({ number: 1, rawBytes: 60_000, storedBytes: 30 });
  assert.deepEqual(told, [
    [2, 20],
    [5001, 30],
  ]);
});

test('with the exact hash alone there is never a base', () => {
  assert.equal(exactHashOnly.base(questionOf(1)), -1);
  exactHashOnly.settleBase(receiptOf(1, true));
  assert.equal(exactHashOnly.report().basesBy, 'exact');
});

test('looking up, asking and answering allocate nothing', () => {
  const index = new ResemblanceIndex(1 << 20);
  const features = Uint32Array.from({ length: 12 }, (_, i) => 1 + i);
  for (let i = 0; i < 20; i += 1) index.add(features, { id: String(i), depth: i % 4, rawLength: 50_000 + i });
  const seeker = {
    rawLength: 50_000,
    fileKind: 2,
    nameClass: 1,
    fileNumber: 1,
    isTree: false,
    depthLimit: 4,
  };
  for (const asked of [{}, newAdviser().adviser]) {
    const advice = new BaseAdvice(asked, new RunningRatios());
    const bytes = heapChange(
      () => void advice.choose(index, features, seeker),
      () => process.memoryUsage().heapUsed,
    );
    assert.ok(bytes <= 1, `${bytes} bytes a choice`);
  }
});
