/** Serving: models loaded, asked in batches, swapped and rolled back while they answer; and how they do. */
export {
  type Alert,
  AlertDesk,
  type AlertDeskPorts,
  type AlertOutcome,
  type TrainingRequest,
} from './alerts/desk.ts';
export {
  type AlertAction,
  type AlertPolicy,
  type AlertRule,
  checkAlertPolicy,
  DEFAULT_ALERT_POLICY,
} from './alerts/policy.ts';
export type { HotSwap, ModelDescription, Prediction, RefreshFailure } from './answers.ts';
export { ModelHandle } from './handle.ts';
export { QualityFeed, type QualityFeedPorts } from './ingest/quality-feed.ts';
export { type IngestPorts, IngestStore, type JudgedQuality } from './ingest/store.ts';
export type { IngestDefinition, IngestReport, IngestRow, IngestSource } from './ingest/types.ts';
export { DOCUMENT_METRICS, documentMetricsPage } from './monitor/alias-page.ts';
export { collectedMetric, type MetricDefinition, MODEL_METRICS } from './monitor/definitions.ts';
export {
  type CollectedMetric,
  exposition,
  joinRegister,
  type MetricRegister,
  type MetricValue,
  type RegisteredMetric,
} from './monitor/exposition.ts';
export {
  type ModelMetrics,
  ModelMonitor,
  type ModelMonitorOptions,
  type PredictionOutcome,
} from './monitor/monitor.ts';
export type { ModelServerOptions } from './options.ts';
export { recordGolden } from './runners/golden.ts';
export type { ModelSignature, ServedFeatures } from './runners/runner.ts';
export type { SwapReport } from './served-model.ts';
export { ModelServer } from './server.ts';
export { DirectorySource } from './sources/directory-source.ts';
export { RegistrySource, type RegistrySourceOptions } from './sources/registry-source.ts';
export {
  GOLDEN_FILE,
  type ModelSource,
  ONNX_FILE,
  type SourcedModel,
  XGBOOST_FILE,
} from './sources/source.ts';
export { VersionManager, type VersionPolicy } from './version-manager.ts';
