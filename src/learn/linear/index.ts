/** Linear models and stream learners: one sample at a time, small state, microseconds. */
export type { HoeffdingOptions, LeafPrediction, SplitCriterion } from './hoeffding/options.ts';
export { type HoeffdingReport, HoeffdingTree } from './hoeffding/tree.ts';
export type { LinearFitOptions, LinearOptions, LinearReport } from './linear-parts.ts';
export { LinearRegression } from './linear-regression.ts';
export { LogisticRegression } from './logistic-regression.ts';
export {
  NaiveBayes,
  type NaiveBayesFitOptions,
  type NaiveBayesOptions,
  type NaiveBayesReport,
} from './naive-bayes.ts';
export { OnlineScaler, type ScalerSample } from './scaler.ts';
export type { RateSchedule } from './schedule.ts';
export { type SoftmaxOptions, SoftmaxRegression } from './softmax-regression.ts';
export { isStreamLearner, type StreamLearner } from './stream-learner.ts';
