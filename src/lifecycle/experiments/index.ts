/** Experiments: which arm a unit is in, what its records say, and what follows; with error rates that hold at every look. */
export type { Assigner } from './assignment/assigner.ts';
export { EXPERIMENT_STATUSES, type ExperimentStatus } from './definition/states.ts';
export type {
  Analysis as ExperimentAnalysis,
  Arm as ExperimentArm,
  Direction as MetricDirection,
  Experiment,
  FlagValue,
  Guardrail as ExperimentGuardrail,
  HashVersion,
  Holdout,
  MetricSpec,
  ModelVariant,
  Namespace,
  StoredExperiment,
} from './definition/types.ts';
export { ABTestManager, type ABTestOptions, type Assignment } from './manager.ts';
export {
  documentExperimentMetrics,
  EXPERIMENT_DOCUMENT_METRICS,
  EXPERIMENT_METRICS,
  experimentMetrics,
} from './metrics.ts';
export { PilotfishProvider, type ProviderOptions } from './openfeature/provider.ts';
export type { FlagContext, FlagMetadata, StaticFlag } from './openfeature/types.ts';
export type { ExperimentRecord, RecordOutcome } from './records/types.ts';
export { evidenceFor as experimentEvidence } from './results/evidence.ts';
export type {
  ArmResult,
  Comparison as ArmComparison,
  ExperimentResults,
  GuardrailResult,
  Recommendation,
} from './results/types.ts';
