import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '../../base/index.ts';
import { matrixOf, rowOf } from '../contract/index.ts';
import {
  HoeffdingTree,
  LinearRegression,
  LogisticRegression,
  NaiveBayes,
  OnlineScaler,
  SoftmaxRegression,
} from './index.ts';

const near = (actual: number | undefined, expected: number, within = 1e-9) =>
  assert.ok(
    Math.abs((actual ?? Number.NaN) - expected) <= within * Math.max(1, Math.abs(expected)),
    `${actual} is not ${expected}`,
  );

const numbers = fc.double({ min: -100, max: 100, noNaN: true });
const pair = fc.tuple(numbers, numbers);

test('many rows at once are the same rows one by one', () => {
  const x = matrixOf([
    [0, 3],
    [1, 2],
    [2, 5],
    [3, 1],
  ]);
  const shape = { features: 2, classes: 3 };
  for (const model of [
    new LinearRegression(shape),
    new LogisticRegression(shape),
    new SoftmaxRegression(shape),
    new NaiveBayes(shape),
    new HoeffdingTree(shape),
  ]) {
    model.fit({ x, y: [0, 1, 0, 1] });
    const { rows, columns, data } = model.predictMany(x);
    assert.equal(rows, 4);
    for (let row = 0; row < rows; row += 1) {
      assert.deepEqual(data.slice(row * columns, (row + 1) * columns), model.predict(rowOf(x, row)));
    }
    assert.throws(() => model.predictMany(matrixOf([[1]])), { code: 'SHAPE' });
  }
});

test('the scaler has the mean and deviation of what it saw', () => {
  fc.assert(
    fc.property(fc.array(pair, { minLength: 2, maxLength: 50 }), pair, (rows, x) => {
      const scaler = new OnlineScaler(2);
      for (const row of rows) scaler.learnOne({ x: row });
      const scaled = scaler.predict(x);
      for (const j of [0, 1] as const) {
        const mean = rows.reduce((sum, row) => sum + row[j], 0) / rows.length;
        const deviation = Math.sqrt(rows.reduce((sum, row) => sum + (row[j] - mean) ** 2, 0) / rows.length);
        if (deviation > 1e-6) near(scaled[j], (x[j] - mean) / deviation, 1e-6);
      }
    }),
  );
});

test('the scaler keeps its digits far from zero, counts weights, and knows nothing at first', () => {
  const scaler = new OnlineScaler(1);
  assert.deepEqual(Array.from(scaler.predict([5])), [0]);
  for (const x of [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]) scaler.learnOne({ x: [x] });
  near(scaler.predict([1e9 + 10 + Math.sqrt(22.5)])[0], 1, 1e-7);
  scaler.learnOne({ x: [77], weight: 0 });
  near(scaler.predict([1e9 + 10])[0], 0);
  const weighted = new OnlineScaler(1);
  weighted.learnOne({ x: [4], weight: 1 });
  weighted.learnOne({ x: [0], weight: 3 });
  near(weighted.predict([1])[0], 0);
  near(weighted.predict([1 + Math.sqrt(3)])[0], 1);
  const constant = new OnlineScaler(1);
  for (let i = 0; i < 1000; i += 1) constant.learnOne({ x: [0.1] });
  assert.deepEqual(Array.from(constant.predict([0.3])), [0]);
  const tiny = new OnlineScaler(1);
  for (const x of [0, 1e-70]) tiny.learnOne({ x: [x] });
  assert.deepEqual(Array.from(tiny.predict([1])), [0], 'a spread too small to divide by counts as none');
  const restored = OnlineScaler.restore(structuredClone(weighted.snapshot()));
  assert.deepEqual(restored.predict([9]), weighted.predict([9]));
  assert.throws(
    () => scaler.learnOne({ x: [1, 2] }),
    (error) => hasCode(error, 'SHAPE'),
  );
  assert.throws(
    () => scaler.learnOne({ x: [1], weight: -1 }),
    (error) => hasCode(error, 'USAGE'),
  );
});

/** Loss of weights as each learner defines it, written out plainly. */
const plainLoss = {
  logistic: (weights: readonly number[], x: readonly number[], y: number) => {
    const score = x.reduce((sum, value, j) => sum + value * (weights[j] as number), weights.at(-1) as number);
    return Math.log(1 + Math.exp(y === 1 ? -score : score));
  },
  linear: (weights: readonly number[], x: readonly number[], y: number) =>
    (x.reduce((sum, value, j) => sum + value * (weights[j] as number), weights.at(-1) as number) - y) ** 2 /
    2,
  softmax: (weights: readonly number[], x: readonly number[], y: number) => {
    const score = (c: number) =>
      x.reduce((sum, value, j) => sum + value * (weights[3 * c + j] as number), weights[3 * c + 2] as number);
    return Math.log([0, 1, 2].reduce((sum, c) => sum + Math.exp(score(c)), 0)) - score(y);
  },
};

const small = fc.double({ min: -2, max: 2, noNaN: true });
const step = fc.record({ x: fc.tuple(small, small), y: fc.nat(2) });

