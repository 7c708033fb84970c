/** Drift: whether what models see, answer and get wrong is still as it was when they learnt, within a budget of alarms. */
export type { BaselineOptions } from './baselines.ts';
export { DriftDetector, type RowRecorder } from './detector.ts';
export { type PerformanceEstimate, PerformanceEstimator } from './estimate/performance.ts';
export { type LineageBaseline, lineageBaseline } from './lineage.ts';
export { DRIFT_DOCUMENT_METRICS, DRIFT_METRICS, documentDriftMetrics, driftMetrics } from './metrics.ts';
export type { DriftOptions } from './options.ts';
export { DRIFT_CHECK_INTERVAL_MS, DRIFT_THRESHOLD, DRIFT_WINDOW_SIZE } from './options.ts';
export type { BaselineSource } from './records/store.ts';
export { DRIFT_RESPONSES, type DriftPolicy, type DriftResponder } from './respond/policy.ts';
export { type DriftResponderPorts, driftResponder } from './respond/responder.ts';
export type { DriftExplanation, DriftStatus } from './status.ts';
export {
  DRIFT_SEVERITIES,
  DRIFT_TYPES,
  type DriftAction,
  type DriftAlert,
  type DriftResponse,
  type DriftSeverity,
  type DriftStats,
  type DriftType,
} from './types.ts';
export type { AlarmBudget } from './windows/budget.ts';
export type { SeverityThresholds } from './windows/finding.ts';
