/** The registry: models, versions, artefacts, runs and what changed them, in one data directory. */
export type { GarbageOptions, GarbageReport } from './artefacts/garbage.ts';
export { ENCRYPTION_KEY_BYTES } from './artefacts/sealing.ts';
export type { ArtefactSource, ArtefactStore } from './artefacts/store.ts';
export type { StoredFile } from './artefacts/stored-file.ts';
export type {
  AuditEntry,
  AuditLog,
  AuditQuery,
  AuditReport,
  Change as RegistryChange,
} from './audit/log.ts';
export {
  isRegistry,
  openRegistry,
  RegistryDirectory,
  type RegistryDirectoryOptions,
} from './data-directory.ts';
export {
  GUARDED as GUARDED_LIFE_CYCLE,
  type LifeCycle,
  MODEL_STATUSES,
  ModelStatus,
  OPEN as OPEN_LIFE_CYCLE,
  type PolicyName,
  type Stage as MlflowStage,
  stageOf,
  statusOfStage,
  stepsBetween,
  type Transition as LifeCycleStep,
} from './models/life-cycle.ts';
export type { LoadedModel, ScrubReport } from './models/loading.ts';
export type { SignedManifest } from './models/manifest.ts';
export type { VersionDraft } from './models/new-version.ts';
export type { RegisteredModelDraft, RegisteredModels } from './models/registered-models.ts';
export {
  type ChangeOptions as RegistryChangeOptions,
  ModelRegistry,
  type NamedSource,
  type RegistryOptions,
} from './models/registry.ts';
export { type RoomModel, roomModel } from './models/shipped.ts';
export type { PromoteOptions, Transitions } from './models/transitions.ts';
export type {
  Evidence as VersionEvidence,
  Health as ArtefactHealth,
  ModelMetadata,
  ModelVersion,
  RegisteredModel,
  StoredEvidence,
  TrainingInfo,
  VersionFile,
  VersionLineage,
  VersionRef,
} from './models/types.ts';
export type { ModelVersions } from './models/versions.ts';
export { type ExportedVersion, type ExportOptions, exportVersion } from './outward/export.ts';
export { filePieces, type ModelFile } from './outward/files.ts';
export {
  type ExportedDraft,
  type ExportedRun,
  MlflowClient,
  type MlflowClientOptions,
  type ModelLog,
  type RunLog,
} from './outward/mlflow-client.ts';
export type { MlflowCredentials } from './outward/mlflow-server.ts';
export type { Page as SearchPage, SearchQuery } from './search/page.ts';
export { VERSION_TEXT_TAG } from './search/specs.ts';
export type { RegistryState, Row as SqlRow, Sql, SqlValue, Work as SqlWork } from './state/port.ts';
export { SqliteState, type SqliteStateOptions } from './state/sqlite-state.ts';
export type { ArtifactEntry, ArtifactFile, Artifacts } from './tracking/artifacts.ts';
export { checkArtifactPath } from './tracking/artifacts.ts';
export type { KeyValue, LogBatch } from './tracking/check.ts';
export type { ExperimentDraft, Experiments } from './tracking/experiments.ts';
export type { RunInputs } from './tracking/inputs.ts';
export type {
  DatasetRef,
  LoggedModelDraft,
  LoggedModelQuery,
  LoggedModels,
} from './tracking/logged-models.ts';
export type { Logging } from './tracking/logging.ts';
export type { RunDraft, RunSearch, Runs } from './tracking/runs.ts';
export { type TrackingOptions, TrackingStore } from './tracking/tracking.ts';
export type {
  Dataset as TrackedDataset,
  DatasetInput,
  LifecycleStage,
  LoggedModel,
  LoggedModelMetric,
  LoggedModelStatus,
  Metric as TrackedMetric,
  MetricDraft,
  Run as TrackedRun,
  RunInfo,
  RunStatus,
  TrackedExperiment,
  ViewType,
} from './tracking/types.ts';
export {
  type DispatcherOptions,
  type WebhookAnswer,
  WebhookDispatcher,
  type WebhookRequest,
  type WebhookTrial,
  webhookSignature,
} from './webhooks/dispatcher.ts';
export {
  EVENT_ACTIONS,
  EVENT_ENTITIES,
  type EventKind,
  emitEvent,
  eventsAfter,
  lastEvent,
  type RegistryEvent,
  subscribe as subscribeEvents,
} from './webhooks/outbox.ts';
export { postWebhook, resolveHost } from './webhooks/post.ts';
export { type Webhook, type WebhookDraft, type WebhookStatus, Webhooks } from './webhooks/webhooks.ts';
