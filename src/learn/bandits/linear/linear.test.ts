import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../../base/index.ts';
import { LinThompson, LinUcb } from '../index.ts';
import { Ridge, ridgeStates } from './ridge.ts';

type Step = { x: number[]; y: number; weights: number[]; spread: number };
const recorded = JSON.parse(
  readFileSync(new URL('../../../../test/vectors/bandits.json', import.meta.url), 'utf8'),
) as {
  line: { x: number[][]; y: number[]; weights: Record<string, number[]> };
  ridge: { features: number; ridge: number; discount: number; steps: Step[] }[];
};

const ridgeOf = (features: number, ridge: number) => new Ridge(ridge, ridgeStates(1, features, ridge));
const near = (actual: ArrayLike<number>, wanted: ArrayLike<number>, error: number) =>
  Array.from(wanted).every((value, i) => Math.abs((actual[i] as number) - value) <= error);

test('weights and uncertainty are those of a dense solve by NumPy after every sample', () => {
  for (const { features, ridge, discount, steps } of recorded.ridge) {
    const model = ridgeOf(features, ridge);
    for (const { x, y, weights, spread } of steps) {
      const row = Float64Array.from(x);
      model.learn(row, y, discount);
      assert.ok(near(model.weights, weights, 1e-10));
      assert.ok(Math.abs(model.spread(row) - spread) < 1e-10);
    }
  }
});

test('a line of known weights is found where an update with the new A diverges', () => {
  const { x, y, weights } = recorded.line;
  const model = ridgeOf(4, 1);
  x.forEach((row, i) => {
    model.learn(Float64Array.from(row), y[i] as number, 1);
    const wanted = weights[`${i + 1}`];
    if (wanted !== undefined) assert.ok(near(model.weights, wanted, 1e-9), `after ${i + 1}`);
  });
  assert.ok(near(model.weights, [0.3, 0, 0.2, -0.1], 0.01));
});

test('rank-one updates stay with the exact inverse over thousands of badly scaled samples', () => {
  const rng = new FastRng(8);
  // A discount just below 1 solves exactly at every sample.
  const [updated, exact] = [ridgeOf(6, 1), ridgeOf(6, 1)];
  for (let n = 0; n < 3000; n += 1) {
    const x = Float64Array.from({ length: 6 }, (_, j) => rng.normal() * 10 ** (2 * j - 2));
    const y = rng.normal();
    updated.learn(x, y, 1);
    exact.learn(x, y, 1 - 1e-16);
    assert.ok(Math.abs(updated.spread(x) / exact.spread(x) - 1) < 1e-6);
  }
  assert.ok(near(updated.weights, exact.weights, 1e-8));
});

test('every arm has the regression of its own rewards, faded by all rewards up to its latest', () => {
  const lesson = fc.record({
    arm: fc.nat({ max: 2 }),
    reward: fc.double({ min: -5, max: 5, noNaN: true }),
    x: fc.double({ min: -3, max: 3, noNaN: true }),
  });
  fc.assert(
    fc.property(
      fc.array(lesson, { maxLength: 30, size: 'max' }),
      fc.constantFrom(1, 0.9),
      (lessons, discount) => {
        const bandit = new LinUcb({ arms: 3, features: 1, ridge: 0.5, discount });
        for (const { arm, reward, x } of lessons) bandit.learnOne({ arm, reward, context: [x] });
        const weights = bandit.snapshot().tensors['weights']?.data as Float64Array;
        for (let arm = 0; arm < 3; arm += 1) {
          const latest = lessons.findLastIndex((one) => one.arm === arm);
          // A = [[xx, x], [x, n]] + ridge I with the intercept, and A^-1 b by Cramer's rule.
          const sums = { xx: 0.5, x: 0, n: 0.5, xy: 0, y: 0 };
          lessons.forEach(({ arm: own, reward, x }, i) => {
            const weight = own === arm ? discount ** (latest - i) : 0;
            sums.xx += weight * x * x;
            sums.x += weight * x;
            sums.n += weight;
            sums.xy += weight * x * reward;
            sums.y += weight * reward;
          });
          const determinant = sums.xx * sums.n - sums.x * sums.x;
          const slope = (sums.n * sums.xy - sums.x * sums.y) / determinant;
          const intercept = (sums.xx * sums.y - sums.x * sums.xy) / determinant;
          assert.ok(near(weights.subarray(2 * arm, 2 * arm + 2), [slope, intercept], 1e-9));
        }
      },
    ),
  );
});

test('every 256th sample takes what has gone wrong with the inverse out of it', () => {
  const rng = new FastRng(3);
  const states = [ridgeStates(1, 3, 1), ridgeStates(1, 3, 1)] as const;
  const [clean, spoilt] = states.map((state) => new Ridge(1, state)) as [Ridge, Ridge];
  for (let n = 1; n <= 256; n += 1) {
    const x = Float64Array.from({ length: 3 }, () => rng.normal());
    const y = rng.normal();
    clean.learn(x, y, 1);
    spoilt.learn(x, y, 1);
    if (n === 100) states[1].inverse[0] = (states[1].inverse[0] as number) * 1.001;
    if (n === 255) assert.notDeepEqual(spoilt.weights, clean.weights);
  }
  assert.deepEqual(spoilt.weights, clean.weights);
  assert.deepEqual(states[1], states[0]);
});

