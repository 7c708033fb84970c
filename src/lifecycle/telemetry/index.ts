/** Telemetry: what happened, as closed schemas of numbers, words and keyed hashes; and the features made of it. */
export { TelemetryCollector, type TelemetryCounters } from './collector.ts';
export type { Losses, TelemetrySummary } from './database.ts';
export {
  EVENT_TYPES,
  EVENTS,
  type EventType,
  fieldsOf,
  SCHEMA_VERSION,
  type StoredEvent,
  type TelemetryEvent,
} from './events.ts';
export { type Access, type BlockDescription, FeatureExtractor } from './extractor.ts';
export {
  ACCESS_FEATURES,
  BLOCK_FEATURES,
  type Features,
  PEER_FEATURES,
  PREFETCH_FEATURES,
} from './features.ts';
export { FIELDS, type Field, type FieldName, OUTCOME_FIELDS } from './fields.ts';
export { TELEMETRY_RETENTION, type TelemetryOptions, type TelemetryPorts } from './options.ts';
export { baseRecorder, codecRecorder } from './recorders.ts';
export { withSqliteCodes } from './sqlite.ts';
export { telemetrySummary } from './summary.ts';
