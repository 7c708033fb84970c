import { type Clock, type Log, silentLog, systemClock } from '../base/index.ts';
import {
  ABTestManager,
  type ABTestOptions,
  DRIFT_METRICS,
  DriftDetector,
  type DriftOptions,
  type DriftResponderPorts,
  driftMetrics,
  driftResponder,
  EXPERIMENT_METRICS,
  experimentMetrics,
  joinRegister,
  type MetricRegister,
  ModelMonitor,
  type ModelRegistry,
  ModelServer,
  type ModelServerOptions,
  ONLINE_METRICS,
  OnlineLearner,
  type OnlineLearnerOptions,
  onlineMetrics,
  openRegistry,
  type Prediction,
  type RegistryDirectory,
  type RegistryDirectoryOptions,
  RegistrySource,
  ROLLOUT_METRICS,
  RolloutManager,
  type RolloutManagerOptions,
  rolloutMetrics,
  type ServedFeatures,
} from '../lifecycle/index.ts';

export type MLPipelineManagerOptions = Omit<RegistryDirectoryOptions, 'clock'> & {
  /** The caller's own register, such as prom-client's: the metrics of all parts join it. */
  readonly metrics?: MetricRegister;
  /** How models are served; where they come from and who watches them is settled. */
  readonly serving?: Omit<ModelServerOptions, 'source' | 'modelDir' | 'monitor' | 'fs' | 'clock' | 'log'>;
  /** What A/B tests have that do not say: `ML_AB_*`. */
  readonly experiments?: Pick<ABTestOptions, 'minimumSamples' | 'stickyAssignment'>;
  /** How drift is looked for, and what follows: `ML_DRIFT_*`. */
  readonly drift?: Omit<DriftOptions, 'respond' | 'audit' | 'clock' | 'random' | 'log'> & {
    readonly threshold?: number;
    readonly windowSize?: number;
  };
  /** What pipelines have that do not say: `ML_ONLINE_*`. */
  readonly online?: Omit<OnlineLearnerOptions, 'clock'>;
  /** Who is asked on the way of a rollout. */
  readonly rollouts?: Pick<RolloutManagerOptions, 'hooks' | 'measure'>;
  /** Queues a training where the drift policy says `retrain`; without it such an action fails. */
  readonly queueTraining?: DriftResponderPorts['queueTraining'];
  readonly clock?: Clock;
  /** Hears of versions that could not be served, and of what went wrong in the background. */
  readonly log?: Log;
};

type Parts = Pick<
  MLPipelineManager,
  'experiments' | 'rollouts' | 'drift' | 'online' | 'server' | 'monitor'
> & {
  readonly directory: RegistryDirectory;
  readonly source: RegistrySource;
};

type Ports = { readonly clock: Clock; readonly log: Log };

/** How often rollouts and pipelines are looked at. */
const CHORE_MS = 1000;

/**
 * Document 003's manager for a host program: one data directory, whose models in production answer within this process,
 * change when they are promoted or rolled back, here or by another process, and are counted; with its experiments,
 * rollouts, detector of drift and learning pipelines, which are looked after until `close`.
 *
 * @example
 * const manager = await MLPipelineManager.open('/var/ml', { metrics: promClient.register });
 * const modelId = await manager.registry.registerModel(metadata, createReadStream('threats.onnx'));
 * const { version, values } = await manager.predict('threat-detector', features);
 * manager.drift.setAlertCallback(({ severity, message }) => console.log(severity, message));
 * await manager.close();
 */
export class MLPipelineManager {
  readonly registry: ModelRegistry;
  readonly experiments: ABTestManager;
  readonly rollouts: RolloutManager;
  /** Alarms of a model go by the policy of `drift.policy`: back in its rollout or the registry, or to a training. */
  readonly drift: DriftDetector;
  readonly online: OnlineLearner;
  readonly server: ModelServer;
  readonly monitor: ModelMonitor;
  readonly #parts: Parts & Ports;
  readonly #end = new AbortController();
  readonly #stopChores: () => void;
  readonly #watched: Promise<void>;
  #chores: Promise<void> | undefined;

