import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng, hasCode } from '../../base/index.ts';
import type { Snapshot } from '../contract/index.ts';
import { Discretiser, QLearning, type Transition } from './index.ts';

/** Of gossip: nodes, mean latency in ms, partition 0 or 1, loss. */
const gossip = new Discretiser([[50, 200], [100, 500], [1], [0.05, 0.15]]);

test('cells are numbered by the intervals of each axis, the last fastest', () => {
  assert.equal(gossip.cells, 54);
  assert.equal(gossip.cellOf([10, 20, 0, 0.01]), 0);
  assert.equal(gossip.cellOf([120, 700, 0, 0.05]), 1 * 18 + 2 * 6 + 0 * 3 + 1);
  assert.equal(gossip.cellOf([200, 500, 1, Infinity]), 53);
  assert.equal(gossip.cellOf([-Infinity, 99.9, 0, 0.04999]), 0);
});

test('every cell is reached by its own intervals only', () => {
  const axis = fc
    .uniqueArray(fc.integer({ min: -50, max: 50 }), { maxLength: 4 })
    .map((edges) => edges.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(
      fc.array(axis, { minLength: 1, maxLength: 3 }),
      fc.array(fc.integer({ min: -60, max: 60 }), { minLength: 3, maxLength: 3 }),
      (edges, values) => {
        const grid = new Discretiser(edges);
        let rest = grid.cellOf(values.slice(0, edges.length));
        for (let i = edges.length - 1; i >= 0; i -= 1) {
          const cuts = edges[i] as number[];
          const interval = rest % (cuts.length + 1);
          rest = Math.floor(rest / (cuts.length + 1));
          assert.equal(interval, cuts.filter((cut) => cut <= (values[i] as number)).length);
        }
        assert.equal(rest, 0);
      },
    ),
  );
});

test('grids and observations that make no sense are refused', () => {
  const wrong: [string, number[][]][] = [
    ['EMPTY', []],
    ['USAGE', [[2, 1]]],
    ['USAGE', [[1, 1]]],
    ['NOT_FINITE', [[Number.NaN]]],
    ['LIMIT', Array.from({ length: 23 }, () => [0])],
  ];
  for (const [code, edges] of wrong) assert.throws(() => new Discretiser(edges), { code });
  assert.throws(() => gossip.cellOf([1, 2, 3]), { code: 'SHAPE' });
  assert.throws(() => gossip.cellOf([1, 2, 3, Number.NaN]), { code: 'NOT_FINITE' });
});

/** A corridor of five rooms: action 1 goes right, 0 left; the right end pays 1 and ends the episode. */
function walk(learner: QLearning, episodes: number): void {
  for (let episode = 0; episode < episodes; episode += 1) {
    let state = 0;
    for (let step = 0; step < 100; step += 1) {
      const { action } = learner.predict({ state });
      const next = Math.max(0, state + (action === 1 ? 1 : -1));
      if (next === 5) {
        learner.learnOne({ state, action, reward: 1 });
        break;
      }
      learner.learnOne({ state, action, reward: 0, nextState: next });
      state = next;
    }
  }
}

test('values converge to the discounted rewards of the best policy', () => {
  const learner = new QLearning({
    states: 5,
    actions: 2,
    learningRate: 0.5,
    discount: 0.9,
    epsilonFloor: 0.3,
  });
  walk(learner, 600);
  for (let state = 0; state < 5; state += 1) {
    const [left, right] = learner.valuesOf(state) as unknown as [number, number];
    // Right: 0.9^(steps after this one). Left: one step back, then right.
    assert.ok(Math.abs(right - 0.9 ** (4 - state)) < 1e-3, `right of ${state}: ${right}`);
    assert.ok(Math.abs(left - 0.9 ** (5 - Math.max(state - 1, 0))) < 0.02, `left of ${state}: ${left}`);
    assert.deepEqual({ ...learner.predict({ state, greedy: true }) }, { action: 1, propensity: 1 });
  }
});

