import { type Log, PilotfishError } from '../../../base/index.ts';
import type { ModelRegistry } from '../../registry/index.ts';
import { isRolloutEnded, type RolloutManager } from '../../rollout/index.ts';
import type { DriftResponder } from './policy.ts';

export type DriftResponderPorts = {
  readonly registry: Pick<ModelRegistry, 'rollbackModel'>;
  /** Models that are on their way. */
  readonly rollouts: Pick<RolloutManager, 'list' | 'abort'>;
  readonly log: Log;
  /** Resolves when what is in production now is served. */
  readonly follow: () => Promise<void>;
  /** Queues a training. @returns the number of the job */
  readonly queueTraining?: ((model: string, reason: string) => Promise<string>) | undefined;
};

/** One step back: out of the rollout that is under way, or to the version before in production; or a training. */
export function driftResponder(ports: DriftResponderPorts): DriftResponder {
  const { registry, rollouts, log, follow, queueTraining } = ports;
  return async (response, { model, alert }) => {
    const reason = `drift ${alert.severity} of ${alert.featureName} (${alert.id})`;
    if (response === 'rollback') {
      const [latest] = await rollouts.list({ model });
      if (latest !== undefined && !isRolloutEnded(latest.phase)) {
        await rollouts.abort(latest.id, { actor: 'drift', reason });
        return `the rollout ${latest.id} of ${model} is rolled back`;
      }
      const restored = await registry.rollbackModel(model, { actor: 'drift', reason });
      await follow();
      return `${model} is back at version ${restored.number}`;
    }
    if (response === 'retrain') {
      if (queueTraining === undefined) throw new PilotfishError('UNSUPPORTED', 'nobody trains models here');
      return `training ${await queueTraining(model, reason)} is queued`;
    }
    log.write('error', `look at ${model}: ${alert.message}`, { id: alert.id });
    return 'told in the log';
  };
}
