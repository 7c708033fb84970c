import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../base/index.ts';
import { float64, TrainingOracle } from '../kernels/oracle/training.ts';
import type { DenseShape } from './dense.ts';
import type { LossOptions } from './loss.ts';
import { drawLstm, LstmNetwork, type LstmShape } from './lstm-network.ts';
import { freshMoments, MlpNetwork, type MlpShape, mlpLayout } from './mlp-network.ts';
import { drawParameters, type Network } from './network.ts';
import { Feed } from './samples.ts';

// Central differences in float64: their error is about 1e-9 here, that of a wrong formula far above the tolerance.
const STEP = 1e-5;
const TOLERANCE = 2e-7;

const LOSSES: readonly LossOptions[] = [
  { kind: 'cross-entropy' },
  { kind: 'expected-cost', temperature: 0.4 },
  { kind: 'mse' },
  { kind: 'huber', delta: 0.4 },
];

const place = () => {
  const maths = new TrainingOracle(float64);
  return { maths, space: maths.memory };
};

function draw(rng: FastRng, count: number, next = () => rng.normal()): number[] {
  return Array.from({ length: count }, next);
}

type Data = {
  readonly rows: number;
  readonly columns: number;
  readonly targets: number;
  readonly outputs: number;
};

/** Random samples with targets for a loss, and weights of which one is zero. */
function feedOf(loss: LossOptions, data: Data, vocabulary?: number): Feed {
  const rng = new FastRng(11);
  const { rows, columns, targets, outputs } = data;
  const isClass = loss.kind === 'cross-entropy';
  const values = isClass
    ? draw(rng, rows * targets, () => rng.below(outputs))
    : draw(rng, rows * targets * outputs);
  const x =
    vocabulary === undefined
      ? draw(rng, rows * columns)
      : draw(rng, rows * columns, () => rng.below(vocabulary));
  return new Feed({ count: rows, columns, x, targets: values, weights: [1, 0, 2.5, 0.5, 1].slice(0, rows) });
}

/** Moves every parameter a little: biases of exactly zero put a ReLU on its kink. */
function shake({ parameters }: Network): void {
  const rng = new FastRng(7);
  const { values, layout } = parameters;
  for (const { offset, rows, columns } of layout.parts) {
    for (let i = offset; i < offset + rows * columns; i += 1)
      values.view[i] = (values.view[i] as number) + 0.1 * rng.normal();
  }
}

/** The gradient of every parameter against the difference of two losses. `pass` gives the loss, and fills gradients. */
function checkGradient(network: Network, pass: () => number): void {
  const { values, gradients } = network.parameters;
  const generators = network.generators.view.slice();
  const lossNow = () => {
    network.generators.view.set(generators);
    return pass();
  };
  gradients.view.fill(0);
  lossNow();
  const analytic = Array.from(gradients.view);
  let largest = 0;
  for (const { offset, rows, columns, name } of network.parameters.layout.parts) {
    for (let i = offset; i < offset + rows * columns; i += 1) {
      const value = values.view[i] as number;
      values.view[i] = value + STEP;
      const above = lossNow();
      values.view[i] = value - STEP;
      const numeric = (above - lossNow()) / (2 * STEP);
      values.view[i] = value;
      const mine = analytic[i] as number;
      largest = Math.max(largest, Math.abs(mine));
      const allowed = TOLERANCE * Math.max(1, Math.abs(numeric));
      assert.ok(
        Math.abs(mine - numeric) < allowed,
        `${name}[${i - offset}]: ${mine}, by differences ${numeric}`,
      );
    }
  }
  assert.ok(largest > 1e-3, 'the gradient is not zero');
}