test('one update by hand', () => {
  const learner = new QLearning({ states: 2, actions: 3 });
  learner.learnOne({ state: 1, action: 0, reward: 2 });
  learner.learnOne({ state: 1, action: 2, reward: 5 });
  assert.deepEqual([...learner.valuesOf(1)], [0.2, 0, 0.5]);
  learner.learnOne({ state: 0, action: 1, reward: 1, nextState: 1, nextLegal: [1, 1, 0] });
  assert.deepEqual([...learner.valuesOf(0)], [0, 0.1 * (1 + 0.95 * 0.2), 0]);
});

test('ties go to the default action where it is legal and among them, else to the lowest', () => {
  const learner = new QLearning({ states: 1, actions: 4, defaultAction: 2 });
  const greedy = (legal?: number[]) =>
    learner.predict({ state: 0, greedy: true, ...(legal === undefined ? {} : { legal }) }).action;
  assert.equal(greedy(), 2);
  assert.equal(greedy([0, 1, 0, 1]), 1);
  learner.learnOne({ state: 0, action: 2, reward: -1 });
  assert.equal(greedy(), 0);
  learner.learnOne({ state: 0, action: 3, reward: 1 });
  assert.equal(greedy(), 3);
  assert.equal(greedy([1, 1, 1, 0]), 0);
});

test('epsilon falls with every transition down to its floor', () => {
  const learner = new QLearning({ states: 1, actions: 2, epsilon: 1 });
  const epsilons = Array.from({ length: 1000 }, () => {
    learner.learnOne({ state: 0, action: 0, reward: 0 });
    return learner.epsilon;
  });
  assert.ok(Math.abs((epsilons[99] as number) - 0.995 ** 100) < 1e-12);
  // 0.995^918 is above 0.01, 0.995^919 below.
  assert.equal(epsilons.indexOf(0.01), 918);
  assert.equal(epsilons.at(-1), 0.01);
});

test('actions are chosen as often as their propensities say', () => {
  const learner = new QLearning({ states: 1, actions: 4, epsilon: 0.4, seed: 9 });
  learner.learnOne({ state: 0, action: 2, reward: 1 });
  const epsilon = learner.epsilon;
  const counts = new Float64Array(4);
  for (let i = 0; i < 20_000; i += 1) {
    const { action, propensity } = learner.predict({ state: 0, legal: [1, 0, 1, 1] });
    assert.ok(Math.abs(propensity - (epsilon / 3 + (action === 2 ? 1 - epsilon : 0))) < 1e-12);
    counts[action] = (counts[action] as number) + 1;
  }
  assert.equal(counts[1], 0);
  assert.ok(Math.abs((counts[2] as number) / 20_000 - (1 - (2 * epsilon) / 3)) < 0.015);
  assert.ok(Math.abs((counts[0] as number) - (counts[3] as number)) < 400);
});

const transition: fc.Arbitrary<Transition> = fc.record(
  {
    state: fc.nat({ max: 3 }),
    action: fc.nat({ max: 2 }),
    reward: fc.double({ min: -10, max: 10, noNaN: true }),
    nextState: fc.nat({ max: 3 }),
  },
  { requiredKeys: ['state', 'action', 'reward'] },
);

test('a restored learner goes on bit for bit, and a twin with the same seed does the same', () => {
  fc.assert(
    fc.property(fc.array(transition, { maxLength: 50, size: 'max' }), fc.nat(), (lessons, seed) => {
      const [one, twin] = [0, 1].map(() => new QLearning({ states: 4, actions: 3, epsilon: 0.5, seed }));
      for (const lesson of lessons) {
        assert.deepEqual(one?.predict({ state: 2 }), twin?.predict({ state: 2 }));
        one?.learnOne(lesson);
        twin?.learnOne(lesson);
      }
      const taken = (one as QLearning).snapshot();
      const restored = QLearning.restore(structuredClone(taken));
      assert.deepEqual(restored.snapshot(), taken);
      for (let i = 0; i < 20; i += 1) {
        assert.deepEqual(restored.predict({ state: 1 }), one?.predict({ state: 1 }));
      }
    }),
    { numRuns: 50 },
  );
});

