/** Learners together: mixtures of predictors, and probabilities that can be taken at their word. */
export { IsotonicRegression, type IsotonicReport } from './isotonic.ts';
export { type MixtureChoice, type MixtureMember, WeightedMixture } from './mixture.ts';
export {
  confidenceReliability,
  type Reliability,
  type ReliabilityBin,
  type ReliabilityOptions,
  reliability,
} from './reliability.ts';
export { type TemperatureOptions, type TemperatureReport, TemperatureScaling } from './temperature.ts';
