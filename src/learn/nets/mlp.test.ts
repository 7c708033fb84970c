import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, FastRng, hasCode } from '../../base/index.ts';
import type { Matrix } from '../contract/index.ts';
import { type FitOptions, Mlp, type MlpOptions, type NetBatch } from './index.ts';
import { accuracy, moons, type Problem, waves } from './testing/problems.ts';

const ADAM: FitOptions = { epochs: 40, optimizer: { kind: 'adam', rate: 0.01 } };
const classes: MlpOptions = { inputs: 2, outputs: 2, hidden: [16, 16], seed: 1 };
const values: MlpOptions = {
  inputs: 2,
  outputs: 1,
  hidden: [24, 24],
  activation: 'tanh',
  loss: { kind: 'mse' },
};

const throwsCode = (run: () => unknown, code: ErrorCode) =>
  assert.throws(run, (error) => hasCode(error, code));

function meanSquare(mlp: Mlp, { x, y }: Problem): number {
  const { data } = mlp.predictMany(x);
  return y.reduce((sum, value, i) => sum + (value - (data[i] as number)) ** 2, 0) / y.length;
}

test('it parts two moons, which no line does', () => {
  for (const hidden of [[16, 16], [{ units: 16, batchNorm: true, dropout: 0.1 }]]) {
    const mlp = new Mlp({ ...classes, hidden });
    mlp.fit(moons(600, 1), ADAM);
    const share = accuracy(moons(400, 2), (row) => mlp.predict(row));
    assert.ok(share > 0.98, `${share}`);
  }
});

test('it learns a curve, and with Huber loss one among wild values', () => {
  const mlp = new Mlp(values);
  mlp.fit(waves(800, 1), ADAM);
  assert.ok(meanSquare(mlp, waves(300, 2)) < 0.01);
  const wild = waves(800, 1, 0.1);
  mlp.fit(wild, ADAM);
  const robust = new Mlp({ ...values, loss: { kind: 'huber', delta: 0.1 } });
  robust.fit(wild, ADAM);
  assert.ok(meanSquare(robust, waves(300, 2)) < meanSquare(mlp, waves(300, 2)) / 4);
});

test('with a sigmoid at the end, values are shares', () => {
  const batch = moons(300, 3);
  const mlp = new Mlp({ ...values, output: 'sigmoid' });
  mlp.fit(batch, ADAM);
  const shares = mlp.predictMany(batch.x).data;
  assert.ok(shares.every((share) => share >= 0 && share <= 1));
  const wrong = shares.filter((share, i) => Math.round(share) !== batch.y[i]).length;
  assert.ok(wrong < 10, `${wrong} of 300`);
});

/** Class 1 is right with probability 1 / (1 + e^-6a); choosing 1 wrongly costs 5, choosing 0 wrongly 1. */
function unequal(
  rows: number,
  seed: number,
): { batch: NetBatch; costs: Matrix & { readonly data: Float64Array }; labels: Problem } {
  const rng = new FastRng(seed);
  const data = Float64Array.from({ length: 2 * rows }, () => 2 * rng.next() - 1);
  const x = { rows, columns: 2, data };
  const y = Float64Array.from({ length: rows }, (_, i) =>
    rng.next() < 1 / (1 + Math.exp(-6 * (data[2 * i] as number))) ? 1 : 0,
  );
  const costs = { rows, columns: 2, data: new Float64Array(2 * rows) };
  y.forEach((label, i) => {
    costs.data[2 * i + 1 - label] = label === 1 ? 1 : 5;
  });
  return { batch: { x, costs }, costs, labels: { x, y } };
}

function meanCost(mlp: Mlp, x: Matrix, costs: Matrix): number {
  const { data } = mlp.predictMany(x);
  let sum = 0;
  for (let i = 0; i < x.rows; i += 1) {
    sum += costs.data[2 * i + ((data[2 * i + 1] as number) > (data[2 * i] as number) ? 1 : 0)] as number;
  }
  return sum / x.rows;
}

