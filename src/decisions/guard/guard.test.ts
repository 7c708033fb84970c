import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../../base/index.ts';
import { heapChange } from '../../learn/kernels/testing/heap-change.ts';
import type { Hint, Receipt, Room, RoomModel } from '../contract/index.ts';
import { type Assign, type Decision, Guard } from './guard.ts';

type Question = { readonly size: number };

/** A room that doubles: legal answers are whole numbers from 0 to 100. */
const doubling: Room<Question, number> = {
  name: 'doubling',
  features: [],
  fallback: 0,
  heuristic: ({ size }) => {
    if (size < 0) throw new RangeError('negative');
    return Math.min(100, 2 * size);
  },
  isLegal: (value): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 100,
  open: () => answering(1),
};

function answering(value: unknown): RoomModel<Question, number> {
  return { version: 'test@1', choose: () => value as number };
}

const throwing: RoomModel<Question, number> = {
  version: 'test@2',
  choose: () => {
    throw new TypeError('no such attribute');
  },
};

function newGuard(assign?: Assign): { guard: Guard<Question, number>; clock: ManualClock } {
  const clock = new ManualClock();
  const guard = new Guard({ room: doubling, clock, ...(assign === undefined ? {} : { assign }) });
  return { guard, clock };
}

test('without a model the rule answers and says so', () => {
  const { guard } = newGuard();
  const hint = guard.ask({ size: 4 });
  assert.deepEqual(
    { ...hint },
    {
      value: 8,
      source: 'heuristic',
      reason: 'no-model',
      breaker: 'closed',
      propensity: 1,
      decisionId: 1,
    },
  );
  assert.equal(guard.isHealthy(), false);
});

test('a model answers under the name it came with, whatever it says later', () => {
  const { guard } = newGuard();
  const model = { version: 'test@1' as `${string}@${string}`, choose: () => 7 };
  guard.install(model);
  model.version = 'other@9';
  const hint = guard.ask({ size: 4 });
  assert.equal(hint.value, 7);
  assert.equal(hint.source, 'test@1');
  assert.equal(guard.isHealthy(), true);
});

test('a rule that throws leaves the default', () => {
  const { guard } = newGuard();
  const hint = guard.ask({ size: -1 });
  assert.deepEqual([hint.value, hint.source, hint.reason], [0, 'default', 'heuristic-failed']);
});

test('an assignment that throws, and a rule that answers nonsense, are no way out either', () => {
  const throwing = {
    propensity: 1,
    useModel: (): boolean => {
      throw new RangeError('assign');
    },
  };
  const { guard } = newGuard(throwing);
  guard.install(answering(50));
  assert.deepEqual([guard.ask({ size: 3 }).value, guard.ask({ size: 3 }).reason], [6, 'assigned']);
  const nonsense = new Guard({
    room: { ...doubling, heuristic: () => Number.NaN },
    clock: new ManualClock(),
  });
  const hint = nonsense.ask({ size: 3 });
  assert.deepEqual([hint.value, hint.source, hint.reason], [0, 'default', 'heuristic-failed']);
});

test('NaN, what is out of range, no number, a promise: the rule answers and the reason is named', () => {
  const promises = [Promise.resolve(7), Promise.reject(new Error('late'))];
  for (const value of [Number.NaN, -1, 101, 0.5, '7', undefined, null, ...promises, Symbol('x')]) {
    const { guard } = newGuard();
    guard.install(answering(value));
    const hint = guard.ask({ size: 3 });
    assert.deepEqual([hint.value, hint.source, hint.reason], [6, 'heuristic', 'illegal'], String(value));
  }
});

