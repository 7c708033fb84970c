// The model beside: who decides what an assignment does not give to the model.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../../base/index.ts';
import { heapChange } from '../../learn/kernels/testing/heap-change.ts';
import type { Room, RoomModel } from '../contract/index.ts';
import { type Assign, Guard } from './guard.ts';

type Question = { readonly size: number };

/** A room that doubles: legal answers are whole numbers from 0 to 100. */
const doubling: Room<Question, number> = {
  name: 'doubling',
  features: [],
  fallback: 0,
  heuristic: ({ size }) => Math.min(100, 2 * size),
  isLegal: (value): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 100,
  open: () => answering(1),
};

function answering(value: unknown): RoomModel<Question, number> {
  return { version: 'test@1', choose: () => value as number };
}

function newGuard(assign: Assign): { guard: Guard<Question, number>; clock: ManualClock } {
  const clock = new ManualClock();
  return { guard: new Guard({ room: doubling, clock, assign }), clock };
}

/** Gives every second decision to the model. */
const everySecond: Assign = { propensity: 0.5, useModel: (decisionId) => decisionId % 2 === 0 };

test('a model beside decides what the assignment does not give to the model', () => {
  const { guard } = newGuard(everySecond);
  guard.install(answering(50), { version: 'beside@1', choose: () => 40 });
  const asked = [1, 2].map(() => ({ ...guard.ask({ size: 3 }) }));
  assert.deepEqual(
    asked.map(({ value, source, reason, propensity }) => [value, source, reason, propensity]),
    [
      [40, 'beside@1', 'assigned', 0.5],
      [50, 'test@1', 'model', 0.5],
    ],
  );
  guard.install(answering(50));
  assert.deepEqual([guard.ask({ size: 3 }).source, guard.ask({ size: 3 }).source], ['heuristic', 'test@1']);
});

test('whatever the model beside does, the rule answers in its place and the model goes on', () => {
  const promises = [Promise.resolve(7), Promise.reject(new Error('late'))];
  for (const value of [Number.NaN, -1, 101, '7', undefined, ...promises]) {
    const { guard } = newGuard(everySecond);
    guard.install(answering(50), answering(value));
    for (let i = 0; i < 20; i += 1) {
      const { value, source } = guard.ask({ size: 3 });
      assert.deepEqual([value, source], i % 2 === 0 ? [6, 'heuristic'] : [50, 'test@1']);
    }
    assert.equal(guard.isHealthy(), true);
    assert.equal(guard.counters.assigned, 10);
  }
});

test('a model beside that is slow rests, and what it needs measured is measured while it is well', () => {
  const { guard, clock } = newGuard({ propensity: 1, useModel: () => false });
  let asked = 0;
  const slow: RoomModel<Question, number> = {
    version: 'slow@1',
    choose: () => {
      asked += 1;
      clock.advance(11);
      return 5;
    },
  };
  guard.install({ ...answering(50), serves: () => false }, slow);
  assert.equal(guard.modelServes({ size: 2 }), true);
  for (let i = 0; i < 20; i += 1) assert.equal(guard.ask({ size: 2 }).source, 'heuristic');
  assert.deepEqual([asked, guard.isHealthy(), guard.modelServes({ size: 2 })], [5, true, false]);
});

test('an ask always has a legal answer and says whose it is, whatever both models do', () => {
  const said = fc.constantFrom<unknown>(7, 100, Number.NaN, -1, '7', undefined, 'throw', 'slow', 'no');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), said, said), { maxLength: 40 }), (steps) => {
      let now: (typeof steps)[number] = [false, 0, 0];
      const { guard, clock } = newGuard({ propensity: 0.5, useModel: () => now[0] });
      const moody = (version: 'test@1' | 'beside@1', what: () => unknown): RoomModel<Question, number> => ({
        version,
        serves: () => what() !== 'no',
        choose: () => {
          if (what() === 'throw') throw new TypeError('ill');
          if (what() === 'slow') clock.advance(11);
          return (what() === 'slow' ? 5 : what()) as number;
        },
      });
      guard.install(
        moody('test@1', () => now[1]),
        moody('beside@1', () => now[2]),
      );
      for (const step of steps) {
        now = step;
        const { value, source, reason } = guard.ask({ size: 3 });
        const own = step[0] ? step[1] : step[2];
        const expected = source === 'heuristic' ? 6 : own;
        assert.equal(value, expected);
        assert.ok(['heuristic', step[0] ? 'test@1' : 'beside@1'].includes(source));
        assert.equal(reason === 'assigned', !step[0]);
      }
    }),
  );
});

test('asking the model beside allocates nothing', () => {
  const { guard } = newGuard({ propensity: 0.5, useModel: (decisionId) => decisionId % 2 === 0 });
  guard.install(answering(50), answering(40));
  const question = { size: 3 };
  const change = heapChange(
    () => void guard.ask(question),
    () => process.memoryUsage().heapUsed,
  );
  assert.ok(change <= 1, `${change} bytes a decision`);
});
