/** Statistics: intervals, tests, metrics, special functions, and differential privacy. */
export {
  type BootstrapInterval,
  type BootstrapOptions,
  bootstrap,
  type Statistic,
} from './bootstrap.ts';
export { comparePaired, type MeanComparison, type PairedComparison, welchTest } from './compare.ts';
export { binomialCdf, incompleteBeta } from './distributions/beta.ts';
export { logGamma } from './distributions/gamma.ts';
export { normalCdf, normalQuantile } from './distributions/normal.ts';
export { studentCdf, studentQuantile, studentTwoSided } from './distributions/student.ts';
export { type Interval, meanInterval, quantileInterval } from './intervals.ts';
export { type KsMethod, type KsResult, ksDistance, ksTest } from './ks.ts';
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
export { type PsiOptions, type PsiResult, populationStability } from './psi.ts';
export { quantile, type Summary, summarize } from './summary.ts';