test('what the learner refuses leaves it unchanged', () => {
  const learner = new QLearning({ states: 2, actions: 2 });
  const before = learner.snapshot();
  const lesson = { state: 0, action: 0, reward: 0 };
  const wrong: [string, () => unknown][] = [
    ['USAGE', () => learner.predict({ state: 2 })],
    ['SHAPE', () => learner.predict({ state: 0, legal: [1] })],
    ['EMPTY', () => learner.predict({ state: 0, legal: [0, 0] })],
    ['USAGE', () => learner.learnOne({ ...lesson, state: -1 })],
    ['USAGE', () => learner.learnOne({ ...lesson, action: 2 })],
    ['NOT_FINITE', () => learner.learnOne({ ...lesson, reward: Number.NaN })],
    ['LIMIT', () => learner.learnOne({ ...lesson, reward: -1e10 })],
    ['USAGE', () => learner.learnOne({ ...lesson, nextState: 0.5 })],
    ['EMPTY', () => learner.learnOne({ ...lesson, nextState: 1, nextLegal: [0, 0] })],
    ['LIMIT', () => new QLearning({ states: 2 ** 20, actions: 2 ** 10 })],
    ['USAGE', () => new QLearning({ states: 0, actions: 2 })],
    ['USAGE', () => new QLearning({ states: 1, actions: 2, defaultAction: 2 })],
    ['USAGE', () => new QLearning({ states: 1, actions: 2, epsilon: 1.1 })],
  ];
  for (const [code, act] of wrong) assert.throws(act, { code }, `${act}`);
  assert.deepEqual(learner.snapshot(), before);
});

test('a damaged snapshot is refused with a code', () => {
  const whole = new QLearning({ states: 2, actions: 2 }).snapshot();
  const damaged: Snapshot[] = [
    { ...whole, kind: 'dqn' },
    { ...whole, version: 2 },
    { ...whole, config: {} },
    { ...whole, config: { ...whole.config, states: 2 ** 40 } },
    { ...whole, config: { ...whole.config, actions: 4, states: 1 } },
    { ...whole, config: { ...whole.config, epsilonNow: 7 } },
    { ...whole, tensors: {} },
    {
      ...whole,
      tensors: { ...whole.tensors, values: { shape: [2, 2], data: new Float64Array(4).fill(Number.NaN) } },
    },
    { ...whole, tensors: { ...whole.tensors, rng: { shape: [4], data: new Uint32Array(4) } } },
  ];
  for (const snapshot of damaged)
    assert.throws(
      () => QLearning.restore(snapshot),
      (error) => hasCode(error),
    );
});

test('a learner that explores finds what one that does not explore never tries', () => {
  // State by state another action is best, and the default is good enough to stay with.
  const run = (explore: boolean) => {
    const world = new FastRng(2);
    const learner = new QLearning({
      states: 6,
      actions: 3,
      discount: 0,
      epsilon: explore ? 0.5 : 0,
      epsilonDecay: 0.998,
      epsilonFloor: 0,
    });
    let earned = 0;
    for (let i = 0; i < 3000; i += 1) {
      const state = world.below(6);
      const { action } = learner.predict({ state });
      const reward = (action === state % 3 ? 1 : 0.5) + 0.1 * world.normal();
      learner.learnOne({ state, action, reward });
      if (i >= 1500) earned += action === state % 3 ? 1 : 0;
    }
    return earned / 1500;
  };
  assert.ok(run(true) > 0.95, `${run(true)}`);
  assert.ok(run(false) < 0.5);
});
