import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../base/index.ts';
import { float32, TrainingOracle } from '../kernels/oracle/training.ts';
import { drawLstm, LstmNetwork } from './lstm-network.ts';
import { lstmPlan, lstmShape } from './lstm-options.ts';
import { freshMoments, MlpNetwork, mlpLayout } from './mlp-network.ts';
import { mlpPlan, mlpShape } from './mlp-options.ts';
import { drawParameters, inKernelMemory, type Network, type Place } from './network.ts';
import { Feed } from './samples.ts';
import { firstSign, moons } from './testing/problems.ts';
import { Optimizer, resolveOptimizer } from './training/optimizer.ts';

const inOracle = <Net>(build: (place: Place) => Net): Net => {
  const maths = new TrainingOracle(float32);
  return build({ maths, space: maths.memory });
};

/** A few steps on the same samples; gives losses, weights, moments and generators. */
function train(network: Network, { x, y }: ReturnType<typeof moons>) {
  const feed = new Feed({ count: x.rows, columns: x.columns, x: x.data, targets: y, weights: undefined });
  const order = Uint32Array.from({ length: x.rows }, (_, i) => i);
  const optimizer = new Optimizer(resolveOptimizer({ kind: 'adam', weightDecay: 0.01 }), 0.5);
  const losses = [];
  for (let step = 0; step < 3; step += 1) {
    network.load(feed, order, 0, x.rows);
    network.parameters.gradients.view.fill(0);
    losses.push(network.learn(x.rows, 1 / x.rows));
    optimizer.step(network.maths, network.parameters, 0.01);
  }
  losses.push(network.judge(x.rows));
  const { parameters, statistics, generators } = network;
  return [
    losses,
    ...[parameters.values, parameters.second, statistics, generators].map((slot) => Array.from(slot.view)),
  ];
}

test('a net in WebAssembly learns bit for bit as one in plain TypeScript', () => {
  const hidden = [{ units: 7, batchNorm: true, dropout: 0.2 }, 5];
  const shape = mlpShape(mlpPlan({ inputs: 2, outputs: 2, hidden, activation: 'tanh' }));
  const build = (place: Place) => new MlpNetwork(place, shape, 11);
  const [fast, slow] = [inKernelMemory(build), inOracle(build)];
  for (const net of [fast, slow]) {
    net.begin(drawParameters(mlpLayout(shape), new FastRng(1)), freshMoments(shape), new FastRng(2));
  }
  assert.deepEqual(train(fast, moons(11, 1)), train(slow, moons(11, 1)));

  const recurrent = lstmShape(lstmPlan({ inputs: 1, hidden: 6, layers: 2, outputs: 3, dropout: 0.2 }));
  const buildLstm = (place: Place) => new LstmNetwork(place, recurrent, { rows: 5, steps: 4 });
  const [quick, plain] = [inKernelMemory(buildLstm), inOracle(buildLstm)];
  for (const net of [quick, plain]) net.begin(drawLstm(recurrent, new FastRng(3)), new FastRng(4));
  assert.deepEqual(train(quick, firstSign(5, 4, 1)), train(plain, firstSign(5, 4, 1)));
});
