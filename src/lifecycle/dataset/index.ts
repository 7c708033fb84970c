/** Data sets to learn from: samples, splits with a sealed test part, files, quality and privacy. */
export type { FeatureValues, SampleOptions, TableOptions } from './builder.ts';
export { checkTrainable, type Sample, TrainingDataset } from './dataset.ts';
export {
  type AnonymityOptions,
  type AnonymityReport,
  anonymityOf,
  generalize,
  kAnonymityCheck,
  type Records,
} from './privacy/k-anonymity.ts';
export {
  DEFAULT_EPSILON_BUDGET,
  differentialPrivacyNoise,
  type NoiseOptions,
  randomWords,
} from './privacy/noise.ts';
export {
  checkQuality,
  type QualityCheck,
  type QualityFinding,
  type QualityOptions,
  requireQuality,
} from './quality.ts';
export type { SealedDataset } from './sealed.ts';
export { type Line, LineSplitter, linesOf, MAX_LINE_BYTES } from './sources/lines.ts';
export { openDataSource, readDataSource } from './sources/open.ts';
export type { DataSource, DataSourceOptions, SourcedSample } from './sources/source.ts';
export type { SplitOptions } from './split.ts';
export type { Part, SampleTable } from './table.ts';
