import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { LearnsOne, Predicts, StreamSample } from '../contract/index.ts';
import {
  HoeffdingTree,
  LinearRegression,
  LogisticRegression,
  NaiveBayes,
  SoftmaxRegression,
} from './index.ts';
import { indexOfLargest } from './posterior.ts';

const vectors = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../test/vectors/${name}.json`, import.meta.url), 'utf8'));

type Result = { accuracy?: number; meanAbsoluteError?: number; weights?: number[]; leaves?: number };
type Stream = {
  classes: number;
  features: number;
  x?: number[];
  y?: number[];
  river: { [model: string]: Result };
};
type Student = Predicts & LearnsOne<StreamSample>;

const students: { [model: string]: (shape: { features: number; classes: number }) => Student } = {
  'logistic-regression': ({ features }) => new LogisticRegression({ features }),
  'logistic-regression l2': ({ features }) => new LogisticRegression({ features, l2: 0.1 }),
  'softmax-regression': (shape) => new SoftmaxRegression(shape),
  // River's slope of the squared error is twice ours.
  'linear-regression': ({ features }) => new LinearRegression({ features, rate: 0.02 }),
  'naive-bayes': (shape) => new NaiveBayes(shape),
  'hoeffding-tree': (shape) => new HoeffdingTree(shape),
  'hoeffding-tree gini': (shape) => new HoeffdingTree({ ...shape, criterion: 'gini' }),
  'hoeffding-tree majority': (shape) => new HoeffdingTree({ ...shape, leafPrediction: 'majority' }),
  'hoeffding-tree bayes': (shape) => new HoeffdingTree({ ...shape, leafPrediction: 'bayes' }),
};

/** The stream of Street and Kim (KDD 2001) that the oracle script makes, too. */
function sea(): Required<Pick<Stream, 'x' | 'y'>> {
  let state = 42;
  const x = Array.from({ length: 30_000 }, () => {
    state = (state * 48271) % 2147483647;
    return (10 * state) / 2147483647;
  });
  const y = Array.from({ length: 10_000 }, (_, i) => {
    const bound = i < 5000 ? 8 : 9.5;
    return (x[3 * i] as number) + (x[3 * i + 1] as number) <= bound ? 1 : 0;
  });
  return { x, y };
}

/** Predict, score, learn: share of right answers, or mean absolute error. */
function play(student: Student, stream: Stream): number {
  const { features, classes } = stream;
  const { x, y } = stream.x && stream.y ? { x: stream.x, y: stream.y } : sea();
  let total = 0;
  y.forEach((target, row) => {
    const sample = { x: x.slice(row * features, (row + 1) * features), y: target };
    const answer = student.predict(sample.x);
    if (classes === 0) total += Math.abs((answer[0] as number) - target);
    else total += indexOfLargest(answer) === target ? 1 : 0;
    student.learnOne(sample);
  });
  return total / y.length;
}

const { streams } = vectors('river') as { streams: { [name: string]: Stream } };

for (const [name, stream] of Object.entries(streams)) {
  for (const [model, river] of Object.entries(stream.river)) {
    test(`${model} on ${name} is as right as river`, () => {
      const student = (students[model] as (shape: Stream) => Student)(stream);
      const score = play(student, stream);
      if (river.accuracy !== undefined) {
        assert.ok(score >= river.accuracy - 0.005, `accuracy ${score}, river ${river.accuracy}`);
      }
      if (river.meanAbsoluteError !== undefined) {
        assert.ok(score <= river.meanAbsoluteError * 1.0001, `error ${score}, ${river.meanAbsoluteError}`);
      }
      if (river.weights !== undefined) {
        close((student as LogisticRegression).weights, river.weights, 1e-9);
      }
      if (river.leaves !== undefined) {
        assert.ok(Math.abs((student as HoeffdingTree).leaves - river.leaves) <= 1);
      }
    });
  }
}

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, within: number): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i += 1) {
    const [a, b] = [actual[i] as number, expected[i] as number];
    assert.ok(Math.abs(a - b) <= within * Math.max(1, Math.abs(b)), `[${i}] is ${a}, not ${b}`);
  }
}

const sklearn = vectors('sklearn');

const schedules = {
  constant: { rate: { kind: 'constant', rate: 0.05 }, l2: 0.01 },
  'inverse-scaling': { rate: { kind: 'inverse-scaling', rate: 0.1, power: 0.25 }, l2: 0.001 },
} as const;

for (const [name, options] of Object.entries(schedules)) {
  test(`single steps at ${name} rate are those of scikit-learn`, () => {
    const { features, x, value, label, weight, results } = sklearn.sgd;
    const logistic = new LogisticRegression({ features, scale: false, ...options });
    const linear = new LinearRegression({ features, scale: false, ...options });
    for (let row = 0; row < value.length; row += 1) {
      const sample = { x: x.slice(row * features, (row + 1) * features), weight: weight[row] };
      logistic.learnOne({ ...sample, y: label[row] });
      linear.learnOne({ ...sample, y: value[row] });
    }
    close(logistic.weights, results[name].logistic, 1e-10);
    close(linear.weights, results[name].linear, 1e-10);
  });
}

test('naive Bayes without prior weight is that of scikit-learn', () => {
  const { features, classes, x, y, weight, probabilities } = sklearn.naiveBayes;
  const model = new NaiveBayes({ features, classes, priorWeight: 1e-9 });
  const data = Float64Array.from(x);
  model.fit({ x: { rows: y.length, columns: features, data }, y, weights: weight });
  for (let row = 0; row < y.length; row += 1) {
    const answer = model.predict(data.subarray(row * features, (row + 1) * features));
    close(answer, probabilities.slice(row * classes, (row + 1) * classes), 1e-7);
  }
});
