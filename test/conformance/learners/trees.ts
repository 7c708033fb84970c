// Boosted trees. A lesson is two more rounds; `fit` is all of them.
import {
  BoostedTrees,
  type BoostedTreesOptions,
  LinearRegression,
  LogisticRegression,
} from '../../../src/learn/index.ts';
import { badBatches, badQuestions } from './refusals.ts';
import { type AnyCase, learnerCase } from './suite.ts';
import { chanceOf, draw, errorRate, type Labelled, majorityError, squaredError } from './worlds.ts';

const features = 3;

const first = (x: ArrayLike<number>): number => x[0] as number;
const second = (x: ArrayLike<number>): number => x[1] as number;

type World = (world: number, lesson: number, rows?: number) => Labelled;

/** Bands of two features. */
const steps: World = (world, lesson, rows = 60) =>
  draw(chanceOf(world, lesson), [rows, features], (x, rng) => {
    return (Math.abs(first(x)) > 0.7 ? 2 : -1) + (second(x) > 0 ? 0.5 : 0) + 0.1 * rng.normal();
  });
const bands: World = (world, lesson, rows = 60) =>
  draw(chanceOf(world, lesson), [rows, features], (x) => (Math.abs(first(x)) > 0.7 ? 1 : 0));
const fields: World = (world, lesson, rows = 60) =>
  draw(chanceOf(world, lesson), [rows, features], (x) =>
    Math.abs(first(x)) > 0.7 ? 2 : second(x) > 0 ? 1 : 0,
  );

/** Every fifth value of the last feature is missing. */
const holed =
  (world: World): World =>
  (...which) => {
    const batch = world(...which);
    const data = batch.x.data.map((value, i) => (i % (5 * features) === features - 1 ? Number.NaN : value));
    return { ...batch, x: { ...batch.x, data: data as Float64Array } };
  };

const boosted = (options: BoostedTreesOptions, world: World, classes: number) => ({
  name: `BoostedTrees of ${options.objective}`,
  untaught: 'UNTRAINED' as const,
  chance: 'seeded' as const,
  make: (seed: number) =>
    new BoostedTrees({ rounds: 8, maxDepth: 3, subsample: 0.7, colsampleByTree: 0.7, ...options, seed }),
  restore: BoostedTrees.restore,
  lesson: (of: number, number: number) => holed(world)(of, number),
  teach(learner: BoostedTrees, lesson: Labelled) {
    const rounds = learner.train(lesson);
    for (let i = 0; i < 2; i += 1) rounds.next();
  },
  fit: (learner: BoostedTrees, lesson: Labelled) => learner.fit(lesson),
  questions: () => [
    [0, 0, 0],
    [1, -1, Number.NaN],
    [-2, 0.25, 3],
  ],
  ask: (learner: BoostedTrees, x: number[]) => learner.predict(x),
  refuses: [...badQuestions(features, true), ...badBatches(world(3, 0), { classes, missing: true })],
});

const fitted = (options: BoostedTreesOptions, training: Labelled): BoostedTrees => {
  const learner = new BoostedTrees({ rounds: 20, maxDepth: 4, ...options });
  learner.fit(training);
  return learner;
};

const regression = { objective: 'reg:squarederror' } as const;
const values = learnerCase({
  ...boosted(regression, steps, 0),
  contest: {
    against: 'linear regression',
    margin: 0.8,
    play(seed) {
      const [training, held] = [steps(seed, 0, 600), steps(seed, 1, 400)];
      const learner = fitted(regression, training);
      const plane = new LinearRegression({ features });
      plane.fit(training);
      return {
        loss: squaredError(held, (x) => learner.predict(x)[0] as number),
        baseline: squaredError(held, (x) => plane.predict(x)[0] as number),
      };
    },
  },
});

const logistic = { objective: 'binary:logistic' } as const;
const halves = learnerCase({
  ...boosted(logistic, bands, 2),
  contest: {
    against: 'logistic regression',
    margin: 0.8,
    play(seed) {
      const [training, held] = [bands(seed, 0, 600), bands(seed, 1, 400)];
      const learner = fitted(logistic, training);
      const line = new LogisticRegression({ features });
      line.fit(training);
      return {
        loss: errorRate(held, (x) => learner.predict(x)),
        baseline: errorRate(held, (x) => line.predict(x)),
      };
    },
  },
});

const softprob = { objective: 'multi:softprob', classes: 3 } as const;
const thirds = learnerCase({
  ...boosted(softprob, fields, 3),
  contest: {
    against: 'the most frequent class',
    margin: 0.8,
    play(seed) {
      const [training, held] = [fields(seed, 0, 600), fields(seed, 1, 400)];
      const learner = fitted(softprob, training);
      return {
        loss: errorRate(held, (x) => learner.predict(x)),
        baseline: majorityError(training, held),
      };
    },
  },
});

export const trees: readonly AnyCase[] = [values, halves, thirds];
