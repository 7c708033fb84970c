import type { CollectedMetric } from './exposition.ts';

/** A metric as it is documented: its values come with these labels. */
export type MetricDefinition = Pick<CollectedMetric, 'name' | 'help' | 'type'> & {
  readonly labels: readonly string[];
};

/** Every metric of a `ModelMonitor`. */
export const MODEL_METRICS = {
  predictions: {
    name: 'pilotfish_model_predictions_total',
    help: 'Questions put to a model, by whether it answered.',
    type: 'counter',
    labels: ['model', 'outcome'],
  },
  duration: {
    name: 'pilotfish_model_prediction_duration_seconds',
    help: 'Time from a question to its answer.',
    type: 'histogram',
    labels: ['model'],
  },
  version: {
    name: 'pilotfish_model_version_info',
    help: 'The version of a model that answers now, and the room it decides for.',
    type: 'gauge',
    labels: ['model', 'room', 'version'],
  },
  changes: {
    name: 'pilotfish_model_version_changes_total',
    help: 'How often another version of a model became the one that answers.',
    type: 'counter',
    labels: ['model'],
  },
  created: {
    name: 'pilotfish_model_created_timestamp_seconds',
    help: 'When the version of a model that answers now was made, in seconds since the epoch.',
    type: 'gauge',
    labels: ['model'],
  },
  accuracy: {
    name: 'pilotfish_model_accuracy_ratio',
    help: 'Share of the judged decisions of a model that were those of the oracle, 0 to 1.',
    type: 'gauge',
    labels: ['model'],
  },
  gain: {
    name: 'pilotfish_model_gain_ratio',
    help: 'What a model saved of the cost of the best simple rule, as a share of it; below 0 it lost.',
    type: 'gauge',
    labels: ['model'],
  },
  breaker: {
    name: 'pilotfish_model_breaker_open',
    help: 'Whether the circuit breaker of a model is open, so that the rule answers in its place: 1 or 0.',
    type: 'gauge',
    labels: ['model'],
  },
  folded: {
    name: 'pilotfish_model_predictions_folded_total',
    help: 'Questions to models beyond the limit of names, counted as the model (other).',
    type: 'counter',
    labels: [],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** A metric with its values. */
export const collectedMetric = (
  { name, help, type }: MetricDefinition,
  values: CollectedMetric['values'],
): CollectedMetric => ({ name, help, type, values });