test('a model that throws is rested after five failures and comes back when it is well', () => {
  const { guard, clock } = newGuard();
  let ill = true;
  guard.install({ version: 'test@3', choose: () => (ill ? throwing.choose({ size: 0 }) : 9) });
  for (let i = 0; i < 5; i += 1) assert.equal(guard.ask({ size: 1 }).reason, 'exception');
  assert.equal(guard.ask({ size: 1 }).reason, 'breaker-open');
  assert.equal(guard.ask({ size: 1 }).breaker, 'open');
  assert.equal(guard.isHealthy(), false);
  ill = false;
  clock.advance(60_000);
  assert.equal(guard.ask({ size: 1 }).value, 9);
  assert.equal(guard.ask({ size: 1 }).value, 9);
  assert.equal(guard.isHealthy(), true);
  assert.equal(guard.counters.exception, 5);
});

test('an answer that comes too late is a failure, however good', () => {
  const { guard, clock } = newGuard();
  guard.install({
    version: 'slow@1',
    choose: () => {
      clock.advance(11);
      return 5;
    },
  });
  const hint = guard.ask({ size: 2 });
  assert.deepEqual([hint.value, hint.source, hint.reason], [4, 'heuristic', 'over-budget']);
});

test('a model that is slow and good in turns costs less than one budget per ask, however slow it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 11, max: 5000 }), fc.integer({ min: 1, max: 6 }), (slowMs, goodOnes) => {
      const { guard, clock } = newGuard();
      let asked = 0;
      guard.install({
        version: 'moody@1',
        choose: () => {
          asked += 1;
          if (asked % (goodOnes + 1) === 0) clock.advance(slowMs);
          return 5;
        },
      });
      const startedMs = clock.monotonicMs();
      for (let i = 0; i < 300 && guard.breaker.state === 'closed'; i += 1) guard.ask({ size: 1 });
      // What it spent before the breaker opened lies at most five failures above what its successes paid for.
      const spentMs = clock.monotonicMs() - startedMs;
      assert.ok(spentMs < 10 * (asked + 5) + slowMs, `${spentMs} ms for ${asked} answers`);
    }),
  );
});

test('where a model did not earn its place the rule answers, and that is no failure', () => {
  const { guard } = newGuard();
  guard.install({ ...answering(9), serves: ({ size }) => size > 10 });
  for (let i = 0; i < 20; i += 1) assert.equal(guard.ask({ size: 3 }).reason, 'not-served');
  assert.equal(guard.ask({ size: 3 }).source, 'heuristic');
  assert.deepEqual([guard.modelServes({ size: 3 }), guard.modelServes({ size: 11 })], [false, true]);
  assert.equal(guard.ask({ size: 11 }).value, 9);
  assert.equal(guard.isHealthy(), true);
});

test('the assignment decides who answers, and its propensity is in the hint', () => {
  const assign = {
    propensity: 0,
    useModel(decisionId: number): boolean {
      this.propensity = decisionId % 4 === 0 ? 0.25 : 0.75;
      return decisionId % 4 === 0;
    },
  };
  const { guard } = newGuard(assign);
  guard.install(answering(50));
  const hints = Array.from({ length: 8 }, () => ({ ...guard.ask({ size: 1 }) }));
  assert.deepEqual(
    hints.map(({ value }) => value),
    [2, 2, 2, 50, 2, 2, 2, 50],
  );
  assert.deepEqual(
    hints.map(({ propensity }) => propensity),
    [0.75, 0.75, 0.75, 0.25, 0.75, 0.75, 0.75, 0.25],
  );
  assert.equal(guard.counters.assigned, 6);
});

test('every ask is counted under exactly one path', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(undefined))),
      (answers) => {
        const { guard, clock } = newGuard();
        let at = 0;
        guard.install({ version: 'any@1', choose: () => answers[at] as number });
        for (at = 0; at < answers.length; at += 1) {
          const hint = guard.ask({ size: at % 60 });
          assert.ok(doubling.isLegal(hint.value, { size: at }));
          clock.advance(20_000);
        }
        const { asks, receipts, unknownReceipts, failedReceipts, ...paths } = guard.counters;
        const sum = Object.values(paths).reduce((total, count) => total + count, 0);
        assert.deepEqual(
          [asks, sum, receipts, unknownReceipts, failedReceipts],
          [answers.length, answers.length, 0, 0, 0],
        );
      },
    ),
  );
});

