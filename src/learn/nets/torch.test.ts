import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Matrix, Tensor } from '../contract/index.ts';
import { float64, TrainingOracle } from '../kernels/oracle/training.ts';
import { type LossOptions, Lstm, Mlp, type OptimizerOptions } from './index.ts';
import { LstmNetwork, lstmLayout } from './lstm-network.ts';
import { lstmPlan, lstmShape } from './lstm-options.ts';
import { freshMoments, MlpNetwork, mlpLayout } from './mlp-network.ts';
import { mlpPlan, mlpShape } from './mlp-options.ts';
import type { Layout, Network } from './network.ts';
import { Feed } from './samples.ts';
import { Optimizer, resolveOptimizer } from './training/optimizer.ts';
import { resolveSchedule, Schedule } from './training/schedule.ts';

type Nested = number | readonly Nested[];
type Parts = Readonly<Record<string, Nested>>;
type Case = {
  readonly loss: LossOptions['kind'];
  readonly optimizer: OptimizerOptions;
  readonly steps: number;
  readonly clipNorm?: number;
  readonly batch: {
    readonly x: Nested;
    readonly y?: Nested;
    readonly targets?: Nested;
    readonly weights: number[];
  };
  readonly start: Parts;
  readonly gradients: Parts;
  readonly end: Parts;
  readonly moments: readonly number[];
  readonly firstLoss: number;
  readonly answers: Nested;
};
type MlpCase = Case & {
  readonly sizes: number[];
  readonly activation: 'relu' | 'tanh';
  readonly batchNorm: boolean;
};
type LstmCase = Case & {
  readonly inputs: number;
  readonly hidden: number;
  readonly layers: 1 | 2;
  readonly outputs: number;
  readonly targets: 'last' | 'every';
};

const torch = JSON.parse(readFileSync(new URL('../../../test/vectors/torch.json', import.meta.url), 'utf8'));

const flat = (values: Nested | undefined): number[] =>
  values === undefined ? [] : typeof values === 'number' ? [values] : values.flatMap(flat);

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, within: number, what: string): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i += 1) {
    const [a, b] = [actual[i] as number, expected[i] as number];
    assert.ok(Math.abs(a - b) <= within * Math.max(1, Math.abs(b)), `${what}[${i}] is ${a}, not ${b}`);
  }
}

/** Puts parts in place; `check` compares them instead. */
function place(layout: Layout, block: Float32Array | Float64Array, parts: Parts): void {
  for (const { name, offset } of layout.parts) block.set(flat(parts[name]), offset);
}

function check(layout: Layout, block: ArrayLike<number>, parts: Parts, within: number): void {
  for (const { name, offset, rows, columns } of layout.parts) {
    close(Array.from(block).slice(offset, offset + rows * columns), flat(parts[name]), within, name);
  }
}

/** As in the script. */
function lossOf(kind: LossOptions['kind']): LossOptions {
  if (kind === 'huber') return { kind, delta: 0.5 };
  if (kind === 'expected-cost') return { kind, temperature: 0.3 };
  return { kind };
}

/** In float64: the formulas themselves, to all digits that were printed. */
function checkExactly(one: Case, network: Network, start: readonly number[]): void {
  const { parameters, maths, statistics } = network;
  const { batch } = one;
  const { weights } = batch;
  const x = flat(batch.x);
  const count = weights.length;
  place(parameters.layout, parameters.values.view, one.start);
  statistics.view.set(start);
  const targets = flat(batch.y ?? batch.targets);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  network.load(new Feed({ count, columns: x.length / count, x, targets, weights }), order, 0, count);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const options = resolveOptimizer(one.optimizer);
  const optimizer = new Optimizer(options, one.clipNorm ?? Number.POSITIVE_INFINITY);
  for (let step = 0; step < one.steps; step += 1) {
    parameters.gradients.view.fill(0);
    const loss = network.learn(count, 1 / sum) / sum;
    if (step === 0) {
      close([loss], [one.firstLoss], 1e-10, 'loss');
      check(parameters.layout, parameters.gradients.view, one.gradients, 1e-10);
    }
    optimizer.step(maths, parameters, options.rate);
  }
  check(parameters.layout, parameters.values.view, one.end, 1e-6);
  close(statistics.view, one.moments, 1e-9, 'moments');
}

