import { type CollectedMetric, collectedMetric, type MetricDefinition } from '../serving/index.ts';
import type { DriftDetector } from './detector.ts';
import { DRIFT_SEVERITIES } from './types.ts';

/** Every metric of a `DriftDetector`. */
export const DRIFT_METRICS = {
  alerts: {
    name: 'pilotfish_drift_alerts_total',
    help: 'Alarms since the registry was made, by severity.',
    type: 'counter',
    labels: ['severity'],
  },
  distance: {
    name: 'pilotfish_drift_distance_ratio',
    help: 'Kolmogorov-Smirnov distance of the last window of a stream to its baseline, 0 to 1.',
    type: 'gauge',
    labels: ['feature', 'type'],
  },
  open: {
    name: 'pilotfish_drift_open',
    help: 'A drift that goes on, at its severity: 1.',
    type: 'gauge',
    labels: ['feature', 'type', 'severity'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** The metrics of a detector as they are now. */
export async function driftMetrics(detector: DriftDetector): Promise<CollectedMetric[]> {
  const [totals, streams] = [await detector.totals(), await detector.status()];
  return [
    collectedMetric(
      DRIFT_METRICS.alerts,
      DRIFT_SEVERITIES.map((severity) => ({ labels: { severity }, value: totals[severity] ?? 0 })),
    ),
    collectedMetric(
      DRIFT_METRICS.distance,
      streams.flatMap(({ featureName: feature, type, distance }) =>
        distance === null ? [] : [{ labels: { feature, type }, value: distance }],
      ),
    ),
    collectedMetric(
      DRIFT_METRICS.open,
      streams.flatMap(({ featureName: feature, type, severity }) =>
        severity === null ? [] : [{ labels: { feature, type, severity }, value: 1 }],
      ),
    ),
  ];
}

/** The same by the names of document 003, for `documentMetricsPage`. */
export async function documentDriftMetrics(detector: DriftDetector): Promise<CollectedMetric[]> {
  const [alerts, distance] = await driftMetrics(detector);
  const scores = (distance?.values ?? []).map(({ labels, value }) => ({
    labels: { feature_name: labels['feature'] ?? '', type: labels['type'] ?? '' },
    value,
  }));
  return [
    collectedMetric(DRIFT_DOCUMENT_METRICS.alerts, alerts?.values ?? []),
    collectedMetric(DRIFT_DOCUMENT_METRICS.score, scores),
  ];
}

/** Document 003's names. */
export const DRIFT_DOCUMENT_METRICS = {
  alerts: {
    name: 'ml_drift_alerts_total',
    help: 'Alarms since the registry was made, by severity.',
    type: 'counter',
    labels: ['severity'],
  },
  score: {
    name: 'ml_drift_score',
    help: 'Kolmogorov-Smirnov distance of the last window of a feature to its baseline.',
    type: 'gauge',
    labels: ['feature_name', 'type'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