  private constructor(parts: Parts & Ports) {
    this.#parts = parts;
    this.registry = parts.directory.registry;
    this.experiments = parts.experiments;
    this.rollouts = parts.rollouts;
    this.drift = parts.drift;
    this.online = parts.online;
    this.server = parts.server;
    this.monitor = parts.monitor;
    this.#stopChores = parts.clock.every(CHORE_MS, () => void this.#doChores());
    this.#watched = parts.drift.monitorAllFeatures({ signal: this.#end.signal });
  }

  /**
   * Opens the data directory, or makes one, serves what is in production there, and looks after the rest.
   * @throws PilotfishError as `openRegistry` and the options of each part.
   */
  static async open(dataDir: string, options: MLPipelineManagerOptions = {}): Promise<MLPipelineManager> {
    const { clock = systemClock, log = silentLog } = options;
    const directory = openRegistry(dataDir, { ...options, clock });
    try {
      const parts = await partsOf(directory, options, { clock, log });
      if (options.metrics !== undefined) join(options.metrics, parts);
      parts.server.start();
      return new MLPipelineManager({ ...parts, clock, log });
    } catch (error) {
      await directory.close();
      throw error;
    }
  }

  /** Answers by the version in production. @throws PilotfishError as `ModelServer.predict`. */
  predict(name: string, features: ServedFeatures): Promise<Prediction> {
    return this.server.predict(name, features);
  }

  /**
   * Resolves when what is in production now is what answers. Questions put before may be answered by the version before.
   * @throws PilotfishError as the load of the first version that cannot be served; what was served before still is.
   */
  async followed(): Promise<void> {
    await this.#parts.source.look();
    const [failure] = await this.server.refresh();
    if (failure !== undefined) throw failure.error;
  }

  /** Answers what was asked, keeps what was found, then lets go of everything. */
  async close(): Promise<void> {
    this.#stopChores();
    this.#end.abort();
    await Promise.all([this.#chores, this.#watched]);
    await this.server.stop();
    await this.online.settled();
    await this.#parts.directory.close();
  }

  /** One round at a time. */
  #doChores(): Promise<void> {
    const { log } = this.#parts;
    this.#chores ??= Promise.allSettled([this.rollouts.lookDue(), this.online.runDue()]).then((ends) => {
      for (const end of ends) if (end.status === 'rejected') log.write('error', String(end.reason));
      this.#chores = undefined;
    });
    return this.#chores;
  }
}

async function partsOf(
  directory: RegistryDirectory,
  options: MLPipelineManagerOptions,
  ports: Ports,
): Promise<Parts> {
  const { clock } = ports;
  const { registry, state } = directory;
  const { audit } = registry;
  const chance = options.random === undefined ? {} : { random: options.random };
  const source = await RegistrySource.open(directory, ports);
  const monitor = new ModelMonitor({ clock });
  const server = new ModelServer({ ...options.serving, source, monitor, ...ports });
  const rollouts = new RolloutManager(state, registry, { ...options.rollouts, ...chance, clock });
  const follow = async (): Promise<void> => {
    await source.look();
    // A version that cannot be served is in the log; the step back was made all the same.
    await server.refresh();
  };
  const { threshold, windowSize, ...drift } = options.drift ?? {};
  const respond = driftResponder({
    ...{ registry, rollouts, follow, log: ports.log, queueTraining: options.queueTraining },
  });
  return {
    ...{ directory, source, server, monitor, rollouts },
    experiments: new ABTestManager(state, { ...options.experiments, ...chance, audit, clock }),
    drift: new DriftDetector(state, threshold, windowSize, { ...drift, ...chance, ...ports, audit, respond }),
    online: new OnlineLearner(state, registry, { ...options.online, clock }),
  };
}

function join(register: MetricRegister, { monitor, drift, experiments, online, rollouts }: Parts): void {
  monitor.join(register);
  joinRegister(register, Object.values(DRIFT_METRICS), () => driftMetrics(drift));
  joinRegister(register, Object.values(EXPERIMENT_METRICS), () => experimentMetrics(experiments));
  joinRegister(register, Object.values(ONLINE_METRICS), () => onlineMetrics(online));
  joinRegister(register, Object.values(ROLLOUT_METRICS), () => rolloutMetrics(rollouts));
}