function checkMlp(shape: MlpShape, mode: 'learn' | 'learnFrozen' = 'learn'): void {
  const [rows, columns] = [5, (shape.layers[0] as DenseShape).inputs];
  const network = new MlpNetwork(place(), shape, rows);
  const moments = freshMoments(shape).map((value, i) => value + 0.1 * (i % 3));
  network.begin(drawParameters(mlpLayout(shape), new FastRng(3)), moments, new FastRng(4));
  shake(network);
  const outputs = (shape.layers.at(-1) as DenseShape).units;
  const feed = feedOf(shape.loss, { rows, columns, targets: 1, outputs });
  network.load(feed, Uint32Array.of(4, 2, 0, 3, 1), 0, rows);
  checkGradient(network, () => network[mode](rows, 1));
}

const plain = { batchNorm: false, dropout: 0 };
const last = (inputs: number, units: number): DenseShape => ({
  inputs,
  units,
  activation: 'linear',
  ...plain,
});

for (const loss of LOSSES) {
  for (const activation of ['relu', 'tanh', 'sigmoid'] as const) {
    test(`dense layers with ${activation} under ${loss.kind} have the gradient of their loss`, () => {
      const hidden = { inputs: 3, units: 6, activation, ...plain };
      checkMlp({ layers: [hidden, { ...hidden, inputs: 6, units: 5 }, last(5, 4)], loss });
    });
  }
}

test('batch norm, with the moments of the batch and with frozen ones, has the gradient of its loss', () => {
  for (const activation of ['relu', 'tanh'] as const) {
    const hidden = { inputs: 3, units: 5, activation, batchNorm: true, dropout: 0 };
    const shape: MlpShape = { layers: [hidden, { ...hidden, inputs: 5 }, last(5, 3)], loss: { kind: 'mse' } };
    checkMlp(shape);
    checkMlp(shape, 'learnFrozen');
  }
});

test('dropout has the gradient of its loss', () => {
  const hidden = { inputs: 3, units: 8, activation: 'sigmoid' as const, batchNorm: true, dropout: 0.3 };
  checkMlp({ layers: [hidden, { ...hidden, inputs: 8 }, last(8, 3)], loss: { kind: 'cross-entropy' } });
});

test('a sigmoid at the end has the gradient of its loss', () => {
  const end = { ...last(4, 2), activation: 'sigmoid' as const };
  checkMlp({ layers: [{ inputs: 3, units: 4, activation: 'tanh', ...plain }, end], loss: { kind: 'mse' } });
});

function checkLstm(options: Partial<LstmShape>, mode: 'learn' | 'learnFrozen' = 'learn'): void {
  const loss = options.loss ?? { kind: 'cross-entropy' };
  const head = last(5, 4);
  const base: LstmShape = {
    inputs: 3,
    vocabulary: undefined,
    hidden: 5,
    layers: 1,
    dropout: 0,
    head,
    targets: 'last',
    loss,
  };
  const shape = { ...base, ...options };
  const [rows, steps] = [4, 4];
  const network = new LstmNetwork(place(), shape, { rows, steps });
  network.begin(drawLstm(shape, new FastRng(5)), new FastRng(6));
  shake(network);
  const columns = steps * (shape.vocabulary === undefined ? shape.inputs : 1);
  const targets = shape.targets === 'last' ? 1 : steps;
  const feed = feedOf(loss, { rows, columns, targets, outputs: shape.head.units }, shape.vocabulary);
  // One row is left free, as in the last batch of an epoch.
  network.load(feed, Uint32Array.of(3, 1, 2), 0, 3);
  checkGradient(network, () => network[mode](3, 1));
}

for (const loss of LOSSES) {
  test(`an LSTM under ${loss.kind} has the gradient of its loss through time`, () => {
    checkLstm({ loss });
    checkLstm({ loss, targets: 'every' });
  });
}

test('two layers, an embedding and dropout have the gradient of their loss through time', () => {
  checkLstm({ layers: 2 });
  checkLstm({ layers: 2, targets: 'every', dropout: 0.3 });
  checkLstm({ layers: 2, dropout: 0.3 }, 'learnFrozen');
  checkLstm({ vocabulary: 6, targets: 'every' });
  checkLstm({ vocabulary: 6, layers: 2, dropout: 0.2 });
});
