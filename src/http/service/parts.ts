import { PilotfishError, Rng } from '../../base/index.ts';
import {
  DEFAULT_ALERT_POLICY,
  type DriftDetector,
  ModelMonitor,
  ModelServer,
  OnlineLearner,
  openRegistry,
  postWebhook,
  type RegistryDirectory,
  RegistrySource,
  RolloutManager,
  resolveHost,
  WebhookDispatcher,
} from '../../lifecycle/index.ts';
import { Access, isLoopbackName } from '../frame/access.ts';
import { JsonLog } from '../frame/json-log.ts';
import type { KeyRing } from '../identity.ts';
import { MAX_ROWS } from '../inference/tensors.ts';
import { KeyStore } from '../keys/key-store.ts';
import { makeDrift } from './drift.ts';
import { Follower } from './follower.ts';
import { makeOperations, type Operations } from './operations.ts';
import { LOOPBACK, type ServerOptions, type ServerTuning } from './options.ts';
import { registerShipped } from './shipped.ts';

/** What a server is made of, below its routes. */
export type Parts = {
  readonly directory: RegistryDirectory;
  readonly models: ModelServer;
  readonly source: RegistrySource;
  readonly monitor: ModelMonitor;
  readonly follower: Follower;
  readonly keys: KeyStore;
  readonly access: Access;
  readonly dispatcher: WebhookDispatcher;
  readonly operations: Operations;
  readonly rollouts: RolloutManager;
  readonly drift: DriftDetector;
  readonly online: OnlineLearner;
  /** Aborted as soon as the server is to end. */
  readonly draining: AbortController;
  /** What holds now. */
  readonly tuned: { current: ServerTuning };
  readonly log: JsonLog;
};

/**
 * Opens the data directory, registers the models of the folder, and loads what is in production.
 * @throws PilotfishError `REFUSED` for an address that others reach, without a key; as `openRegistry`.
 */
export async function openParts(options: ServerOptions): Promise<Parts> {
  const { fs, clock, random, storageDir, encryptionKey } = options;
  const log = new JsonLog(options.writeLog, clock, options.isDebug);
  const directory = openRegistry(options.data, { fs, clock, random, storageDir, encryptionKey });
  try {
    const { state, registry } = directory;
    const keys = await KeyStore.open({ state, audit: registry.audit, clock, random });
    const access = accessOf(options, keys);
    const serving = await openServing(options, directory, log);
    return {
      directory,
      keys,
      access,
      log,
      ...serving,
      ...makeRooms(options, { directory, log, ...serving }),
    };
  } catch (error) {
    await directory.close();
    throw error;
  }
}

type Serving = Pick<Parts, 'source' | 'models' | 'monitor' | 'follower'>;

async function openServing(
  { fs, clock, modelsDirectory }: ServerOptions,
  directory: RegistryDirectory,
  log: JsonLog,
): Promise<Serving> {
  if (modelsDirectory !== undefined) await registerShipped(directory.registry, modelsDirectory, { fs, log });
  const monitor = new ModelMonitor({ clock });
  const source = await RegistrySource.open(directory, { clock, log });
  const models = new ModelServer({ source, monitor, fs, clock, log, maxQueue: 2 * MAX_ROWS });
  models.start();
  const follower = new Follower({ source, models, log });
  await follower.follow();
  return { source, models, monitor, follower };
}

type Rooms = Pick<
  Parts,
  'operations' | 'rollouts' | 'drift' | 'online' | 'dispatcher' | 'draining' | 'tuned'
>;

/** What works on the registry beside serving. */
function makeRooms(
  options: ServerOptions,
  { directory, log, models, monitor, follower }: Serving & Pick<Parts, 'directory' | 'log'>,
): Rooms {
  const { fs, clock, random, encryptionKey } = options;
  const { state, registry } = directory;
  const tuned: { current: ServerTuning } = { current: options };
  const dispatcher = new WebhookDispatcher({
    ...{ state, clock, post: postWebhook, resolve: resolveHost, encryptionKey },
    rng: new Rng(random(4).readUInt32LE()),
    get allowPrivate() {
      return tuned.current.allowsPrivateWebhooks ?? false;
    },
  });
  const operations = makeOperations({ directory, models, monitor, fs, clock, log });
  operations.alerts.setPolicy(options.alertPolicy ?? DEFAULT_ALERT_POLICY);
  const rollouts = new RolloutManager(state, registry, { clock, random });
  const drift = makeDrift(options.driftDefaults ?? {}, {
    ...{ directory, rollouts, clock, random, log, follow: () => follower.follow() },
    queueTraining: (model, reason) =>
      operations.queueTraining({ model, reason, actor: 'drift', key: `drift ${model}`, dataset: undefined }),
  });
  return {
    ...{ operations, dispatcher, drift, rollouts, tuned, draining: new AbortController() },
    online: new OnlineLearner(state, registry, { clock, ...options.onlineDefaults }),
  };
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
