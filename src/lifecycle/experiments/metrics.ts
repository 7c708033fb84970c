import { type CollectedMetric, collectedMetric, type MetricDefinition } from '../serving/index.ts';
import { EXPERIMENT_STATUSES } from './definition/states.ts';
import type { StoredExperiment } from './definition/types.ts';
import type { ABTestManager } from './manager.ts';
import type { ExperimentResults } from './results/types.ts';

/** Every metric of an `ABTestManager`. */
export const EXPERIMENT_METRICS = {
  experiments: {
    name: 'pilotfish_experiments',
    help: 'Experiments by status.',
    type: 'gauge',
    labels: ['status'],
  },
  units: {
    name: 'pilotfish_experiment_units',
    help: 'Units of an arm of a running experiment with the target metric.',
    type: 'gauge',
    labels: ['experiment', 'model'],
  },
  mean: {
    name: 'pilotfish_experiment_metric_mean',
    help: 'Mean of a metric in an arm of a running experiment, in units of the metric.',
    type: 'gauge',
    labels: ['experiment', 'model', 'metric'],
  },
  recommendation: {
    name: 'pilotfish_experiment_recommendation',
    help: 'What follows from the records of a running experiment: 1.',
    type: 'gauge',
    labels: ['experiment', 'recommendation'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** Document 003's names. */
export const EXPERIMENT_DOCUMENT_METRICS = {
  active: {
    name: 'ml_experiment_active_total',
    help: 'Experiments that are running.',
    type: 'gauge',
    labels: [],
  },
  traffic: {
    name: 'ml_experiment_traffic',
    help: 'Share of the traffic of an arm of a running experiment, in percent.',
    type: 'gauge',
    labels: ['experiment_id', 'model_id'],
  },
  metric: {
    name: 'ml_experiment_metric',
    help: 'Mean of a metric in an arm of a running experiment.',
    type: 'gauge',
    labels: ['experiment_id', 'model_id', 'metric_name'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** Running experiments beyond these are only counted. */
const MAX_SHOWN = 100;

/** The metrics of the experiments as they are now. */
export async function experimentMetrics(manager: ABTestManager): Promise<CollectedMetric[]> {
  const all = await manager.listExperiments();
  const running = await runningResults(manager, all);
  const arms = running.flatMap(({ experimentId: experiment, arms: found }) =>
    found.map((arm) => ({ experiment, arm })),
  );
  return [
    collectedMetric(
      EXPERIMENT_METRICS.experiments,
      EXPERIMENT_STATUSES.map((status) => ({
        labels: { status },
        value: all.filter((each) => each.status === status).length,
      })),
    ),
    collectedMetric(
      EXPERIMENT_METRICS.units,
      arms.map(({ experiment, arm }) => ({ labels: { experiment, model: arm.modelId }, value: arm.units })),
    ),
    collectedMetric(
      EXPERIMENT_METRICS.mean,
      arms.flatMap(({ experiment, arm }) =>
        arm.metrics.flatMap(({ metric, mean }) =>
          mean === null ? [] : [{ labels: { experiment, model: arm.modelId, metric }, value: mean }],
        ),
      ),
    ),
    collectedMetric(
      EXPERIMENT_METRICS.recommendation,
      running.map(({ experimentId: experiment, recommendation }) => ({
        labels: { experiment, recommendation },
        value: 1,
      })),
    ),
  ];
}

/** The same by the names of document 003, for `documentMetricsPage`. */
export async function documentExperimentMetrics(manager: ABTestManager): Promise<CollectedMetric[]> {
  const running = await manager.listExperiments({ status: 'running' });
  const arms = (await runningResults(manager, running)).flatMap(({ experimentId, arms: found }) =>
    found.map((arm) => ({ experiment_id: experimentId, arm })),
  );
  return [
    collectedMetric(EXPERIMENT_DOCUMENT_METRICS.active, [{ labels: {}, value: running.length }]),
    collectedMetric(
      EXPERIMENT_DOCUMENT_METRICS.traffic,
      arms.map(({ experiment_id, arm }) => ({
        labels: { experiment_id, model_id: arm.modelId },
        value: arm.trafficPct,
      })),
    ),
    collectedMetric(
      EXPERIMENT_DOCUMENT_METRICS.metric,
      arms.flatMap(({ experiment_id, arm }) =>
        arm.metrics.flatMap(({ metric, mean }) =>
          mean === null
            ? []
            : [{ labels: { experiment_id, model_id: arm.modelId, metric_name: metric }, value: mean }],
        ),
      ),
    ),
  ];
}

async function runningResults(
  manager: ABTestManager,
  all: readonly StoredExperiment[],
): Promise<ExperimentResults[]> {
  const found = all.filter(({ status }) => status === 'running').slice(0, MAX_SHOWN);
  return Promise.all(found.map(({ id }) => manager.getExperimentResults(id)));
}