test('receipts find their decision; late, foreign and senseless ones are counted and dropped', () => {
  const told: [Receipt, Decision<number>][] = [];
  const clock = new ManualClock();
  const guard = new Guard({
    room: doubling,
    clock,
    onReceipt: (receipt, decision) => told.push([{ ...receipt }, { ...decision }]),
  });
  guard.install(answering(3));
  const { decisionId } = guard.ask({ size: 1 });
  const receipt = { decisionId, ok: true, bytes: 10, seconds: 0.5 };
  guard.settle(receipt);
  assert.deepEqual(told, [
    [
      receipt,
      { decisionId: 1, value: 3, source: 'test@1', reason: 'model', propensity: 1, breaker: 'closed' },
    ],
  ]);
  for (const wrong of [0, -5, 2, 0.5, Number.NaN]) guard.settle({ ...receipt, decisionId: wrong });
  guard.settle({ ...receipt, bytes: Number.NaN });
  for (let i = 0; i < 2047; i += 1) guard.ask({ size: 1 });
  guard.settle(receipt);
  assert.equal(told.length, 2, 'still known');
  guard.ask({ size: 1 });
  guard.settle(receipt);
  assert.equal(told.length, 2);
  assert.equal(guard.counters.unknownReceipts, 7);
});

test('whoever rejects a promise where none is wanted disturbs nobody', () => {
  const rejecting = (): never => Promise.reject(new Error('late')) as never;
  const options = { room: doubling, clock: new ManualClock(), onReceipt: rejecting };
  const guard = new Guard({ ...options, assign: { useModel: rejecting, propensity: 0.5 } });
  guard.install({ version: 'test@1', serves: rejecting, choose: () => 7 });
  assert.ok(guard.modelServes({ size: 1 }));
  const { decisionId, value } = guard.ask({ size: 1 });
  guard.settle({ decisionId, ok: true, bytes: 1, seconds: 1 });
  assert.deepEqual([value, guard.counters.unknownReceipts], [7, 0]);
});

test('a listener that throws disturbs nobody', () => {
  const clock = new ManualClock();
  const guard = new Guard({
    room: doubling,
    clock,
    onReceipt: () => {
      throw new RangeError('listener');
    },
  });
  const { decisionId } = guard.ask({ size: 1 });
  guard.settle({ decisionId, ok: false, bytes: 1, seconds: 1 });
  assert.equal(guard.counters.failedReceipts, 1);
});

test('a tap hears of every decision when it is made, and may throw or reject', () => {
  const heard: [number, number, string][] = [];
  const tap = {
    offer: ({ size }: Readonly<Question>, { value, reason }: Readonly<Hint<number>>): unknown => {
      heard.push([size, value, reason]);
      if (size === 2) throw new RangeError('tap');
      return size === 3 ? Promise.reject(new Error('late')) : undefined;
    },
  };
  const guard = new Guard({ room: doubling, clock: new ManualClock(), tap });
  for (let size = 1; size <= 4; size += 1) assert.equal(guard.ask({ size }).value, 2 * size);
  assert.deepEqual(heard, [
    [1, 2, 'no-model'],
    [2, 4, 'no-model'],
    [3, 6, 'no-model'],
    [4, 8, 'no-model'],
  ]);
});

test('asking allocates nothing, also where lots are drawn', () => {
  const assign = {
    propensity: 0.25,
    useModel(decisionId: number): boolean {
      const isModel = decisionId % 4 === 0;
      this.propensity = isModel ? 0.25 : 0.75;
      return isModel;
    },
  };
  const { guard } = newGuard(assign);
  guard.install(answering(50));
  const question = { size: 1 };
  const ask = (): void => void guard.ask(question);
  const change = heapChange(ask, () => process.memoryUsage().heapUsed);
  assert.ok(change <= 1, `${change} bytes a decision`);
});
