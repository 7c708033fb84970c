import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PilotfishError } from '../base/index.ts';
import { readPasswordFile, type Settings } from '../cli/index.ts';
import type { DriftPolicy, Strategy } from '../lifecycle/index.ts';

/** The variables of the environment as text; an empty one counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the environment into settings. The only place that does. */
export function readSettings(environment: Environment = process.env): Settings {
  const read = (name: string): string | undefined => environment[name] || undefined;
  const password = (name: string) => () => read(name) ?? passwordFrom(`${name}_FILE`, read(`${name}_FILE`));
  return {
    repository: read('PILOTFISH_REPO'),
    password: password('PILOTFISH_PASSWORD'),
    newPassword: password('PILOTFISH_NEW_PASSWORD'),
    targetPassword: password('PILOTFISH_TO_PASSWORD'),
    cacheDirectory: read('PILOTFISH_CACHE_DIR') ?? join(cacheHome(read), 'pilotfish'),
    modelsDirectory: read('PILOTFISH_MODELS') ?? fileURLToPath(new URL('../../models', import.meta.url)),
    namesModels: read('PILOTFISH_MODELS') !== undefined,
    telemetry: read('PILOTFISH_TELEMETRY'),
    registry: read('PILOTFISH_REGISTRY'),
    modelStorage: read('ML_MODEL_STORAGE_DIR'),
    serverToken: password('PILOTFISH_TOKEN'),
    artefactKey: () => keyOf(password('PILOTFISH_ARTEFACT_KEY')()),
    mlflow: () => ({
      token: password('MLFLOW_TRACKING_TOKEN')(),
      username: read('MLFLOW_TRACKING_USERNAME'),
      password: password('MLFLOW_TRACKING_PASSWORD')(),
    }),
    abDefaults: () => ({
      minimumSamples: wholeOf('ML_AB_MIN_SAMPLES', read('ML_AB_MIN_SAMPLES') ?? '1000', 2),
      stickyAssignment: truthOf('ML_AB_STICKY_ASSIGNMENT', read('ML_AB_STICKY_ASSIGNMENT') ?? 'true'),
    }),
    driftDefaults: () => ({
      threshold: shareOf('ML_DRIFT_THRESHOLD', read('ML_DRIFT_THRESHOLD') ?? '0.05'),
      windowSize: wholeOf('ML_DRIFT_WINDOW_SIZE', read('ML_DRIFT_WINDOW_SIZE') ?? '1000', 64),
      checkIntervalMs: 1000 * wholeOf('ML_DRIFT_CHECK_INTERVAL', read('ML_DRIFT_CHECK_INTERVAL') ?? '300', 1),
      policy: driftPolicyOf(read('PILOTFISH_DRIFT_POLICY')),
    }),
    onlineDefaults: () => ({
      strategy: strategyOf(read('ML_ONLINE_STRATEGY')),
      batchSize: wholeOf('ML_ONLINE_BATCH_SIZE', read('ML_ONLINE_BATCH_SIZE') ?? '100', 1),
      maxBufferSize: wholeOf('ML_ONLINE_MAX_BUFFER', read('ML_ONLINE_MAX_BUFFER') ?? '1000', 1),
    }),
    isDebug: read('PILOTFISH_DEBUG') !== undefined,
  };
}

/** Where caches go by the XDG rules, which ignore a path that is not absolute. */
function cacheHome(read: (name: string) => string | undefined): string {
  const home = read('XDG_CACHE_HOME');
  return home?.startsWith('/') ? home : join(homedir(), '.cache');
}

/** The password in the file a variable names. It goes nowhere but into the key derivation. */
function passwordFrom(variable: string, file: string | undefined): string | undefined {
  return file === undefined ? undefined : readPasswordFile(file, variable);
}

const KEY_DIGITS = /^[0-9a-f]{64}$/i;

/** A key is 32 bytes in hexadecimal, as `openssl rand -hex 32` makes them. */
function keyOf(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  if (KEY_DIGITS.test(text)) return Buffer.from(text, 'hex');
  throw new PilotfishError('USAGE', 'PILOTFISH_ARTEFACT_KEY is no key: give 64 hexadecimal digits');
}

function wholeOf(variable: string, text: string, least: number): number {
  if (/^[0-9]{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  throw new PilotfishError('USAGE', `${variable} is ${text}: give a whole number of at least ${least}`);
}

function truthOf(variable: string, text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new PilotfishError('USAGE', `${variable} is ${text}: give true or false`);
}

function shareOf(variable: string, text: string): number {
  if (text.trim() !== '' && Number(text) >= 0 && Number(text) <= 1) return Number(text);
  throw new PilotfishError('USAGE', `${variable} is ${text}: give a number from 0 to 1`);
}

/** `critical=rollback,high=retrain`; what the words mean is checked where they are used. */
function driftPolicyOf(text: string | undefined): DriftPolicy {
  const rules = (text ?? '').split(',').filter((rule) => rule !== '');
  const odd = rules.find((rule) => !/^(low|medium|high|critical)=(rollback|retrain|notify)$/.test(rule));
  if (odd !== undefined) {
    throw new PilotfishError(
      'USAGE',
      `PILOTFISH_DRIFT_POLICY has ${odd}: give a severity (low, medium, high, critical) and what follows it (rollback, retrain, notify), such as critical=rollback`,
    );
  }
  return Object.fromEntries(rules.map((rule) => rule.split('=', 2))) as DriftPolicy;
}

const STRATEGIES: readonly string[] = ['incremental', 'mini_batch', 'periodic', 'adaptive'];

function strategyOf(text: string | undefined): Strategy | undefined {
  if (text === undefined || STRATEGIES.includes(text)) return text as Strategy | undefined;
  throw new PilotfishError('USAGE', `ML_ONLINE_STRATEGY is ${text}: give ${STRATEGIES.join(', ')}`);
}