/** In float32, through the learner: the same steps from the same weights. */
function checkLearner(one: Case, learner: Mlp | Lstm): void {
  const { batch } = one;
  const rows = batch.weights.length;
  const matrix = (values: Nested | undefined): Matrix => {
    const data = Float64Array.from(flat(values));
    return { rows, columns: data.length / rows, data };
  };
  const isClass = one.loss === 'cross-entropy';
  const targets = isClass
    ? { targets: matrix(batch.y), y: flat(batch.y) }
    : { targets: matrix(batch.targets) };
  const costs = one.loss === 'expected-cost' ? { costs: matrix(batch.targets) } : {};
  learner.fit(
    { x: matrix(batch.x), ...targets, ...costs, weights: batch.weights },
    {
      ...{ warmStart: true, epochs: one.steps, batchSize: rows, optimizer: one.optimizer },
      ...(one.clipNorm === undefined ? {} : { clipNorm: one.clipNorm }),
    },
  );
  const { tensors } = learner.snapshot();
  for (const [name, end] of Object.entries(one.end))
    close((tensors[name] as Tensor).data, flat(end), 1e-4, name);
}

const tensorsOf = (layout: Layout, parts: Parts): Record<string, Tensor> =>
  Object.fromEntries(
    layout.parts.map(({ name, rows, columns }) => {
      return [name, { shape: [rows, columns], data: Float32Array.from(flat(parts[name])) }];
    }),
  );

test('an MLP learns what PyTorch makes of it: loss, gradients, steps, batch norm, answers', () => {
  for (const one of torch.mlp as MlpCase[]) {
    const [inputs, ...rest] = one.sizes as [number, ...number[]];
    const outputs = rest.pop() as number;
    const { activation, batchNorm } = one;
    const hidden = rest.map((units) => ({ units, batchNorm }));
    const options = { inputs, outputs, hidden, activation, loss: lossOf(one.loss) };
    const shape = mlpShape(mlpPlan(options));
    const maths = new TrainingOracle(float64);
    checkExactly(one, new MlpNetwork({ maths, space: maths.memory }, shape, 10), [...freshMoments(shape)]);

    const blank = new Mlp(options).snapshot();
    const mlp = Mlp.restore({
      ...blank,
      tensors: { ...blank.tensors, ...tensorsOf(mlpLayout(shape), one.start) },
    });
    checkLearner(one, mlp);
    checkAnswers(one, (row) => mlp.predict(row));
  }
});

test('an LSTM learns what PyTorch makes of it: loss, gradients through time, steps, answers', () => {
  for (const one of torch.lstm as LstmCase[]) {
    const { inputs, hidden, layers, outputs, targets } = one;
    const options = { inputs, hidden, layers, outputs, targets, loss: lossOf(one.loss) };
    const shape = lstmShape(lstmPlan(options));
    const maths = new TrainingOracle(float64);
    checkExactly(one, new LstmNetwork({ maths, space: maths.memory }, shape, { rows: 7, steps: 5 }), []);

    const blank = new Lstm(options).snapshot();
    const lstm = Lstm.restore({ ...blank, tensors: tensorsOf(lstmLayout(shape), one.start) });
    checkLearner(one, lstm);
    checkAnswers(one, (row) => lstm.predict(row));
  }
});

/** Answers after the steps; an every-step net answers for its last step. */
function checkAnswers(one: Case, predict: (row: number[]) => Float64Array): void {
  const rows = one.batch.x as readonly Nested[];
  rows.forEach((row, index) => {
    const answer = predict(flat(row));
    const raw = flat((one.answers as readonly Nested[])[index]).slice(-answer.length);
    const isClass = one.loss === 'cross-entropy' || one.loss === 'expected-cost';
    const total = raw.reduce((sum, logit) => sum + Math.exp(logit), 0);
    close(answer, isClass ? raw.map((logit) => Math.exp(logit) / total) : raw, 2e-4, `answer ${index}`);
  });
}

test('schedules give the rates of PyTorch', () => {
  for (const { options, losses, rates } of torch.schedules) {
    const schedule = new Schedule(resolveSchedule(options), 0.1, losses.length);
    const own = losses.map((loss: number, epoch: number) => {
      const rate = schedule.rate(epoch);
      schedule.observe(loss);
      return rate;
    });
    close(own, rates, 1e-12, options.kind);
  }
});
