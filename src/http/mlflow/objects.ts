import {
  type LoggedModel,
  type ModelVersion,
  type RegisteredModel,
  type RunInfo,
  stageOf,
  type TrackedExperiment,
  type TrackedMetric,
  type TrackedRun,
  VERSION_TEXT_TAG,
} from '../../lifecycle/index.ts';

// What MLflow's clients are shown: snake_case, times in milliseconds, lists of keys and values; what is not set is left
// out, and so is an empty list.

type Json = Record<string, unknown>;

export const pairsOf = (
  record: Readonly<Record<string, string>>,
): { key: string; value: string }[] | undefined => {
  const pairs = Object.entries(record).map(([key, value]) => ({ key, value }));
  return pairs.length === 0 ? undefined : pairs;
};

/** A list, unless it is empty. */
export const filled = <T>(list: readonly T[]): readonly T[] | undefined =>
  list.length === 0 ? undefined : list;

/** JSON has no words for these. */
function doubleOf(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** A version; its aliases only where MLflow's server has them. */
export function versionOf(version: ModelVersion, { withAliases = false } = {}): Json {
  const text = version.version === undefined ? {} : { [VERSION_TEXT_TAG]: version.version };
  return {
    name: version.name,
    version: String(version.number),
    creation_timestamp: version.createdMs,
    last_updated_timestamp: version.updatedMs,
    user_id: version.userId,
    current_stage: stageOf(version.status),
    description: version.description ?? '',
    source: version.source,
    run_id: version.runId,
    status: 'READY',
    tags: pairsOf({ ...version.tags, ...text }),
    run_link: version.runLink,
    aliases: withAliases ? filled(version.aliases) : undefined,
    model_id: version.loggedModelId,
  };
}

export function modelOf(model: RegisteredModel): Json {
  const aliases = Object.entries(model.aliases).map(([alias, version]) => ({
    alias,
    version: String(version),
  }));
  return {
    name: model.name,
    creation_timestamp: model.createdMs,
    last_updated_timestamp: model.updatedMs,
    description: model.description,
    latest_versions: filled(model.latestVersions.map((version) => versionOf(version))),
    tags: pairsOf(model.tags),
    aliases: filled(aliases),
    deployment_job_id: model.deploymentJobId,
  };
}

export const experimentOf = (experiment: TrackedExperiment): Json => ({
  experiment_id: experiment.experimentId,
  name: experiment.name,
  artifact_location: experiment.artifactLocation,
  lifecycle_stage: experiment.lifecycleStage,
  last_update_time: experiment.updatedMs,
  creation_time: experiment.createdMs,
  tags: pairsOf(experiment.tags),
});

export const metricOf = ({ key, value, timestampMs, step }: TrackedMetric): Json => ({
  ...{ key, value: doubleOf(value), timestamp: timestampMs, step },
});

export const runInfoOf = (info: RunInfo): Json => ({
  run_uuid: info.runId,
  experiment_id: info.experimentId,
  run_name: info.runName,
  user_id: info.userId,
  status: info.status,
  start_time: info.startMs,
  end_time: info.endMs,
  artifact_uri: info.artifactUri,
  lifecycle_stage: info.lifecycleStage,
  run_id: info.runId,
});

/** A run; its outputs only where MLflow's server has them. */
export function runOf(run: TrackedRun, { withOutputs = false } = {}): Json {
  const inputs = {
    dataset_inputs: filled(
      run.datasetInputs.map(({ tags, dataset }) => ({
        tags: pairsOf(tags),
        dataset: {
          ...{ name: dataset.name, digest: dataset.digest, source_type: dataset.sourceType },
          ...{ source: dataset.source, schema: dataset.schema, profile: dataset.profile },
        },
      })),
    ),
    model_inputs: filled(run.modelInputs.map((modelId) => ({ model_id: modelId }))),
  };
  const outputs = run.modelOutputs.map(({ modelId, step }) => ({ model_id: modelId, step }));
  return {
    info: runInfoOf(run),
    data: {
      metrics: filled(run.metrics.map(metricOf)),
      params: pairsOf(run.params),
      tags: pairsOf(run.tags),
    },
    inputs,
    outputs: withOutputs ? { model_outputs: filled(outputs) } : undefined,
  };
}

export const loggedModelOf = (model: LoggedModel): Json => ({
  info: {
    model_id: model.modelId,
    experiment_id: model.experimentId,
    name: model.name,
    creation_timestamp_ms: model.createdMs,
    last_updated_timestamp_ms: model.updatedMs,
    artifact_uri: model.artifactUri,
    status: model.status,
    model_type: model.modelType,
    source_run_id: model.sourceRunId,
    tags: pairsOf(model.tags),
  },
  data: {
    params: pairsOf(model.params),
    metrics: filled(
      model.metrics.map((metric) => ({
        ...metricOf(metric),
        ...{ dataset_name: metric.datasetName, dataset_digest: metric.datasetDigest },
        ...{ model_id: model.modelId, run_id: metric.runId },
      })),
    ),
  },
});
