import { type Clock, type Log, silentLog, systemClock } from '../base/index.ts';
import {
  type MetricRegister,
  ModelMonitor,
  type ModelRegistry,
  ModelServer,
  type ModelServerOptions,
  openRegistry,
  type Prediction,
  type RegistryDirectory,
  type RegistryDirectoryOptions,
  RegistrySource,
  type ServedFeatures,
} from '../lifecycle/index.ts';

export type MLPipelineManagerOptions = Omit<RegistryDirectoryOptions, 'clock'> & {
  /** The caller's own register, such as prom-client's: the metrics of the models join it. */
  readonly metrics?: MetricRegister;
  /** How models are served; where they come from and who watches them is settled. */
  readonly serving?: Omit<ModelServerOptions, 'source' | 'modelDir' | 'monitor' | 'fs' | 'clock' | 'log'>;
  readonly clock?: Clock;
  /** Hears of versions that could not be served. */
  readonly log?: Log;
};

/**
 * Document 003's manager for a host program: one data directory, whose models in production answer within this process,
 * change when they are promoted or rolled back, here or by another process, and are counted.
 *
 * @example
 * const manager = await MLPipelineManager.open('/var/ml', { metrics: promClient.register });
 * const modelId = await manager.registry.registerModel(metadata, createReadStream('threats.onnx'));
 * const { version, values } = await manager.predict('threat-detector', features);
 * await manager.close();
 */
export class MLPipelineManager {
  readonly registry: ModelRegistry;
  readonly server: ModelServer;
  readonly monitor: ModelMonitor;
  readonly #directory: RegistryDirectory;
  readonly #source: RegistrySource;

  private constructor(
    directory: RegistryDirectory,
    parts: { readonly source: RegistrySource; readonly server: ModelServer; readonly monitor: ModelMonitor },
  ) {
    this.#directory = directory;
    this.#source = parts.source;
    this.registry = directory.registry;
    this.server = parts.server;
    this.monitor = parts.monitor;
  }

  /**
   * Opens the data directory, or makes one, and serves what is in production there.
   * @throws PilotfishError as `openRegistry` and the options of `ModelServer`.
   */
  static async open(dataDir: string, options: MLPipelineManagerOptions = {}): Promise<MLPipelineManager> {
    const { metrics, serving = {}, clock = systemClock, log = silentLog, ...rest } = options;
    const directory = openRegistry(dataDir, { ...rest, clock });
    try {
      const source = await RegistrySource.open(directory, { clock, log });
      const monitor = new ModelMonitor({ clock });
      const server = new ModelServer({ ...serving, source, monitor, clock, log });
      server.start();
      if (metrics !== undefined) monitor.join(metrics);
      return new MLPipelineManager(directory, { source, server, monitor });
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
    await this.#source.look();
    const [failure] = await this.server.refresh();
    if (failure !== undefined) throw failure.error;
  }

  /** Answers what was asked, then lets go of everything. */
  async close(): Promise<void> {
    await this.server.stop();
    await this.#directory.close();
  }
}
