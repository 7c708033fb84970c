import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import {
  type Clock,
  type FileSystem,
  type Log,
  PilotfishError,
  type RandomSource,
  Rng,
} from '../../base/index.ts';
import {
  ABTestManager,
  type AlertPolicy,
  DEFAULT_ALERT_POLICY,
  type DriftDetector,
  ModelMonitor,
  ModelServer,
  OnlineLearner,
  type OnlineLearnerOptions,
  openRegistry,
  postWebhook,
  type RegistryDirectory,
  RegistrySource,
  RolloutManager,
  resolveHost,
  WebhookDispatcher,
} from '../../lifecycle/index.ts';
import { Access, isLoopbackName } from '../frame/access.ts';
import { makeFrame } from '../frame/frame.ts';
import { addHealth } from '../frame/health.ts';
import { JsonLog } from '../frame/json-log.ts';
import type { Tuning } from '../frame/tuning.ts';
import { type KeyRing, requireRole } from '../identity.ts';
import type { GrpcDoor, openGrpc } from '../inference/grpc.ts';
import { addInference } from '../inference/inference.ts';
import { MAX_ROWS } from '../inference/tensors.ts';
import { KeyStore } from '../keys/key-store.ts';
import { HttpMetrics } from '../metrics/http-metrics.ts';
import { addMetrics } from '../metrics/metrics.ts';
import { addMlflow } from '../mlflow-routes/mlflow.ts';
import { addDocument, addNative } from '../native/native.ts';
import { type DriftDefaults, makeDrift } from './drift.ts';
import { Follower } from './follower.ts';
import { makeOperations, type Operations } from './operations.ts';
import { registerShipped } from './shipped.ts';

/** What may change while it runs. */
export type ServerTuning = Tuning & {
  /** Webhooks may go to addresses within the house, and without TLS. */
  readonly allowsPrivateWebhooks?: boolean;
  readonly isDebug?: boolean;
  /** What follows which alert. `DEFAULT_ALERT_POLICY`. */
  readonly alertPolicy?: AlertPolicy | undefined;
};

export type ServerOptions = ServerTuning & {
  /** The data directory; made if need be. */
  readonly data: string;
  /** What to listen on. `127.0.0.1`. */
  readonly host?: string;
  /** 0: any that is free. */
  readonly port?: number;
  /** Where gRPC is answered as well; undefined: nowhere. 0: any that is free. */
  readonly grpcPort?: number | undefined;
  /** Answers other machines without a key. */
  readonly isInsecure?: boolean;
  /** A folder of models that are registered at the start. */
  readonly modelsDirectory?: string | undefined;
  /** A key of the operator's own: an admin. */
  readonly token?: string | undefined;
  readonly storageDir?: string | undefined;
  readonly encryptionKey?: Uint8Array | undefined;
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** What A/B tests have that do not say. */
  readonly abDefaults?: { readonly minimumSamples: number; readonly stickyAssignment: boolean };
  /** What pipelines have that do not say. */
  readonly onlineDefaults?: Pick<OnlineLearnerOptions, 'strategy' | 'batchSize' | 'maxBufferSize'>;
  /** How drift is looked for, and what follows. */
  readonly driftDefaults?: Partial<DriftDefaults>;
  /** Takes the lines of the log. */
  readonly writeLog: (text: string) => void;
  readonly version: string;
};

