import { areTexts, isObject, need, PilotfishError } from '../../../base/index.ts';
import {
  decodeSnapshot,
  encodeSnapshot,
  HoeffdingTree,
  isStreamLearner,
  LinearRegression,
  LogisticRegression,
  NaiveBayes,
  restoreLearner,
  type Snapshot,
  SoftmaxRegression,
  type StreamLearner,
  type StreamSample,
} from '../../../learn/index.ts';

/** What a pipeline can begin with, by a short name. */
export const LEARNER_KINDS = ['linear', 'logistic', 'softmax', 'naive-bayes', 'hoeffding'] as const;

export type LearnerKind = (typeof LEARNER_KINDS)[number];

/** A learner that has learnt nothing. */
export type LearnerDraft = {
  readonly kind: LearnerKind;
  /** Names of the features, in the order in which the learner gets them. */
  readonly features: readonly string[];
  /** Of softmax, naive Bayes and the Hoeffding tree. 2. */
  readonly classes?: number;
};

/** @throws PilotfishError `USAGE` for what is none, and as the learner. */
export function newLearner(draft: LearnerDraft, rate: number): StreamLearner {
  need(
    isObject(draft) && areTexts(draft.features),
    "a learner has a kind and its features: give { kind: 'logistic', features: ['request_size', …] }",
  );
  const { kind, features: names, classes = 2 } = draft;
  const features = names.length;
  switch (kind) {
    case 'linear':
      return new LinearRegression({ features, rate });
    case 'logistic':
      return new LogisticRegression({ features, rate });
    case 'softmax':
      return new SoftmaxRegression({ features, classes, rate });
    case 'naive-bayes':
      return new NaiveBayes({ features, classes });
    case 'hoeffding':
      return new HoeffdingTree({ features, classes });
    default:
      throw new PilotfishError('USAGE', `a pipeline learns with one of ${LEARNER_KINDS.join(', ')}`);
  }
}

/** @throws PilotfishError `UNSUPPORTED` for a learner that does not learn a sample at a time; as `decodeSnapshot`. */
export function openLearner(bytes: Uint8Array): StreamLearner {
  return streamLearner(decodeSnapshot(bytes));
}

/** The bytes that `openLearner` reads; the same for learners that learnt the same. */
export const bytesOf = (learner: StreamLearner): Uint8Array => encodeSnapshot(learner.snapshot());

export const copyOf = (learner: StreamLearner): StreamLearner => streamLearner(learner.snapshot());

/** The same learner at another rate; one that has no constant rate keeps what it has. */
export function atRate(learner: StreamLearner, rate: number): StreamLearner {
  const snapshot = learner.snapshot();
  if (snapshot.config['schedule'] !== 'constant') return learner;
  return streamLearner({ ...snapshot, config: { ...snapshot.config, rate } });
}

/** The same learner before it learnt anything. */
export function freshOf(learner: StreamLearner): StreamLearner {
  const { config } = learner.snapshot();
  const options = config as Record<string, never>;
  if (learner instanceof NaiveBayes) return new NaiveBayes(options as never);
  if (learner instanceof HoeffdingTree) return new HoeffdingTree(options as never);
  const { features, l2, seed } = options;
  const rate = { kind: options['schedule'], rate: options['rate'], power: options['power'] } as never;
  const linear = { ...{ features, l2, seed, rate }, scale: config['scale'] === 'on' } as never;
  if (learner instanceof LogisticRegression) return new LogisticRegression(linear);
  if (learner instanceof LinearRegression) return new LinearRegression(linear);
  return new SoftmaxRegression({ ...(linear as object), classes: options['classes'] } as never);
}

/** @throws PilotfishError as the learner; `NOT_FINITE` when it diverges. */
export function teach(learner: StreamLearner, batch: readonly StreamSample[]): void {
  for (const sample of batch) learner.learnOne(sample);
  const last = batch.at(-1);
  if (last === undefined || learner.predict(last.x).every((value) => Number.isFinite(value))) return;
  throw new PilotfishError(
    'NOT_FINITE',
    'the learner diverged: lower the learning rate, or scale the features',
  );
}

/** Classes it tells apart; 0 for one that answers a value. */
export const classesOf = (learner: StreamLearner): number =>
  learner instanceof LinearRegression ? 0 : learner.predict(new Float64Array(learner.features)).length;

function streamLearner(snapshot: Snapshot): StreamLearner {
  const learner = restoreLearner(snapshot);
  if (isStreamLearner(learner)) return learner;
  throw new PilotfishError(
    'UNSUPPORTED',
    `a ${learner.kind} does not learn a sample at a time: begin with one of ${LEARNER_KINDS.join(', ')}`,
  );
}