test('trained on costs it chooses cheaper than one trained on the cheapest class, and than any constant', () => {
  const train = unequal(2000, 1);
  const { batch, costs } = unequal(2000, 2);
  const careful = new Mlp({ ...classes, loss: { kind: 'expected-cost', temperature: 0.1 } });
  careful.fit(train.batch, ADAM);
  const naive = new Mlp(classes);
  naive.fit(train.labels, ADAM);
  const [cost, other] = [meanCost(careful, batch.x, costs), meanCost(naive, batch.x, costs)];
  const constants = [0, 1].map((choice) => {
    return costs.data.reduce((sum, value, i) => sum + (i % 2 === choice ? value : 0), 0) / costs.rows;
  });
  assert.ok(cost < 0.85 * other, `${cost} against ${other}`);
  assert.ok(cost < 0.6 * Math.min(...constants), `${cost} against ${constants}`);
});

test('the same seed gives the same bits, another seed others; nothing given is written', () => {
  const batch = { ...moons(100, 1), weights: Float64Array.from({ length: 100 }, (_, i) => 1 + (i % 3)) };
  const before = structuredClone(batch);
  const bits = (seed: number) => {
    const mlp = new Mlp({ ...classes, seed, hidden: [{ units: 8, dropout: 0.2, batchNorm: true }] });
    mlp.fit(batch, { epochs: 3 });
    return mlp.snapshot().tensors;
  };
  assert.deepEqual(bits(4), bits(4));
  assert.notDeepEqual(bits(4), bits(5));
  assert.deepEqual(batch, before);
});

test('fit begins anew, unless told to go on', () => {
  const batch = moons(100, 1);
  const mlp = new Mlp(classes);
  mlp.fit(batch, { epochs: 2 });
  const first = mlp.snapshot();
  mlp.fit(batch, { epochs: 2 });
  assert.deepEqual(mlp.snapshot(), first);
  mlp.fit(batch, { epochs: 2, warmStart: true });
  assert.notDeepEqual(mlp.snapshot(), first);
});

test('a weight of two is a sample twice, a weight of zero none', () => {
  const { x, y } = moons(40, 1);
  const rows = (take: (row: number) => number) => {
    const order = Array.from({ length: 40 }, (_, row) => Array<number>(take(row)).fill(row)).flat();
    const data = Float64Array.from(
      order.flatMap((row) => [x.data[2 * row] as number, x.data[2 * row + 1] as number]),
    );
    return { x: { rows: order.length, columns: 2, data }, y: order.map((row) => y[row] as number) };
  };
  const one: FitOptions = { epochs: 3, batchSize: 100, optimizer: { kind: 'sgd', rate: 0.1 } };
  const weighed = new Mlp(classes);
  weighed.fit({ x, y, weights: Array.from({ length: 40 }, (_, row) => row % 3) }, one);
  const repeated = new Mlp(classes);
  repeated.fit(
    rows((row) => row % 3),
    one,
  );
  const [a, b] = [weighed.predictMany(x).data, repeated.predictMany(x).data];
  a.forEach((value, i) => {
    assert.ok(Math.abs(value - (b[i] as number)) < 1e-5);
  });
});

test('batch norm is folded into the answers: they have the loss that training reported', () => {
  const [train, held] = [moons(300, 1), moons(200, 2)];
  const mlp = new Mlp({
    ...classes,
    hidden: [
      { units: 12, batchNorm: true, dropout: 0.2 },
      { units: 8, batchNorm: true },
    ],
  });
  const { epochs, bestEpoch } = mlp.fit(train, { epochs: 5, validation: held });
  const { data } = mlp.predictMany(held.x);
  const loss = held.y.reduce((sum, label, i) => sum - Math.log(data[2 * i + label] as number), 0) / 200;
  assert.ok(Math.abs(loss - (epochs[bestEpoch]?.validationLoss as number)) < 1e-5);
});

