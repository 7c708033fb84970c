import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type Log, PilotfishError } from '../../base/index.ts';
import { DEFAULT_ALERT_POLICY, type ModelServer, type RegistryDirectory } from '../../lifecycle/index.ts';
import { requireRole } from '../identity.ts';
import type { GrpcDoor, openGrpc } from '../inference/grpc.ts';
import { makeApp } from './app.ts';
import { LOOPBACK, type ServerOptions, type ServerTuning } from './options.ts';
import { openParts, type Parts } from './parts.ts';

/** How often keys of other processes are looked for, and webhooks delivered. */
const CHORE_MS = 1000;
/** Answers that are under way may take this long once it is to end. */
const DRAIN_MS = 10_000;

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
  readonly #parts: ServerParts;
  readonly #stopChores: () => void;
  readonly #end = new AbortController();
  readonly #watched: Promise<void>;
  #chores: Promise<void> | undefined;
  #grpc: GrpcDoor | undefined;

  private constructor(options: ServerOptions, parts: ServerParts) {
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
    const openDoor = options.grpcPort === undefined ? undefined : await loadGrpc();
    const parts = await openParts(options);
    try {
      const app = await makeApp(options, parts);
      await app.ready();
      return new PilotfishServer(options, { ...parts, app, openDoor });
    } catch (error) {
      await parts.directory.close();
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
    // The trouble of one is not that of the next, and the round is over when all of them are.
    this.#chores ??= Promise.allSettled([
      keys.reload(),
      dispatcher.deliverDue(),
      operations.ingest.feed.look(),
      rollouts.lookDue(),
      online.runDue(),
    ]).then((all) => {
      for (const each of all) if (each.status === 'rejected') log.write('error', String(each.reason));
      this.#chores = undefined;
    });
    return this.#chores;
  }
}

type ServerParts = Parts & {
  readonly app: FastifyInstance;
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
