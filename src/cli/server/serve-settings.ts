import { resolve } from 'node:path';
import type { AlertPolicy } from '../../lifecycle/index.ts';
import { usageError } from '../exit.ts';
import { safeText, table } from '../text.ts';
import type { ServerTuning, Settings } from '../world.ts';
import type { ServeFile } from './config-file.ts';

/** What the command line says. */
export type ServeFlags = {
  readonly config?: string;
  readonly data?: string;
  readonly port?: number;
  readonly grpcPort?: number;
  readonly host?: string;
  readonly insecure?: true;
  readonly models?: string;
  readonly rateLimit?: number;
  readonly logRequests?: true;
  readonly allowPrivateWebhooks?: true;
};

/** Where a value comes from; the first that says something counts. */
type Origin = 'flag' | 'environment' | 'file' | 'default';
type Chosen<T> = { readonly value: T; readonly from: Origin };
type Said<T> = Partial<Record<Exclude<Origin, 'default'>, T | undefined>>;

/** All that a server runs by, and where each value comes from. */
export type ServeSettings = {
  readonly data: Chosen<string | undefined>;
  readonly host: Chosen<string>;
  readonly port: Chosen<number>;
  readonly grpcPort: Chosen<number | undefined>;
  readonly insecure: Chosen<boolean>;
  readonly models: Chosen<string>;
  readonly rateLimit: Chosen<number | undefined>;
  readonly logRequests: Chosen<boolean>;
  readonly allowPrivateWebhooks: Chosen<boolean>;
  readonly debug: Chosen<boolean>;
  readonly alerts: Chosen<AlertPolicy | undefined>;
};

const DEFAULT_PORT = 5000;
const LOOPBACK = '127.0.0.1';
/** What takes effect while the server runs; all else when it starts. */
export const LIVE: readonly (keyof ServeSettings)[] = [
  ...(['rateLimit', 'logRequests', 'allowPrivateWebhooks', 'debug', 'alerts'] as const),
];

function choose<T>(fallback: T, { flag, environment, file }: Said<T>): Chosen<T> {
  if (flag !== undefined) return { value: flag, from: 'flag' };
  if (environment !== undefined) return { value: environment, from: 'environment' };
  if (file !== undefined) return { value: file, from: 'file' };
  return { value: fallback, from: 'default' };
}

/** Flags before the environment, the environment before the file. */
export function serveSettings(flags: ServeFlags, settings: Settings, file: ServeFile): ServeSettings {
  const { modelsDirectory, namesModels = false, isDebug } = settings;
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(path);
  const models = {
    flag: absolute(flags.models),
    environment: namesModels ? resolve(modelsDirectory) : undefined,
    file: file.models,
  };
  return {
    data: choose<string | undefined>(undefined, { flag: absolute(flags.data), file: file.data }),
    host: choose(LOOPBACK, { flag: flags.host, file: file.host }),
    port: choose(DEFAULT_PORT, { flag: flags.port, file: file.port }),
    grpcPort: choose<number | undefined>(undefined, { flag: flags.grpcPort, file: file.grpcPort }),
    insecure: choose<boolean>(false, { flag: flags.insecure, file: file.insecure }),
    models: choose(resolve(modelsDirectory), models),
    rateLimit: choose<number | undefined>(undefined, { flag: flags.rateLimit, file: file.rateLimit }),
    logRequests: choose<boolean>(false, { flag: flags.logRequests, file: file.logRequests }),
    allowPrivateWebhooks: choose<boolean>(false, {
      ...{ flag: flags.allowPrivateWebhooks, file: file.allowPrivateWebhooks },
    }),
    debug: choose<boolean>(false, { environment: isDebug ? true : undefined, file: file.debug }),
    alerts: choose<AlertPolicy | undefined>(undefined, { file: file.alerts }),
  };
}

/** @throws PilotfishError `USAGE`. */
export function dataOf({ data: { value } }: ServeSettings): string {
  if (value !== undefined) return value;
  throw usageError('no data directory is named: give one with --data, or as data in the file of --config');
}

export const tuningOf = (settings: ServeSettings): ServerTuning => ({
  requestsPerSecond: settings.rateLimit.value,
  logsRequests: settings.logRequests.value,
  allowsPrivateWebhooks: settings.allowPrivateWebhooks.value,
  isDebug: settings.debug.value,
  alertPolicy: settings.alerts.value,
});

/** The keys whose values differ. */
export function changedKeys(before: ServeSettings, after: ServeSettings): (keyof ServeSettings)[] {
  const keys = Object.keys(before) as (keyof ServeSettings)[];
  return keys.filter((key) => JSON.stringify(before[key].value) !== JSON.stringify(after[key].value));
}

/** As `--print-config` shows them: of what opens anything, whether it is there. */
export function shownSettings(settings: ServeSettings, { serverToken, artefactKey, modelStorage }: Settings) {
  const secret = (read: (() => unknown) | undefined) => {
    const isSet = read?.() !== undefined;
    return { value: isSet ? '(set)' : null, from: isSet ? 'environment' : 'default' };
  };
  const storage = {
    value: modelStorage ?? null,
    from: modelStorage === undefined ? 'default' : 'environment',
  };
  const shown = Object.entries(settings).map(([key, { value, from }]) => [
    key,
    { value: value ?? null, from },
  ]);
  const others = { modelStorage: storage, token: secret(serverToken), artefactKey: secret(artefactKey) };
  return { ...Object.fromEntries(shown), ...others } as Record<string, { value: unknown; from: string }>;
}

export const settingsText = (shown: ReturnType<typeof shownSettings>): string =>
  table(
    Object.entries(shown).map(([key, { value, from }]) => [
      ...[key, from, typeof value === 'string' ? safeText(value) : JSON.stringify(value)],
    ]),
  );
