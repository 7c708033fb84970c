import { type Clock, type Log, PilotfishError, type RandomSource } from '../../base/index.ts';
import {
  DriftDetector,
  type DriftPolicy,
  type DriftResponder,
  type RegistryDirectory,
  type RolloutManager,
} from '../../lifecycle/index.ts';

/** How drift is looked for, and what follows. */
export type DriftDefaults = {
  readonly threshold: number;
  readonly windowSize: number;
  readonly checkIntervalMs: number;
  readonly policy: DriftPolicy;
};

export type DriftParts = {
  readonly directory: RegistryDirectory;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  /** Models that are on their way. */
  readonly rollouts: Pick<RolloutManager, 'list' | 'abort'>;
  /** Resolves when what is in production now is served. */
  readonly follow: () => Promise<void>;
  /** Queues a training. @returns the number of the job */
  readonly queueTraining?: ((model: string, reason: string) => Promise<string>) | undefined;
};

/** The detector of a server: alarms go to the log, and where the policy says so to the registry or to training. */
export function makeDrift(defaults: Partial<DriftDefaults>, parts: DriftParts): DriftDetector {
  const { directory, clock, random, log } = parts;
  const { threshold, windowSize, ...options } = defaults;
  const detector = new DriftDetector(directory.state, threshold, windowSize, {
    ...{ ...options, clock, random, log, audit: directory.registry.audit, respond: responderOf(parts) },
  });
  detector.setAlertCallback(({ id, severity, message }) => log.write('warn', message, { id, severity }));
  return detector;
}

/** Phases of a rollout that is over. */
const ENDED: readonly string[] = ['succeeded', 'rolled-back'];

/** One step back: out of the rollout that is under way, or to the version before in production. */
function responderOf({ directory, rollouts, follow, queueTraining, log }: DriftParts): DriftResponder {
  return async (response, { model, alert }) => {
    const reason = `drift ${alert.severity} of ${alert.featureName} (${alert.id})`;
    if (response === 'rollback') {
      const [latest] = await rollouts.list({ model });
      if (latest !== undefined && !ENDED.includes(latest.phase)) {
        await rollouts.abort(latest.id, { actor: 'drift', reason });
        return `the rollout ${latest.id} of ${model} is rolled back`;
      }
      const restored = await directory.registry.rollbackModel(model, { actor: 'drift', reason });
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
