import { type CollectedMetric, collectedMetric, type MetricDefinition } from '../serving/index.ts';
import { PHASES } from './machine/types.ts';
import type { RolloutManager } from './store/manager.ts';

/** Every metric of rollouts. */
export const ROLLOUT_METRICS = {
  rollouts: {
    name: 'pilotfish_rollouts',
    help: 'The latest 1000 rollouts by phase.',
    type: 'gauge',
    labels: ['phase'],
  },
  share: {
    name: 'pilotfish_rollout_share_ratio',
    help: 'Part of the decisions that the model of a rollout under way makes in a region.',
    type: 'gauge',
    labels: ['rollout', 'model', 'region'],
  },
  harm: {
    name: 'pilotfish_rollout_harm_p_value',
    help: 'Always-valid p-value of harm by the model of a rollout under way; it is rolled back below its alpha.',
    type: 'gauge',
    labels: ['rollout', 'model', 'region', 'metric'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** The metrics of rollouts as they are kept now. */
export async function rolloutMetrics(rollouts: RolloutManager): Promise<CollectedMetric[]> {
  const all = await rollouts.list();
  const running = all.filter(({ phase }) => phase === 'running' || phase === 'paused');
  const tracks = running.flatMap(({ id: rollout, model, tracks: each }) =>
    each.map((track) => ({ ...track, labels: { rollout, model, region: track.region } })),
  );
  return [
    collectedMetric(
      ROLLOUT_METRICS.rollouts,
      PHASES.map((phase) => ({
        labels: { phase },
        value: all.filter((rollout) => rollout.phase === phase).length,
      })),
    ),
    collectedMetric(
      ROLLOUT_METRICS.share,
      tracks.map(({ labels, share }) => ({ labels, value: share })),
    ),
    collectedMetric(
      ROLLOUT_METRICS.harm,
      tracks.flatMap(({ labels, guardrails }) =>
        guardrails.map(({ metric, pValue }) => ({ labels: { ...labels, metric }, value: pValue })),
      ),
    ),
  ];
}
