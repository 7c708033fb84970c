// Linear models and stream learners.
import {
  HoeffdingTree,
  LinearRegression,
  LogisticRegression,
  NaiveBayes,
  OnlineScaler,
  SoftmaxRegression,
} from '../../../src/learn/index.ts';
import { badBatches, badQuestions, badSamples } from './refusals.ts';
import { type AnyCase, learnerCase } from './suite.ts';
import {
  chanceOf,
  draw,
  errorRate,
  type Labelled,
  majorityError,
  meanOf,
  rowAt,
  samplesOf,
  squaredError,
} from './worlds.ts';

const features = 3;
const QUESTIONS = [
  [0, 0, 0],
  [1, -1, 0.5],
  [-2, 0.25, 3],
];

const at = (x: ArrayLike<number>, j: number): number => x[j] as number;

/** A plane, and how far above or below it the target lies. */
const plane = (x: ArrayLike<number>): number => 2 * at(x, 0) - at(x, 1) + 0.5;
/** The side of the plane, sometimes the wrong one. */
const sides = (x: ArrayLike<number>, noise: number): number => (plane(x) + noise > 0 ? 1 : 0);
/** Three sectors of the first two features. */
const sectors = (x: ArrayLike<number>): number => (at(x, 0) > Math.abs(at(x, 1)) ? 0 : at(x, 1) > 0 ? 1 : 2);

type World = (world: number, lesson: number, rows?: number) => Labelled;
const values: World = (world, lesson, rows = 30) =>
  draw(chanceOf(world, lesson), [rows, features], (x, rng) => plane(x) + 0.3 * rng.normal());
const halves: World = (world, lesson, rows = 30) =>
  draw(chanceOf(world, lesson), [rows, features], (x, rng) => sides(x, 0.5 * rng.normal()));
const thirds: World = (world, lesson, rows = 30) =>
  draw(chanceOf(world, lesson), [rows, features], (x) => sectors(x));

type Student = InstanceType<
  | typeof LinearRegression
  | typeof LogisticRegression
  | typeof SoftmaxRegression
  | typeof NaiveBayes
  | typeof HoeffdingTree
>;

/** What the learners of samples of this room have in common. */
const student = (world: World, classes: number) => ({
  untaught: 'belief' as const,
  lesson: (of: number, number: number) => world(of, number),
  teach(learner: Student, lesson: Labelled) {
    for (const sample of samplesOf(lesson)) learner.learnOne({ ...sample, weight: 0.5 });
  },
  fit: (learner: Student, lesson: Labelled) => learner.fit(lesson),
  questions: () => structuredClone(QUESTIONS),
  ask: (learner: Student, x: number[]) => learner.predict(x),
  refuses: [
    ...badQuestions(features),
    ...badSamples(features, classes),
    ...badBatches(world(3, 0), { classes }),
  ],
});

/** Learns a set by one `fit`, and is judged on another of the same world. */
const againstMajority = (make: () => Student, world: World, margin: number) => ({
  against: 'the most frequent class',
  margin,
  play(seed: number) {
    const [training, held] = [world(seed, 0, 600), world(seed, 1, 400)];
    const learner = make();
    learner.fit(training);
    return {
      loss: errorRate(held, (x) => learner.predict(x)),
      baseline: majorityError(training, held),
    };
  },
});

const linearRegression = learnerCase({
  name: 'LinearRegression',
  ...student(values, 0),
  chance: 'seeded',
  make: (seed) => new LinearRegression({ features, seed, rate: 0.05, l2: 0.001 }),
  restore: LinearRegression.restore,
  contest: {
    against: 'the mean of the targets',
    margin: 0.9,
    play(seed) {
      const [training, held] = [values(seed, 0, 400), values(seed, 1, 400)];
      const learner = new LinearRegression({ features });
      learner.fit(training);
      const mean = meanOf(training.y);
      return {
        loss: squaredError(held, (x) => at(learner.predict(x), 0)),
        baseline: squaredError(held, () => mean),
      };
    },
  },
});

const logisticRegression = learnerCase({
  name: 'LogisticRegression',
  ...student(halves, 2),
  chance: 'seeded',
  make: (seed) =>
    new LogisticRegression({ features, seed, rate: { kind: 'inverse-scaling', rate: 0.2, power: 0.5 } }),
  restore: LogisticRegression.restore,
  contest: againstMajority(() => new LogisticRegression({ features }), halves, 0.7),
});

