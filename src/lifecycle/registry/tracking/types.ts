/** Whether something was deleted; it can be restored. */
export type LifecycleStage = 'active' | 'deleted';

export type ViewType = 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL';

export const RUN_STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export type Tags = Readonly<Record<string, string>>;

export type TrackedExperiment = {
  /** A whole number as text; `0` is `Default`. */
  readonly experimentId: string;
  readonly name: string;
  readonly artifactLocation: string;
  readonly lifecycleStage: LifecycleStage;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly tags: Tags;
};

/** A value may be NaN or infinite. */
export type Metric = {
  readonly key: string;
  readonly value: number;
  readonly timestampMs: number;
  readonly step: number;
};

/** A metric that is logged, perhaps about a logged model on a data set. */
export type MetricDraft = Omit<Metric, 'step'> & {
  readonly step?: number | undefined;
  readonly modelId?: string | undefined;
  readonly datasetName?: string | undefined;
  readonly datasetDigest?: string | undefined;
};

export type RunInfo = {
  readonly runId: string;
  readonly runName: string;
  readonly experimentId: string;
  readonly userId: string;
  readonly status: RunStatus;
  readonly startMs: number;
  readonly endMs: number | undefined;
  readonly artifactUri: string;
  readonly lifecycleStage: LifecycleStage;
};

export type Dataset = {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly schema?: string | undefined;
  readonly profile?: string | undefined;
};

export type DatasetInput = { readonly tags: Tags; readonly dataset: Dataset };

export type Run = RunInfo & {
  /** The latest of each key: the highest step, then the latest time, then the highest value. */
  readonly metrics: readonly Metric[];
  readonly params: Tags;
  readonly tags: Tags;
  readonly datasetInputs: readonly DatasetInput[];
  readonly modelInputs: readonly string[];
  readonly modelOutputs: readonly { readonly modelId: string; readonly step: number }[];
};

export const LOGGED_MODEL_STATUSES = [
  'LOGGED_MODEL_STATUS_UNSPECIFIED',
  'LOGGED_MODEL_PENDING',
  'LOGGED_MODEL_READY',
  'LOGGED_MODEL_UPLOAD_FAILED',
] as const;
export type LoggedModelStatus = (typeof LOGGED_MODEL_STATUSES)[number];

export type LoggedModelMetric = Metric & {
  readonly runId: string;
  readonly datasetName: string | undefined;
  readonly datasetDigest: string | undefined;
};

export type LoggedModel = {
  readonly modelId: string;
  readonly experimentId: string;
  readonly name: string;
  readonly modelType: string;
  readonly status: LoggedModelStatus;
  readonly sourceRunId: string;
  readonly artifactUri: string;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly tags: Tags;
  readonly params: Tags;
  readonly metrics: readonly LoggedModelMetric[];
};
