// What a pipeline serves on a stream, beside the same learner that learns every sample at once.
import {
  HoeffdingTree,
  LinearRegression,
  LogisticRegression,
  NaiveBayes,
  SoftmaxRegression,
  type StreamLearner,
} from '../../../src/learn/index.ts';
import { PipelineEngine } from '../../../src/lifecycle/online/engine/engine.ts';
import { copyOf } from '../../../src/lifecycle/online/engine/learners.ts';
import { sayOf, scoreOf } from '../../../src/lifecycle/online/engine/rival.ts';
import type { Outcome, Strategy } from '../../../src/lifecycle/online/engine/settings.ts';

/** A labelled stream. */
export interface Stream {
  readonly rows: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** Learners by the names of the River vectors. */
export const LEARNERS = {
  'logistic-regression': ({ features }) => new LogisticRegression({ features }),
  'softmax-regression': (shape) => new SoftmaxRegression(shape),
  // River's slope of the squared error is twice ours.
  'linear-regression': ({ features }) => new LinearRegression({ features, rate: 0.02 }),
  'naive-bayes': (shape) => new NaiveBayes(shape),
  'hoeffding-tree': (shape) => new HoeffdingTree(shape),
} as const satisfies Record<string, (shape: { features: number; classes: number }) => StreamLearner>;

export type LearnerName = keyof typeof LEARNERS;

/** 1 for each right answer, 0 for a wrong one; minus the error of a value. */
export type Scores = Float64Array;

/** Each sample is first asked about, then learnt. */
export function progressive(learner: StreamLearner, { rows, labels }: Stream, classes = 2, from = 0): Scores {
  const scores = new Float64Array(rows.length);
  for (let i = from; i < rows.length; i += 1) {
    const [x, y] = [rows[i] as readonly number[], labels[i] as number];
    scores[i] = scoreOf(sayOf(learner, x), y, classes);
    learner.learnOne({ x, y });
  }
  return scores;
}

export interface Served {
  readonly scores: Scores;
  readonly outcomes: readonly Outcome[];
}

/** What the champion of a pipeline with document 003's settings answers; a sample comes every millisecond. */
export function served(learner: StreamLearner, { rows, labels }: Stream, strategy: Strategy): Served {
  const engine = new PipelineEngine(
    {
      strategy,
      updateFrequencyMs: 3_600_000,
      batchSize: 100,
      minSamples: 50,
      maxBufferSize: 1000,
      alpha: 0.05,
    },
    { key: 'base', learner: copyOf(learner) },
  );
  const scores = new Float64Array(rows.length);
  const outcomes: Outcome[] = [];
  for (let i = 0; i < rows.length; i += 1) {
    const [x, y] = [rows[i] as readonly number[], labels[i] as number];
    scores[i] = scoreOf(engine.say(x), y, engine.classes);
    const event = { kind: 'sample', timeMs: 1 + i, sampleId: String(i), x, y, weight: 1 } as const;
    outcomes.push(...engine.apply(event, String(i)));
  }
  return { scores, outcomes };
}

/** Mean of the scores in [from, to). */
export function meanScore(scores: Scores, from = 0, to = scores.length): number {
  let sum = 0;
  for (let i = from; i < to; i += 1) sum += scores[i] as number;
  return sum / (to - from);
}