const softmaxRegression = learnerCase({
  name: 'SoftmaxRegression',
  ...student(thirds, 3),
  chance: 'seeded',
  make: (seed) =>
    new SoftmaxRegression({ features, classes: 3, seed, l2: 0.01, rate: { kind: 'optimal', rate: 0.1 } }),
  restore: SoftmaxRegression.restore,
  contest: againstMajority(() => new SoftmaxRegression({ features, classes: 3, rate: 0.05 }), thirds, 0.7),
});

const naiveBayes = learnerCase({
  name: 'NaiveBayes',
  ...student(thirds, 3),
  chance: 'none',
  make: () => new NaiveBayes({ features, classes: 3 }),
  restore: NaiveBayes.restore,
  contest: againstMajority(() => new NaiveBayes({ features, classes: 3 }), thirds, 0.7),
});

/** Which of two features counts depends on a third: no line and no Gaussian a class can tell. */
const forks: World = (world, lesson, rows = 60) =>
  draw(chanceOf(world, lesson), [rows, features], (x) => (at(x, at(x, 0) > 0 ? 1 : 2) > 0.5 ? 1 : 0));

const hoeffdingTree = learnerCase({
  name: 'HoeffdingTree',
  ...student(forks, 2),
  chance: 'none',
  make: () => new HoeffdingTree({ features, classes: 2, gracePeriod: 10, tieThreshold: 2, maxLeaves: 8 }),
  restore: HoeffdingTree.restore,
  contest: {
    against: 'naive Bayes',
    margin: 0.3,
    play(seed) {
      const [training, held] = [forks(seed, 0, 4000), forks(seed, 1, 400)];
      const tree = new HoeffdingTree({ features, classes: 2, gracePeriod: 50 });
      const bayes = new NaiveBayes({ features, classes: 2 });
      for (const learner of [tree, bayes]) learner.fit(training);
      return {
        loss: errorRate(held, (x) => tree.predict(x)),
        baseline: errorRate(held, (x) => bayes.predict(x)),
      };
    },
  },
});

/** Features of very different means and spreads. */
const uneven: World = (world, lesson, rows = 30) => {
  const batch = draw(chanceOf(world, lesson), [rows, features], () => 0);
  const data = batch.x.data.map((value, i) => value * 100 ** (i % features) + 7 * (i % features));
  return { ...batch, x: { ...batch.x, data: data as Float64Array } };
};

/** How far each column is from mean 0 and mean square 1. */
function unevenness(rows: readonly ArrayLike<number>[]): number {
  const columns = Array.from({ length: features }, (_, j) => rows.map((row) => at(row, j)));
  return meanOf(
    columns.map((column) => meanOf(column) ** 2 + (meanOf(column.map((value) => value ** 2)) - 1) ** 2),
  );
}

const onlineScaler = learnerCase({
  name: 'OnlineScaler',
  untaught: 'belief',
  chance: 'none',
  make: () => new OnlineScaler(features),
  restore: OnlineScaler.restore,
  lesson: (world, number) => uneven(world, number),
  teach(learner, lesson) {
    for (const { x } of samplesOf(lesson)) learner.learnOne({ x, weight: 2 });
  },
  questions: () => structuredClone(QUESTIONS),
  ask: (learner, x: number[]) => learner.predict(x),
  refuses: [
    ...badQuestions(features),
    { what: 'NaN', code: 'NOT_FINITE', act: (learner) => learner.learnOne({ x: [0, Number.NaN, 0] }) },
    { what: 'a short row', code: 'SHAPE', act: (learner) => learner.learnOne({ x: [0, 0] }) },
    {
      what: 'a negative weight',
      code: 'USAGE',
      act: (learner) => learner.learnOne({ x: [0, 0, 0], weight: -1 }),
    },
  ],
  contest: {
    against: 'the rows as they are',
    margin: 0.99,
    play(seed) {
      const [training, { x }] = [uneven(seed, 0, 400), uneven(seed, 1, 400)];
      const scaler = new OnlineScaler(features);
      for (const sample of samplesOf(training)) scaler.learnOne(sample);
      const rows = Array.from({ length: x.rows }, (_, row) => rowAt(x, row));
      return {
        loss: unevenness(rows.map((row) => scaler.predict(row).slice())),
        baseline: unevenness(rows),
      };
    },
  },
});

export const linear: readonly AnyCase[] = [
  linearRegression,
  logisticRegression,
  softmaxRegression,
  naiveBayes,
  hoeffdingTree,
  onlineScaler,
];