/** How often keys of other processes are looked for, and webhooks delivered. */
const CHORE_MS = 1000;
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
  readonly #parts: Parts;
  readonly #stopChores: () => void;
  readonly #end = new AbortController();
  readonly #watched: Promise<void>;
  #chores: Promise<void> | undefined;
  #grpc: GrpcDoor | undefined;

  private constructor(options: ServerOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.app = parts.app;
    this.directory = parts.directory;
    this.models = parts.models;
    this.#stopChores = options.clock.every(CHORE_MS, () => void this.runChores());
    this.#watched = parts.drift.monitorAllFeatures({ signal: this.#end.signal });
  }

  /**
   * Opens the data directory, registers the models of the folder, and loads what is in production.
   * @throws PilotfishError `REFUSED` for an address that others reach, without a key; `UNSUPPORTED` for gRPC without
   * its packages; as `openRegistry`.
   */
  static async open(options: ServerOptions): Promise<PilotfishServer> {
    const { fs, clock, random, storageDir, encryptionKey, modelsDirectory } = options;
    const openDoor = options.grpcPort === undefined ? undefined : await loadGrpc();
    const log = new JsonLog(options.writeLog, clock, options.isDebug);
    const directory = openRegistry(options.data, { fs, clock, random, storageDir, encryptionKey });
    try {
      const keys = await KeyStore.open({
        state: directory.state,
        audit: directory.registry.audit,
        clock,
        random,
      });
      const access = accessOf(options, keys);
      if (modelsDirectory !== undefined)
        await registerShipped(directory.registry, modelsDirectory, { fs, log });
      const monitor = new ModelMonitor({ clock });
      const source = await RegistrySource.open(directory, { clock, log });
      const models = new ModelServer({ source, monitor, fs, clock, log, maxQueue: 2 * MAX_ROWS });
      models.start();
      const follower = new Follower({ source, models, log });
      await follower.follow();
      const tuned: { current: ServerTuning } = { current: options };
      const draining = new AbortController();
      const dispatcher = new WebhookDispatcher({
        ...{ state: directory.state, clock, post: postWebhook, resolve: resolveHost, encryptionKey },
        rng: new Rng(random(4).readUInt32LE()),
        get allowPrivate() {
          return tuned.current.allowsPrivateWebhooks ?? false;
        },
      });
      const rollouts = new RolloutManager(directory.state, directory.registry, { clock, random });
      const online = new OnlineLearner(directory.state, directory.registry, {
        clock,
        ...options.onlineDefaults,
      });
      const operations = makeOperations({ directory, models, monitor, fs, clock, log });
      operations.alerts.setPolicy(options.alertPolicy ?? DEFAULT_ALERT_POLICY);
      const follow = (): Promise<void> => follower.follow();
      const drift = makeDrift(options.driftDefaults ?? {}, { directory, clock, random, log, follow });
      const app = await makeApp(options, {
        directory,
        log,
        access,
        follower,
        models,
        source,
        monitor,
        operations,
        dispatcher,
        tuned,
        draining,
        rollouts,
        drift,
        online,
      });
      await app.ready();
      return new PilotfishServer(options, {
        ...{
          app,
          directory,
          models,
          follower,
          keys,
          dispatcher,
          operations,
          tuned,
          access,
          draining,
          rollouts,
          drift,
          online,
          log,
          openDoor,
        },
      });
    } catch (error) {
      await directory.close();
      throw error;
    }
  }

  get log(): Log {
    return this.#parts.log;
  }

  /**
   * Takes what may change while it runs; what is not said is as it is unless said.
   * @throws PilotfishError `USAGE` for a policy that is none; then nothing changes.
   */
  tune(tuning: ServerTuning): void {
    const { tuned, operations, log } = this.#parts;
    operations.alerts.setPolicy(tuning.alertPolicy ?? DEFAULT_ALERT_POLICY);
    tuned.current = tuning;
    log.isDebug = tuning.isDebug ?? false;
  }

  /** Resolves when what is in production now is served. */
  followed(): Promise<void> {
    return this.#parts.follower.follow();
  }

  /** Names of the models that are ready to answer. */
  get served(): string[] {
    return this.models.names.filter((name) => this.models.describe(name).loaded !== null);
  }

  /** Host and port of gRPC, once it listens there. */
  get grpc(): string | undefined {
    return this.#grpc?.address;
  }

  /** @returns the address it answers at @throws PilotfishError `IO` for a port that is taken. */
  async listen(): Promise<string> {
    const { host = LOOPBACK, port = 0, grpcPort = 0 } = this.#options;
    try {
      await this.app.listen({ host, port });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new PilotfishError('IO', `cannot listen on ${host}:${port} (${reason}): choose another --port`, {
        cause: error,
      });
    }
    const { openDoor, access, log } = this.#parts;
    const admit = (headers: Readonly<Record<string, string>>): void =>
      requireRole(access.identify({ headers }), 'viewer');
    this.#grpc = await openDoor?.(this.app, { host, port: grpcPort, log, admit });
    const { address, port: bound, family } = this.app.server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
  }

  /** Takes no more requests, lets those under way end, and closes everything; after ten seconds it cuts them off. */
  async close(): Promise<void> {
    // At once, while what is under way goes on: nobody is to be sent here any more.
    this.#parts.draining.abort();
    this.#stopChores();
    const stopWaiting = this.#options.clock.every(DRAIN_MS, () => {
      this.#grpc?.cut();
      this.app.server.closeAllConnections();
    });
    // First, because its calls end at the routes.
    await this.#grpc?.close();
    await this.app.close();
    stopWaiting();
    this.#end.abort();
    await Promise.all([this.#chores, this.#watched]);
    await this.models.stop();
    await this.#parts.online.settled();
    await this.directory.close();
    this.#parts.log.flush();
  }

  /** Looks for keys that other processes changed, delivers webhooks, tells how models decide, looks at rollouts and pipelines; one round at a time, however long a receiver takes. */
  runChores(): Promise<void> {
    const { keys, dispatcher, operations, rollouts, online, log } = this.#parts;
    this.#chores ??= Promise.all([
      keys.reload(),
      dispatcher.deliverDue(),
      operations.ingest.feed.look(),
      rollouts.lookDue(),
      online.runDue(),
    ])
      .then(() => undefined)
      .catch((error: unknown) => log.write('error', String(error)))
      .finally(() => {
        this.#chores = undefined;
      });
    return this.#chores;
  }
}

