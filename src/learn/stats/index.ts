/** Statistics: intervals, tests, metrics, special functions, and differential privacy. */
export {
  type BootstrapInterval,
  type BootstrapOptions,
  bootstrap,
  type Statistic,
} from './bootstrap.ts';
export { comparePaired, type MeanComparison, type PairedComparison, welchTest } from './compare.ts';
export { Adwin, type AdwinOptions } from './detectors/adwin.ts';
export { Ddm, type DdmOptions } from './detectors/ddm.ts';
export type { ChangeDetector, WarningDetector } from './detectors/detector.ts';
export { Eddm, type EddmOptions } from './detectors/eddm.ts';
export { HddmA } from './detectors/hddm-a.ts';
export type { HddmOptions } from './detectors/hddm-options.ts';
export { HddmW, type HddmWOptions } from './detectors/hddm-w.ts';
export { Kswin, type KswinOptions } from './detectors/kswin.ts';
export { PageHinkley, type PageHinkleyOptions } from './detectors/page-hinkley.ts';
export { BinnedWindow } from './distances/binned-window.ts';
export { BinnedBaseline, type BinOptions } from './distances/bins.ts';
export { type ChiSquareResult, chiSquareTest, jensenShannon } from './distances/counts.ts';
export { type PsiSizes, psiThreshold } from './distances/psi-threshold.ts';
export { type CramerVonMisesResult, cramerVonMises, wasserstein } from './distances/samples.ts';
export { SlidingKs } from './distances/sliding-ks.ts';
export { binomialCdf, incompleteBeta } from './distributions/beta.ts';
export { chiSquareTail } from './distributions/chi-square.ts';
export { logGamma } from './distributions/gamma.ts';
export { normalCdf, normalQuantile } from './distributions/normal.ts';
export { studentCdf, studentQuantile, studentTwoSided } from './distributions/student.ts';
export { type AdjustedArms, cupedArms, ratioSummary } from './inference/adjusted.ts';
export { type BayesOptions, type EffectBelief, type EffectPrior, effectBelief } from './inference/bayes.ts';
export { BettingDifference, type BettingDifferenceOptions } from './inference/betting/difference.ts';
export {
  BettingEProcess,
  type BettingOptions,
  type Bounds,
  type SavedBets,
} from './inference/betting/e-process.ts';
export { BettingSequence, type BettingSequenceOptions } from './inference/betting/sequence.ts';
export type { DifferenceOptions, EffectInterval, Side } from './inference/difference.ts';
export { differenceTest } from './inference/fixed-horizon.ts';
export { RunningMoments, type SavedMoments } from './inference/moments.ts';
export { mixtureRatio } from './inference/msprt.ts';
export { benjaminiHochberg, holm } from './inference/multiplicity.ts';
export { type PairSummary, RunningPairs, type SavedPairs } from './inference/pairs.ts';
export { type PlanOptions, powerOf, samplesPerArm, type Target } from './inference/power.ts';
export { type Quantiles, quantileSummary } from './inference/quantiles.ts';
export { differenceSequence, type WatchOptions } from './inference/sequences.ts';
export { type SavedSplit, SequentialSrm, type SplitTest, srmTest } from './inference/srm.ts';
export { type Interval, meanInterval, quantileInterval } from './intervals.ts';
export { type KsMethod, type KsResult, ksDistance, ksPValue, ksTest } from './ks.ts';
export {
  type ClassificationReport,
  type ClassScores,
  type ConfusionMatrix,
  classificationReport,
  confusionMatrix,
} from './metrics/classes.ts';
export { brierScore, logLoss, rocAuc } from './metrics/probabilities.ts';
export { type RegressionReport, regressionReport } from './metrics/values.ts';
export { epsilonOfRho, rhoOfEpsilon } from './privacy/accounting.ts';
export type { RandomWords, Rational } from './privacy/exact.ts';
export { rationalOf } from './privacy/exact.ts';
export { type PrivacyBudget, type PrivacyCharge, PrivacyLedger } from './privacy/ledger.ts';
export { discreteGaussian, discreteLaplace } from './privacy/noise.ts';
export { type ReleaseContext, releaseGaussian, releaseLaplace } from './privacy/release.ts';
export { type PsiResult, populationStability } from './psi.ts';
export { quantile, type Summary, summarize } from './summary.ts';