test('a step goes down the numerical gradient of the loss and of its penalty', () => {
  const [rate, l2] = [0.1, 0.5];
  const options = { features: 2, rate, l2, scale: false };
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 5 }), (steps) => {
      for (const kind of ['logistic', 'linear', 'softmax'] as const) {
        const model = {
          logistic: () => new LogisticRegression(options),
          linear: () => new LinearRegression(options),
          softmax: () => new SoftmaxRegression({ ...options, classes: 3 }),
        }[kind]();
        for (const { x, y: label } of steps) {
          const y = kind === 'logistic' ? Math.min(label, 1) : label;
          const before = Array.from(model.weights);
          model.learnOne({ x, y });
          model.weights.forEach((weight, at) => {
            const moved = (by: number) => before.map((value, i) => (i === at ? value + by : value));
            const slope = (plainLoss[kind](moved(1e-5), x, y) - plainLoss[kind](moved(-1e-5), x, y)) / 2e-5;
            const penalty = at % 3 === 2 ? 0 : l2 * (before[at] as number);
            near(weight, (before[at] as number) - rate * (slope + penalty), 1e-8);
          });
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('the rate goes as its schedule says', () => {
  const rates = [
    { rate: 0.5, expected: [0.5, 0.5, 0.5] },
    { rate: { kind: 'constant', rate: 0.5 }, expected: [0.5, 0.5, 0.5] },
    { rate: { kind: 'inverse-scaling', rate: 0.5, power: 2 }, expected: [0.5, 0.5 / 4, 0.5 / 9] },
    { rate: { kind: 'optimal', rate: 0.5 }, expected: [0.5, 0.5 / 1.4, 0.5 / 1.8] },
  ] as const;
  for (const { rate, expected } of rates) {
    const model = new LinearRegression({ features: 1, rate, l2: 0.8, scale: false });
    let left = 1;
    for (const step of expected) {
      // Only the intercept moves: it takes this share of the way to 1.
      model.learnOne({ x: [0], y: 1 });
      left *= 1 - step;
      near(model.predict([0])[0], 1 - left, 1e-12);
    }
  }
});

test('the first loss of fit is that of knowing nothing, and losses fall', () => {
  const data = Float64Array.from({ length: 400 }, (_, i) => Math.sin(i * i));
  const x = { rows: 200, columns: 2, data };
  const y = Array.from({ length: 200 }, (_, i) => ((data[2 * i] as number) > 0 ? 1 : 0));
  const still = new LogisticRegression({ features: 2, rate: 0 });
  near(still.fit({ x, y }, { epochs: 1 }).losses[0], Math.LN2);
  near(new SoftmaxRegression({ features: 2, classes: 5, rate: 0 }).fit({ x, y }).losses[9], Math.log(5));
  const { losses } = new LogisticRegression({ features: 2, rate: 0.1 }).fit({ x, y }, { epochs: 5 });
  assert.equal(losses.length, 5);
  assert.ok((losses[4] as number) < (losses[0] as number) / 2);
  const orders = [1, 2].map((seed) => new LogisticRegression({ features: 2, seed }).fit({ x, y }).losses);
  assert.notDeepEqual(orders[0], orders[1], 'the seed has no effect');
});

test('naive Bayes: weight 2 is the sample twice, weight 0 nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(pair, fc.nat(2)), { maxLength: 30 }), pair, (rows, probe) => {
      const [once, twice] = [0, 1].map(() => new NaiveBayes({ features: 2, classes: 3 })) as [
        NaiveBayes,
        NaiveBayes,
      ];
      for (const [x, y] of rows) {
        once.learnOne({ x, y, weight: 2 });
        once.learnOne({ x: [9, 9], y: 1, weight: 0 });
        twice.learnOne({ x, y });
        twice.learnOne({ x, y });
      }
      const expected = twice.predict(probe);
      once.predict(probe).forEach((value, c) => {
        near(value, expected[c] as number, 1e-6);
      });
    }),
  );
});

test('naive Bayes: one sample of a class is no certainty, and an unseen class is none', () => {
  const model = new NaiveBayes({ features: 1, classes: 3 });
  assert.deepEqual(Array.from(model.predict([1])), [1 / 3, 1 / 3, 1 / 3]);
  for (let i = 0; i < 99; i += 1) model.learnOne({ x: [i / 10], y: 0 });
  model.learnOne({ x: [5], y: 1 });
  const [first = 0, second = 0, third] = model.predict([5]);
  assert.ok(first > 0.9 && second > 0, `${first}, ${second}`);
  assert.equal(third, 0);
  near(first + second, 1);
});

test('the unit of the weights changes nothing in fit', () => {
  const x = matrixOf([[0], [1], [2], [3]]);
  const y = [1, 3, 5, 7];
  const [one, many] = [0.75, 300].map((unit) => {
    const model = new LinearRegression({ features: 1 });
    model.fit({ x, y, weights: [unit, 2 * unit, 0, unit] }, { epochs: 200 });
    return model.weights;
  });
  many?.forEach((weight, j) => {
    near(one?.[j], weight);
  });
  near(many?.[1], 11 / 3, 0.5);
});

test('a loss that grows without bound is refused, and nothing is learnt', () => {
  const x = matrixOf([[1000], [2000], [3000]]);
  const model = new LinearRegression({ features: 1, scale: false });
  assert.throws(() => model.fit({ x, y: [1, 2, 3] }), { code: 'NOT_FINITE', message: /scale the features/ });
  assert.deepEqual(model.weights, Float64Array.of(0, 0));
});