type Parts = Pick<PilotfishServer, 'app' | 'directory' | 'models'> & {
  readonly follower: Follower;
  readonly keys: KeyStore;
  readonly dispatcher: WebhookDispatcher;
  readonly operations: Operations;
  readonly rollouts: RolloutManager;
  readonly drift: DriftDetector;
  readonly online: OnlineLearner;
  readonly access: Access;
  readonly draining: AbortController;
  readonly tuned: { current: ServerTuning };
  readonly log: JsonLog;
  readonly openDoor: typeof openGrpc | undefined;
};

/** @throws PilotfishError `UNSUPPORTED`. */
async function loadGrpc(): Promise<typeof openGrpc> {
  try {
    return (await import('../inference/grpc.ts')).openGrpc;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new PilotfishError(
      'UNSUPPORTED',
      'gRPC needs packages that are not installed: npm install @grpc/grpc-js @grpc/proto-loader',
      { cause: error },
    );
  }
}

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
  readonly source: RegistrySource;
  readonly monitor: ModelMonitor;
};

async function makeApp(
  options: ServerOptions,
  parts: Omit<AppParts, 'app' | 'keys' | 'openDoor'>,
): Promise<FastifyInstance> {
  const { clock, random, version } = options;
  const { directory, log, access, follower, models, source, monitor, operations, dispatcher, tuned } = parts;
  const isDraining = (): boolean => parts.draining.signal.aborted;
  const http = new HttpMetrics();
  const app = makeFrame({ access, clock, random, log, tuned, observer: http });
  await addDocument(app, version);
  addHealth(app, {
    version,
    isDraining,
    check: () => directory.state.read(async (sql) => void (await sql.get('SELECT 1'))),
  });
  addMlflow(app, { directory, dispatcher, log });
  addInference(app, { models, source, log, version, isDraining });
  const { state, registry } = directory;
  const experiments = new ABTestManager(state, {
    audit: registry.audit,
    clock,
    random,
    ...options.abDefaults,
  });
  addNative(app, {
    ...{ directory, models, clock, ...operations, experiments, rollouts: parts.rollouts, drift: parts.drift },
    online: parts.online,
    follow: () => follower.follow(),
  });
  addMetrics(app, {
    directory,
    monitor,
    online: parts.online,
    drift: parts.drift,
    experiments,
    http,
    production: () => source.names(),
    version,
  });
  return app;
}
