import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_CHAIN_DEPTH } from '../../base/index.ts';
import type { BaseQuestion, BaseReceipt, StoreAdviser } from '../questions.ts';
import { BaseAdvice } from './base-advice.ts';
import { RESEMBLANCE_ENTRY_BYTES, ResemblanceIndex } from './resemblance.ts';
import { RunningRatios } from './running-ratios.ts';

const FEATURES = Uint32Array.from({ length: 12 }, (_, i) => 100 + i);
const SEEKER = {
  ...{ rawLength: 2000, fileKind: 3, nameClass: 77, fileNumber: 1, isTree: false },
  depthLimit: MAX_CHAIN_DEPTH,
};

/** Two blocks that share 9 and 5 of the features. */
function indexOfTwo(): ResemblanceIndex {
  const index = new ResemblanceIndex(64 * RESEMBLANCE_ENTRY_BYTES);
  const sharing = (shared: number): Uint32Array =>
    FEATURES.map((value, i) => (i < shared ? value : value ^ 0x55));
  index.add(sharing(5), { id: 'five', depth: 1, rawLength: 1000 });
  index.add(sharing(9), { id: 'nine', depth: 0, rawLength: 3000, storedRatio: 0.25 });
  return index;
}

const choice = (adviser: StoreAdviser): string | undefined =>
  new BaseAdvice(adviser, new RunningRatios()).choose(indexOfTwo(), FEATURES, SEEKER)?.id;

test('built in: the block that shares most features', () => {
  assert.equal(choice({}), 'nine');
});

test('a legal answer is used, -1 means none', () => {
  assert.equal(choice({ base: () => 0 }), 'nine');
  assert.equal(choice({ base: () => 1 }), 'five');
  assert.equal(choice({ base: () => -1 }), undefined);
});

test('any other answer counts as none', () => {
  const nonsense = [undefined, null, Number.NaN, 2, -2, 0.5, 1e9, '1', true, {}, [1], 1n, () => 0];
  for (const answer of [...nonsense, Promise.reject(new Error('late'))]) {
    assert.equal(choice({ base: () => answer as never }), 'nine', String(answer));
  }
  const throwing = (): never => {
    throw new RangeError('an adviser failed');
  };
  assert.equal(choice({ base: throwing }), 'nine');
});

test('an adviser that spoils the question spoils its own answers only', () => {
  const spoiling = (question: object): number => {
    Object.freeze(question);
    return 1;
  };
  const advice = new BaseAdvice({ base: spoiling }, new RunningRatios());
  const chosen = [1, 2].map(() => advice.choose(indexOfTwo(), FEATURES, SEEKER)?.id);
  assert.deepEqual(chosen, ['five', 'nine']);
});

/** Copies of the questions that are asked. */
function questionsOf(ask: (advice: BaseAdvice) => void, siblings = new RunningRatios()): BaseQuestion[] {
  const questions: BaseQuestion[] = [];
  const base = (question: Readonly<BaseQuestion>): undefined => {
    questions.push(structuredClone(question));
  };
  ask(new BaseAdvice({ base }, siblings));
  return questions;
}

test('a question holds sizes, classes, counts and history, and no content', () => {
  const [question] = questionsOf((advice) => advice.choose(indexOfTwo(), FEATURES, SEEKER));
  const known = { chainDepth: 0, ageBlocks: 1, stepsFromLast: 0 };
  assert.deepEqual(
    { ...question, candidates: [] },
    {
      ...{ number: 1, rawBytes: 2000, fileKind: 3, isLeaf: true, candidates: [] },
      ...{ siblingRatio: 0.5, fileDeltaRatio: 0.5, classDeltaRatio: 0.5 },
    },
  );
  const [nine, five] = question?.candidates ?? [];
  assert.ok(Math.abs((nine?.storedRatio ?? 0) - 0.25) < 0.01);
  assert.deepEqual(
    { ...nine, storedRatio: 0 },
    { rawBytes: 3000, sharedFeatures: 9, ...known, storedRatio: 0 },
  );
  const older = { rawBytes: 1000, sharedFeatures: 5, chainDepth: 1, ageBlocks: 2, stepsFromLast: 0 };
  assert.deepEqual(five, { ...older, storedRatio: 0.5 }, 'what is not known yet is neutral');
});

test('history: how blocks of the file stood alone, how its deltas came out, which base was taken last', () => {
  const siblings = new RunningRatios();
  const questions = questionsOf((advice) => {
    const index = indexOfTwo();
    const ask = (seeker = SEEKER): void => void advice.choose(index, FEATURES, seeker);
    const settle = (deltaBytes: number): void =>
      advice.settle(advice.number, SEEKER, { deltaBytes, aloneBytes: 0, isKept: true });
    ask();
    settle(200);
    siblings.note(1, 0.3);
    ask();
    settle(1200);
    ask();
    // Another file of the same kind of name, one of another size, and a tree node.
    ask({ ...SEEKER, fileNumber: 2 });
    ask({ ...SEEKER, fileNumber: 2, rawLength: 100_000 });
    ask({ ...SEEKER, fileNumber: 2, isTree: true });
  }, siblings);
  const rounded = (value: number): number => Math.round(value * 1000) / 1000;
  assert.deepEqual(
    questions.map(({ number, siblingRatio, fileDeltaRatio, classDeltaRatio }) =>
      [number, siblingRatio, fileDeltaRatio, classDeltaRatio].map(rounded),
    ),
    [
      [1, 0.5, 0.5, 0.5],
      [2, 0.3, 0.1, 0.1],
      [3, 0.3, 0.2, 0.2],
      [4, 0.5, 0.5, 0.2],
      [5, 0.5, 0.5, 0.5],
      [6, 0.5, 0.5, 0.5],
    ],
  );
  assert.deepEqual(
    questions.map(({ candidates }) => candidates.map(({ stepsFromLast }) => stepsFromLast)),
    [[0, 0], ...Array.from({ length: 5 }, () => [0, -1])],
    'counted from the base taken before',
  );
});

test('an adviser that freezes a receipt hears of no other', () => {
  const heard: number[] = [];
  const settleBase = (receipt: Readonly<BaseReceipt>): void => {
    heard.push(Object.freeze(receipt).number);
  };
  const advice = new BaseAdvice({ base: () => 0, settleBase }, new RunningRatios());
  for (const number of [1, 2])
    advice.settle(number, SEEKER, { deltaBytes: 150, aloneBytes: 0, isKept: true });
  assert.deepEqual(heard, [1]);
});

test('what a base came to is told under its number, and an adviser that throws is not asked to stop', () => {
  const receipts: BaseReceipt[] = [];
  const settleBase = (receipt: Readonly<BaseReceipt>): void => {
    receipts.push({ ...receipt });
    throw new RangeError('an adviser failed');
  };
  const advice = new BaseAdvice({ base: () => 0, settleBase }, new RunningRatios());
  advice.choose(indexOfTwo(), FEATURES, SEEKER);
  advice.choose(indexOfTwo(), FEATURES, SEEKER);
  advice.settle(1, SEEKER, { deltaBytes: 150, aloneBytes: 0, isKept: true });
  advice.settle(2, SEEKER, { deltaBytes: 0, aloneBytes: 1000, isKept: false });
  assert.deepEqual(receipts, [
    { number: 1, rawBytes: 2000, deltaBytes: 150, aloneBytes: 0, isKept: true },
    { number: 2, rawBytes: 2000, deltaBytes: 0, aloneBytes: 1000, isKept: false },
  ]);
});
