import type { Clock, RandomSource } from '../../base/index.ts';
import {
  DriftDetector,
  type DriftPolicy,
  type DriftResponderPorts,
  driftResponder,
  type RegistryDirectory,
} from '../../lifecycle/index.ts';

/** How drift is looked for, and what follows. */
export type DriftDefaults = {
  readonly threshold: number;
  readonly windowSize: number;
  readonly checkIntervalMs: number;
  readonly policy: DriftPolicy;
};

export type DriftParts = Omit<DriftResponderPorts, 'registry'> & {
  readonly directory: RegistryDirectory;
  readonly clock: Clock;
  readonly random: RandomSource;
};

/** The detector of a server: alarms go to the log, and where the policy says so to the registry or to training. */
export function makeDrift(defaults: Partial<DriftDefaults>, parts: DriftParts): DriftDetector {
  const { directory, clock, random, ...ports } = parts;
  const { registry, state } = directory;
  const { threshold, windowSize, ...options } = defaults;
  const respond = driftResponder({ ...ports, registry });
  const detector = new DriftDetector(state, threshold, windowSize, {
    ...{ ...options, clock, random, log: ports.log, audit: registry.audit, respond },
  });
  detector.setAlertCallback(({ id, severity, message }) =>
    ports.log.write('warn', message, { id, severity }),
  );
  return detector;
}