/** Three arms whose rewards are different lines of one feature; regret a round. */
function regretOf(bandit: LinUcb | LinThompson, rows: boolean): number {
  const lines = [(x: number) => x, (x: number) => 0.5 - x / 4, (x: number) => 1 - x];
  const world = new FastRng(21);
  let regret = 0;
  for (let round = 0; round < 2000; round += 1) {
    const x = world.next() * 2 - 0.5;
    const values = lines.map((line) => line(x));
    // As rows, what tells the arms apart is the value itself.
    const context = rows ? values : [x];
    const { arm } = bandit.predict({ context });
    regret += Math.max(...values) - (values[arm] as number);
    const reward = (values[arm] as number) + 0.1 * world.normal();
    bandit.learnOne({ arm, reward, context: rows ? [values[arm] as number] : [x] });
  }
  return regret / 2000;
}

test('a context decides between arms, whether shared by them or one row an arm', () => {
  for (const shared of [false, true]) {
    // A ridge this small leaves the prior as wide as the rewards: one unlucky sample must not rule an arm out.
    const options = { arms: 3, features: 1, ridge: 0.05, shared, seed: 5 };
    for (const bandit of [
      new LinUcb({ ...options, alpha: 0.5 }),
      new LinThompson({ ...options, noise: 0.2 }),
    ]) {
      // Random choice loses 0.49 a round.
      const regret = regretOf(bandit, shared);
      assert.ok(regret < 0.03, `${bandit.kind}, shared ${shared}: ${regret}`);
    }
  }
});

test('one regression for all arms knows an arm that was never played', () => {
  const bandit = new LinUcb({ arms: 3, features: 1, shared: true, alpha: 0.1 });
  for (let i = 0; i < 100; i += 1) bandit.learnOne({ arm: i % 2, reward: (i % 10) / 10, context: [i % 10] });
  assert.equal(bandit.predict({ context: [2, 3, 9] }).arm, 2);
  assert.equal(bandit.predict({ context: [2, 7, 3] }).arm, 1);
});

test('an arm left alone grows uncertain, up to one that was never played', () => {
  const bestOf = (discount: number, firstReward: number) => {
    const bandit = new LinUcb({ arms: 3, features: 1, discount, alpha: 1 });
    for (let i = 0; i < 30; i += 1) bandit.learnOne({ arm: 0, reward: firstReward, context: [0] });
    for (let i = 0; i < 30; i += 1) bandit.learnOne({ arm: 1, reward: 0.5, context: [0] });
    return [
      ...bandit.propensities({ context: [0], legal: [1, 1, 0] }),
      ...bandit.propensities({ context: [0] }),
    ];
  };
  assert.deepEqual(bestOf(1, 0.2).slice(0, 3), [0, 1, 0]);
  assert.deepEqual(bestOf(0.9, 0.2).slice(0, 3), [1, 0, 0]);
  // As uncertain as the third arm at most, and known to be worse.
  assert.deepEqual(bestOf(0.9, -0.2).slice(3), [0, 0, 1]);
});

test('contexts of another length, not finite or too large are refused, options too', () => {
  const bandit = new LinUcb({ arms: 3, features: 2 });
  const wrong: [string, number[]][] = [
    ['SHAPE', []],
    ['SHAPE', [1, 2, 3]],
    ['NOT_FINITE', [1, Number.NaN]],
    ['LIMIT', [1, 1e7]],
  ];
  for (const [code, context] of wrong) {
    assert.throws(() => bandit.predict({ context }), { code });
    assert.throws(() => bandit.learnOne({ arm: 0, reward: 0, context }), { code });
  }
  assert.throws(() => bandit.learnOne({ arm: 0, reward: 0, context: [1, 2, 3, 4, 5, 6] }), { code: 'SHAPE' });
  assert.throws(() => new LinUcb({ arms: 60_000, features: 200 }), { code: 'LIMIT' });
  assert.throws(() => new LinUcb({ arms: 2, features: 2, ridge: 0 }), { code: 'USAGE' });
  assert.throws(() => new LinThompson({ arms: 2, features: 2, noise: Number.NaN }), { code: 'USAGE' });
});

test('however wild the contexts, estimates stay finite', () => {
  const feature = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(feature, feature, feature), { minLength: 1, maxLength: 60, size: 'max' }),
      (rows) => {
        const model = ridgeOf(3, 1e-6);
        for (const [i, row] of rows.entries()) {
          const x = Float64Array.from(row);
          model.learn(x, i, i % 2 === 0 ? 1 : 0.99);
          assert.ok(Number.isFinite(model.mean(x)) && Number.isFinite(model.spread(x)));
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('a question that is refused does not change the propensity of the choice before it', () => {
  const contexts = [1, 0, 0, 1, 1, 1];
  const [asked, spared] = [0, 1].map(() => new LinThompson({ arms: 3, features: 2, seed: 3 }));
  const choice = asked?.predict({ context: contexts });
  const wrong = [9, 9, 9, 9, 9, Number.NaN];
  assert.throws(() => asked?.predict({ context: wrong }), { code: 'NOT_FINITE' });
  assert.equal(choice?.propensity, spared?.predict({ context: contexts }).propensity);
});