test('one by one, many at once and layer by layer, the answers are the same', () => {
  const { x, y } = moons(300, 1);
  const mlp = new Mlp({ ...classes, activation: 'tanh', hidden: [{ units: 6, batchNorm: true }] });
  mlp.fit({ x, y }, { epochs: 3 });
  const { data } = mlp.predictMany(x);
  const { layers, output } = mlp.layers();
  assert.equal(output, 'softmax');
  for (let i = 0; i < x.rows; i += 1) {
    const row = Array.from(x.data.subarray(2 * i, 2 * i + 2));
    const answer = mlp.predict(row);
    assert.deepEqual([...answer], [data[2 * i], data[2 * i + 1]]);
    const last = layers.reduce((input: number[], { weights, bias }, index) => {
      const sums = Array.from(bias, (b, j) =>
        input.reduce((sum, v, k) => sum + v * (weights[k * bias.length + j] as number), b),
      );
      return index === layers.length - 1 ? sums : sums.map(Math.tanh);
    }, row);
    const share = 1 / (1 + Math.exp((last[0] as number) - (last[1] as number)));
    assert.ok(Math.abs(share - (answer[1] as number)) < 1e-6);
  }
});

test('sample by sample it learns too, and a bad sample changes nothing', () => {
  const { x, y } = moons(3000, 1);
  for (const batchNorm of [false, true]) {
    const mlp = new Mlp({ ...classes, hidden: [{ units: 16, batchNorm }], online: { rate: 0.1 } });
    for (let i = 0; i < x.rows; i += 1)
      mlp.learnOne({ x: x.data.subarray(2 * i, 2 * i + 2), y: y[i] as number });
    assert.ok(accuracy(moons(300, 2), (row) => mlp.predict(row)) > 0.9);
    const before = mlp.snapshot();
    throwsCode(() => mlp.learnOne({ x: [1, Number.NaN], y: 0 }), 'NOT_FINITE');
    throwsCode(() => mlp.learnOne({ x: [1, 1e38], y: 0, weight: 1e30 }), 'NOT_FINITE');
    throwsCode(() => mlp.learnOne({ x: [1], y: 0 }), 'SHAPE');
    throwsCode(() => mlp.learnOne({ x: [1, 2], y: 2 }), 'USAGE');
    throwsCode(() => mlp.learnOne({ x: [1, 2] }), 'USAGE');
    throwsCode(() => mlp.learnOne({ x: [1, 2], y: 1, weight: -1 }), 'USAGE');
    assert.deepEqual(mlp.snapshot(), before);
  }
});

test('single samples of every loss pull the answer where it belongs', () => {
  const x = [0.5, -0.5];
  const cost = new Mlp({
    ...classes,
    loss: { kind: 'expected-cost', temperature: 0.3 },
    online: { rate: 0.1 },
  });
  for (let i = 0; i < 200; i += 1) cost.learnOne({ x, costs: [5, 1] });
  assert.ok((cost.predict(x)[1] as number) > 0.95);
  const two = new Mlp({ ...values, outputs: 2, online: { rate: 0.1 } });
  for (let i = 0; i < 300; i += 1) two.learnOne({ x, targets: [0.25, -1] });
  assert.ok(Math.abs((two.predict(x)[0] as number) - 0.25) < 0.01);
  throwsCode(() => two.learnOne({ x, y: 1 }), 'USAGE');
});

test('a restored net answers and learns on like the first', () => {
  const { x, y } = moons(100, 1);
  const mlp = new Mlp({
    ...classes,
    hidden: [{ units: 8, batchNorm: true, dropout: 0.1 }, 4],
    activation: 'sigmoid',
  });
  throwsCode(() => mlp.predict([0, 0]), 'UNTRAINED');
  throwsCode(() => Mlp.restore(mlp.snapshot()).predict([0, 0]), 'UNTRAINED');
  mlp.fit({ x, y }, { epochs: 2 });
  const twin = Mlp.restore(structuredClone(mlp.snapshot()));
  assert.deepEqual(twin.snapshot(), mlp.snapshot());
  for (const net of [mlp, twin]) net.learnOne({ x: [1, 2], y: 1 });
  assert.deepEqual(twin.predictMany(x), mlp.predictMany(x));
  assert.deepEqual(twin.snapshot(), mlp.snapshot());
});
