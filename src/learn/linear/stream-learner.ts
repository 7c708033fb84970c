import type { Learner, LearnsOne, Predicts, StreamSample } from '../contract/index.ts';
import { HoeffdingTree } from './hoeffding/tree.ts';
import { LinearRegression } from './linear-regression.ts';
import { LogisticRegression } from './logistic-regression.ts';
import { NaiveBayes } from './naive-bayes.ts';
import { SoftmaxRegression } from './softmax-regression.ts';

/** A learner that answers a row of features and can be taught one sample at a time. */
export type StreamLearner = Learner & Predicts & LearnsOne<StreamSample> & { readonly features: number };

/** Whether a learner, such as one restored from a snapshot, is one of these. */
export const isStreamLearner = (learner: Learner): learner is StreamLearner =>
  learner instanceof LinearRegression ||
  learner instanceof LogisticRegression ||
  learner instanceof SoftmaxRegression ||
  learner instanceof NaiveBayes ||
  learner instanceof HoeffdingTree;
