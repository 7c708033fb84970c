// Calibration: what makes probabilities of scores.
import {
  confidenceReliability,
  IsotonicRegression,
  matrixOf,
  TemperatureScaling,
} from '../../../src/learn/index.ts';
import { badBatches, badQuestions } from './refusals.ts';
import { type AnyCase, learnerCase } from './suite.ts';
import { chanceOf, type Labelled, rowAt, squaredError } from './worlds.ts';

/** Scores from 0 to 1 whose square is the chance of the event. */
function scores(world: number, lesson: number, rows = 40): Labelled {
  const rng = chanceOf(world, lesson);
  const data = Float64Array.from({ length: rows }, () => rng.next());
  return { x: { rows, columns: 1, data }, y: data.map((score) => (rng.next() < score ** 2 ? 1 : 0)) };
}

const isotonic = learnerCase({
  name: 'IsotonicRegression',
  untaught: 'UNTRAINED',
  chance: 'none',
  make: () => new IsotonicRegression(),
  restore: IsotonicRegression.restore,
  lesson: scores,
  teach(learner, lesson) {
    learner.fit(lesson);
  },
  fit: (learner, lesson) => learner.fit(lesson),
  questions: () => [[0], [0.3], [0.55], [0.8], [2]],
  ask: (learner, x) => learner.predict(x),
  refuses: [...badQuestions(1), ...badBatches(scores(3, 0), {})],
  contest: {
    against: 'the scores taken for probabilities',
    margin: 0.7,
    play(seed) {
      const [training, { x }] = [scores(seed, 0, 2000), scores(seed, 1, 200)];
      const learner = new IsotonicRegression();
      learner.fit(training);
      const truth = { x, y: Float64Array.from(x.data, (score) => score ** 2) };
      return {
        loss: squaredError(truth, (score) => learner.predict(score)[0] as number),
        baseline: squaredError(truth, (score) => score[0] as number),
      };
    },
  },
});

const classes = 3;

/** Logits that are three times as sure as they may be. */
function boasts(world: number, lesson: number, rows = 40): Labelled {
  const rng = chanceOf(world, lesson);
  const y = new Float64Array(rows);
  const data = new Float64Array(rows * classes);
  for (let row = 0; row < rows; row += 1) {
    const fair = Array.from({ length: classes }, () => 1.5 * rng.normal());
    // The largest of logits with Gumbel noise is a draw from their softmax.
    const drawn = fair.map((logit) => logit - Math.log(-Math.log(rng.next())));
    y[row] = drawn.indexOf(Math.max(...drawn));
    data.set(
      fair.map((logit) => 3 * logit),
      row * classes,
    );
  }
  return { x: { rows, columns: classes, data }, y };
}

/** Expected calibration error of the answers to the rows. */
function miscalibration({ x, y }: Labelled, scaling: TemperatureScaling): number {
  const answers = Array.from(y, (_, row) => scaling.predict(rowAt(x, row)).slice());
  return confidenceReliability(y, matrixOf(answers)).expectedError;
}

const temperature = learnerCase({
  name: 'TemperatureScaling',
  untaught: 'UNTRAINED',
  chance: 'none',
  make: () => new TemperatureScaling({ classes, input: 'logits' }),
  restore: TemperatureScaling.restore,
  lesson: boasts,
  teach(learner, lesson) {
    learner.fit(lesson);
  },
  fit: (learner, lesson) => learner.fit(lesson),
  questions: () => [
    [0, 0, 0],
    [3, -1, 0.5],
    [-2, 0.25, 5],
  ],
  ask: (learner, x) => learner.predict(x),
  refuses: [
    ...badQuestions(classes),
    ...badBatches(boasts(3, 0), { classes }).filter(({ code }) => code !== 'CONSTANT_FEATURE'),
  ],
  contest: {
    against: 'temperature 1',
    margin: 0.7,
    play(seed) {
      const [training, held] = [boasts(seed, 0, 1000), boasts(seed, 1, 1000)];
      const scaling = new TemperatureScaling({ classes, input: 'logits' });
      scaling.fit(training);
      const config = { ...scaling.snapshot().config, temperature: 1 };
      const unscaled = TemperatureScaling.restore({ ...scaling.snapshot(), config });
      return { loss: miscalibration(held, scaling), baseline: miscalibration(held, unscaled) };
    },
  },
});

export const ensemble: readonly AnyCase[] = [isotonic, temperature];
