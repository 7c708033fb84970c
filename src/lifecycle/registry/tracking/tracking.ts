import { type Clock, type RandomSource, secureBytes, systemClock } from '../../../base/index.ts';
import type { ModelRegistry } from '../models/registry.ts';
import type { RegistryState } from '../state/port.ts';
import { Artifacts } from './artifacts.ts';
import type { TrackingCore } from './core.ts';
import { Experiments } from './experiments.ts';
import { RunInputs } from './inputs.ts';
import { LoggedModels } from './logged-models.ts';
import { Logging } from './logging.ts';
import { Runs } from './runs.ts';

export type TrackingOptions = {
  readonly clock?: Clock;
  readonly random?: RandomSource;
  /** Where artefacts of experiments lie that name no place of their own: `ROOT/EXPERIMENT/RUN/artifacts`. `mlflow-artifacts:`. */
  readonly artifactRoot?: string;
};

/**
 * Experiments, runs and what they log, as MLflow's clients know them.
 *
 * @example
 * const tracking = new TrackingStore(state, registry);
 * const experimentId = await tracking.experiments.create({ name: 'threats' });
 * const { runId } = await tracking.runs.create({ experimentId });
 * await tracking.log.logMetric(runId, { key: 'loss', value: 0.3, timestampMs: 1, step: 1 });
 * const { items } = await tracking.runs.search({ experimentIds: [experimentId], filter: 'metrics.loss < 0.5' });
 */
export class TrackingStore {
  readonly experiments: Experiments;
  readonly runs: Runs;
  /** Metrics, params, batches, histories. */
  readonly log: Logging;
  readonly inputs: RunInputs;
  readonly loggedModels: LoggedModels;
  readonly artifacts: Artifacts;

  constructor(state: RegistryState, registry: ModelRegistry, options: TrackingOptions = {}) {
    const { clock = systemClock, random = secureBytes, artifactRoot = 'mlflow-artifacts:' } = options;
    const core: TrackingCore = { state, audit: registry.audit, clock, random, artifactRoot };
    this.experiments = new Experiments(core);
    this.runs = new Runs(core);
    this.log = new Logging(core);
    this.inputs = new RunInputs(core);
    this.loggedModels = new LoggedModels(core);
    this.artifacts = new Artifacts(core, registry.store);
  }
}
