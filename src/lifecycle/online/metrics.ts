import { type CollectedMetric, collectedMetric, type MetricDefinition } from '../serving/index.ts';
import type { OnlineLearner } from './online-learner.ts';

/** Every metric of an `OnlineLearner`. */
export const ONLINE_METRICS = {
  updates: {
    name: 'pilotfish_pipeline_updates_total',
    help: 'Batches a pipeline has learnt.',
    type: 'counter',
    labels: ['pipeline'],
  },
  swaps: {
    name: 'pilotfish_pipeline_swaps_total',
    help: 'Candidates of a pipeline that beat its champion and took its place.',
    type: 'counter',
    labels: ['pipeline'],
  },
  rollbacks: {
    name: 'pilotfish_pipeline_rollbacks_total',
    help: 'Champions of a pipeline that turned out worse than the one before, which came back.',
    type: 'counter',
    labels: ['pipeline'],
  },
  samples: {
    name: 'pilotfish_pipeline_samples_total',
    help: 'Labelled samples of a pipeline, each judged before it was learnt.',
    type: 'counter',
    labels: ['pipeline'],
  },
  score: {
    name: 'pilotfish_pipeline_score_ratio',
    help: 'Share of right answers of what a pipeline served since it was made, 0 to 1; pipelines of values have none.',
    type: 'gauge',
    labels: ['pipeline'],
  },
  failed: {
    name: 'pilotfish_pipeline_failed',
    help: 'Whether a pipeline waits out an error: 1 or 0.',
    type: 'gauge',
    labels: ['pipeline'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** Document 003's names. */
export const ONLINE_DOCUMENT_METRICS = {
  updates: {
    name: 'ml_pipeline_updates_total',
    help: 'Batches a pipeline has learnt.',
    type: 'counter',
    labels: ['pipeline_id'],
  },
  samples: {
    name: 'ml_pipeline_samples_processed',
    help: 'Labelled samples of a pipeline.',
    type: 'gauge',
    labels: ['pipeline_id'],
  },
  accuracy: {
    name: 'ml_pipeline_accuracy',
    help: 'Share of right answers of what a pipeline served.',
    type: 'gauge',
    labels: ['pipeline_id'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** The metrics of all pipelines as they are now. */
export async function onlineMetrics(learner: OnlineLearner): Promise<CollectedMetric[]> {
  const pipelines = await learner.listPipelines();
  type Status = (typeof pipelines)[number];
  const of = (definition: MetricDefinition, value: (status: Status) => number | undefined): CollectedMetric =>
    collectedMetric(
      definition,
      pipelines.flatMap((status) => {
        const found = value(status);
        return found === undefined ? [] : [{ labels: { pipeline: status.pipelineId }, value: found }];
      }),
    );
  return [
    of(ONLINE_METRICS.updates, ({ updates }) => updates.made),
    of(ONLINE_METRICS.swaps, ({ updates }) => updates.swaps),
    of(ONLINE_METRICS.rollbacks, ({ updates }) => updates.rollbacks),
    of(ONLINE_METRICS.samples, ({ samples }) => samples.scored),
    of(ONLINE_METRICS.score, ({ accuracy }) =>
      accuracy.measure === 'accuracy' ? accuracy.overall : undefined,
    ),
    of(ONLINE_METRICS.failed, ({ status }) => Number(status === 'error')),
  ];
}

/** The same by the names of document 003, for `documentMetricsPage`. */
export async function documentOnlineMetrics(learner: OnlineLearner): Promise<CollectedMetric[]> {
  const own = await onlineMetrics(learner);
  const renamed = (definition: MetricDefinition, from: MetricDefinition): CollectedMetric =>
    collectedMetric(
      definition,
      (own.find(({ name }) => name === from.name)?.values ?? []).map(({ labels, value }) => ({
        labels: { pipeline_id: labels['pipeline'] ?? '' },
        value,
      })),
    );
  return [
    renamed(ONLINE_DOCUMENT_METRICS.updates, ONLINE_METRICS.updates),
    renamed(ONLINE_DOCUMENT_METRICS.samples, ONLINE_METRICS.samples),
    renamed(ONLINE_DOCUMENT_METRICS.accuracy, ONLINE_METRICS.score),
  ];
}
