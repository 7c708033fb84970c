import { resolve } from 'node:path';
import {
  type Clock,
  type FileSystem,
  type Log,
  PilotfishError,
  type RandomSource,
} from '../../base/index.ts';
import { wholeNumber } from '../../learn/index.ts';

/** What a collector runs on: the machine's own unless given. */
export type TelemetryPorts = {
  readonly fs: FileSystem;
  readonly clock: Clock;
  /** Where keys come from; must be unpredictable outside of tests. */
  readonly random: RandomSource;
  readonly log: Log;
};

export type TelemetryOptions = {
  /** The database; keys lie beside it in `PATH.keys`. `./telemetry.db`. */
  readonly dbPath?: string;
  /** Events older than this, or from as far ahead of the clock, are deleted, in milliseconds. 30 days. */
  readonly maxAgeMs?: number;
  /** Most events kept; the oldest go first. 1 000 000. */
  readonly maxRows?: number;
  /** How long one key serves, in milliseconds. 7 days. */
  readonly keyPeriodMs?: number;
  /** Events written in the background as soon as so many wait. 256. */
  readonly batchRows?: number;
  /** Most events that wait; more are dropped and counted. 16 384. */
  readonly bufferRows?: number;
  /** Waiting events are written at least this often, in milliseconds: what a kill can cost. 1000. */
  readonly flushMs?: number;
  readonly ports?: Partial<TelemetryPorts>;
};

const DAY_MS = 86_400_000;
const DEFAULTS = {
  dbPath: './telemetry.db',
  maxAgeMs: 30 * DAY_MS,
  maxRows: 1_000_000,
  keyPeriodMs: 7 * DAY_MS,
  batchRows: 256,
  bufferRows: 16_384,
  flushMs: 1000,
};
const LIMITS: { readonly [Name in keyof Omit<typeof DEFAULTS, 'dbPath'>]: readonly [number, number] } = {
  maxAgeMs: [1, 3650 * DAY_MS],
  maxRows: [1, 100_000_000],
  keyPeriodMs: [60_000, 365 * DAY_MS],
  batchRows: [1, 65_536],
  bufferRows: [1, 1_048_576],
  flushMs: [1, 3_600_000],
};

/** For how long and how many events are kept unless options say otherwise. */
export const TELEMETRY_RETENTION = { maxAgeMs: DEFAULTS.maxAgeMs, maxRows: DEFAULTS.maxRows };

/** Most events a collector can be told to keep. */
export const MOST_ROWS = LIMITS.maxRows[1];

export type ResolvedTelemetryOptions = Required<Omit<TelemetryOptions, 'ports'>>;

/** The options with every default filled in. @throws PilotfishError `USAGE` naming the one out of range. */
export function resolveOptions(given: Omit<TelemetryOptions, 'ports'>): ResolvedTelemetryOptions {
  const options = { ...DEFAULTS, ...given };
  for (const [name, limits] of Object.entries(LIMITS)) {
    wholeNumber(name, options[name as keyof typeof LIMITS], limits);
  }
  if (typeof options.dbPath !== 'string' || options.dbPath === '') {
    throw new PilotfishError('USAGE', 'dbPath is the path of a file, such as ./telemetry.db');
  }
  return { ...options, dbPath: resolve(options.dbPath) };
}
