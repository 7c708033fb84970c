import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type Clock, type FileSystem, PilotfishError, type RandomSource } from '../../base/index.ts';
import { ModelMonitor, ModelServer, openRegistry, type RegistryDirectory } from '../../lifecycle/index.ts';
import { Access, isLoopbackName, type KeyRing } from '../frame/access.ts';
import { makeFrame } from '../frame/frame.ts';
import { addHealth } from '../frame/health.ts';
import { JsonLog } from '../frame/json-log.ts';
import { addInference } from '../inference/inference.ts';
import { MAX_ROWS } from '../inference/tensors.ts';
import { HttpMetrics } from '../metrics/http-metrics.ts';
import { addMetrics } from '../metrics/metrics.ts';
import { addMlflow } from '../mlflow/mlflow.ts';
import { Follower, RegistrySource } from './registry-source.ts';
import { registerShipped } from './shipped.ts';

export type ServerOptions = {
  /** The data directory; made if need be. */
  readonly data: string;
  /** What to listen on. `127.0.0.1`. */
  readonly host?: string;
  /** 0: any that is free. */
  readonly port?: number;
  /** Answers other machines without a key. */
  readonly isInsecure?: boolean;
  /** A folder of models that are registered at the start. */
  readonly modelsDirectory?: string | undefined;
  /** A key of the operator's own: an admin. */
  readonly token?: string | undefined;
  readonly requestsPerSecond?: number | undefined;
  readonly logsRequests?: boolean;
  readonly isDebug?: boolean;
  readonly storageDir?: string | undefined;
  readonly encryptionKey?: Uint8Array | undefined;
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Takes the lines of the log. */
  readonly writeLog: (text: string) => void;
  readonly version: string;
};

/** How often other processes' changes are looked for. */
const GLANCE_MS = 1000;
/** Answers that are under way may take this long once it is to end. */
const DRAIN_MS = 10_000;
const LOOPBACK = '127.0.0.1';

/**
 * The registry, the served models and everything that asks them over HTTP, in one process with one data directory.
 *
 * @example
 * const server = await PilotfishServer.open({ data: '/var/lib/pilotfish', ...ports });
 * const url = await server.listen();
 * await server.close();
 */
export class PilotfishServer {
  readonly app: FastifyInstance;
  readonly directory: RegistryDirectory;
  readonly models: ModelServer;
  readonly #options: ServerOptions;
  readonly #log: JsonLog;
  readonly #follower: Follower;
  readonly #stopGlancing: () => void;

  private constructor(options: ServerOptions, parts: Parts) {
    this.#options = options;
    this.#log = parts.log;
    this.app = parts.app;
    this.directory = parts.directory;
    this.models = parts.models;
    this.#follower = parts.follower;
    const { follower, log } = parts;
    this.#stopGlancing = options.clock.every(GLANCE_MS, () => {
      follower.glance().catch((error: unknown) => log.write('error', String(error)));
    });
  }

  /**
   * Opens the data directory, registers the models of the folder, and loads what is in production.
   * @throws PilotfishError `REFUSED` for an address that others reach, without a key; as `openRegistry`.
   */
  static async open(options: ServerOptions): Promise<PilotfishServer> {
    const { fs, clock, random, storageDir, encryptionKey, modelsDirectory } = options;
    const log = new JsonLog(options.writeLog, clock, options.isDebug);
    const directory = openRegistry(options.data, { fs, clock, random, storageDir, encryptionKey });
    try {
      const access = accessOf(options, NO_KEYS);
      if (modelsDirectory !== undefined)
        await registerShipped(directory.registry, modelsDirectory, { fs, log });
      const monitor = new ModelMonitor({ clock });
      const source = new RegistrySource(directory);
      const models = new ModelServer({ source, monitor, fs, clock, log, maxQueue: 2 * MAX_ROWS });
      models.start();
      const follower = new Follower({ directory, source, server: models, log });
      await follower.follow();
      const app = makeApp(options, { directory, log, access, follower, models, source, monitor });
      await app.ready();
      return new PilotfishServer(options, { app, directory, models, follower, log });
    } catch (error) {
      await directory.close();
      throw error;
    }
  }

  /** Resolves when what is in production now is served. */
  followed(): Promise<void> {
    return this.#follower.follow();
  }

  /** Names of the models that are ready to answer. */
  get served(): string[] {
    return this.models.names.filter((name) => this.models.describe(name).loaded !== null);
  }

  /** @returns the address it answers at @throws PilotfishError `IO` for a port that is taken. */
  async listen(): Promise<string> {
    const { host = LOOPBACK, port = 0 } = this.#options;
    try {
      await this.app.listen({ host, port });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new PilotfishError('IO', `cannot listen on ${host}:${port} (${reason}): choose another --port`, {
        cause: error,
      });
    }
    const { address, port: bound, family } = this.app.server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
  }

  /** Takes no more requests, lets those under way end, and closes everything; after ten seconds it cuts them off. */
  async close(): Promise<void> {
    this.#stopGlancing();
    const stopWaiting = this.#options.clock.every(DRAIN_MS, () => this.app.server.closeAllConnections());
    await this.app.close();
    stopWaiting();
    await this.models.stop();
    await this.directory.close();
    this.#log.flush();
  }
}

type Parts = Pick<PilotfishServer, 'app' | 'directory' | 'models'> & {
  readonly follower: Follower;
  readonly log: JsonLog;
};

const NO_KEYS: KeyRing = { isEmpty: true, find: () => undefined };

/** @throws PilotfishError `REFUSED`. */
function accessOf({ host = LOOPBACK, isInsecure = false, token }: ServerOptions, keys: KeyRing): Access {
  const isLocal = isLoopbackName(host);
  if (!isLocal && !isInsecure && token === undefined && keys.isEmpty) {
    throw new PilotfishError(
      'REFUSED',
      `${host} can be reached by others and there is no API key: make one with \`pilotfish keys create\`, or say --insecure`,
    );
  }
  return new Access({ keys, token, isOpen: isLocal || isInsecure, isLocal });
}

type AppParts = Parts & {
  readonly access: Access;
  readonly source: RegistrySource;
  readonly monitor: ModelMonitor;
};

function makeApp(options: ServerOptions, parts: Omit<AppParts, 'app'>): FastifyInstance {
  const { clock, random, requestsPerSecond, logsRequests = false, version } = options;
  const { directory, log, access, follower, models, source, monitor } = parts;
  const http = new HttpMetrics();
  const app = makeFrame({ access, clock, random, log, requestsPerSecond, logsRequests, observer: http });
  const stagesChanged = (): void => {
    follower.follow().catch((error: unknown) => log.write('error', String(error)));
  };
  addHealth(app, {
    version,
    check: () => directory.state.read(async (sql) => void (await sql.get('SELECT 1'))),
  });
  addMlflow(app, { directory, log, stagesChanged });
  addInference(app, { models, source, log, version });
  addMetrics(app, { directory, monitor, http, production: () => source.names(), version });
  return app;
}
