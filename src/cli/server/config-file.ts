import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errnoOf, isObject, KIB, PilotfishError } from '../../base/index.ts';
import type { AlertPolicy } from '../../lifecycle/index.ts';
import { nearestWord } from './nearest.ts';

/** What a configuration file of a server may say. */
export type ServeFile = {
  readonly data?: string;
  readonly port?: number;
  readonly grpcPort?: number;
  readonly host?: string;
  readonly insecure?: boolean;
  readonly models?: string;
  readonly rateLimit?: number;
  readonly logRequests?: boolean;
  readonly allowPrivateWebhooks?: boolean;
  readonly debug?: boolean;
  readonly alerts?: AlertPolicy;
};

export const MAX_PORT = 65_535;
export const MAX_RATE = 1_000_000;
const MAX_BYTES = 256 * KIB;

/** Returns what is wanted instead; undefined: it is well. */
type Check = (value: unknown) => string | undefined;

const whole =
  (min: number, max: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `a whole number from ${min} to ${max}`;
const text: Check = (value) => (typeof value === 'string' && value !== '' ? undefined : 'a text');
const truth: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');
const object: Check = (value) => (isObject(value) ? undefined : 'an object');

const CHECKS: Readonly<Record<keyof ServeFile, Check>> = {
  ...{ data: text, port: whole(0, MAX_PORT), grpcPort: whole(0, MAX_PORT), host: text, insecure: truth },
  ...{ models: text, rateLimit: whole(1, MAX_RATE), logRequests: truth, allowPrivateWebhooks: truth },
  ...{ debug: truth, alerts: object },
};
const KEYS = Object.keys(CHECKS);

/**
 * Reads the configuration file of a server: one JSON object. Paths in it are relative to its folder.
 * @throws PilotfishError `USAGE`, naming the key and what is wanted; `UNREADABLE`.
 */
export async function readServeFile(path: string): Promise<ServeFile> {
  const value = parse(path);
  for (const [key, given] of Object.entries(value)) {
    if (!Object.hasOwn(CHECKS, key))
      throw wrong(path, `${key} is no setting: did you mean ${nearestWord(key, KEYS)}?`);
    const wanted = CHECKS[key as keyof ServeFile](given);
    if (wanted !== undefined) throw wrong(path, `${key} is ${JSON.stringify(given)}: give ${wanted}`);
  }
  const file = value as ServeFile;
  const placed = (name: 'data' | 'models'): ServeFile =>
    file[name] === undefined ? {} : { [name]: resolve(dirname(path), file[name]) };
  return { ...file, ...placed('data'), ...placed('models'), ...(await policyOf(path, file)) };
}

async function policyOf(path: string, { alerts }: ServeFile): Promise<Pick<ServeFile, 'alerts'>> {
  if (alerts === undefined) return {};
  // Loaded when asked for: the commands of the store start without it.
  const { checkAlertPolicy } = await import('../../lifecycle/index.ts');
  try {
    return { alerts: checkAlertPolicy(alerts) };
  } catch (error) {
    throw wrong(path, error instanceof Error ? error.message : String(error));
  }
}

function parse(path: string): Readonly<Record<string, unknown>> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const message = `the configuration ${path} cannot be read (${errnoOf(cause)}): correct --config`;
    throw new PilotfishError('UNREADABLE', message, { cause });
  }
  if (bytes.length > MAX_BYTES) throw wrong(path, `it has more than ${MAX_BYTES} bytes`);
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (isObject(value)) return value;
  } catch (error) {
    // Said without what stands there: it may be anything.
    const place = /at position \d+|line \d+ column \d+/.exec(
      error instanceof Error ? error.message : '',
    )?.[0];
    throw wrong(path, `it is no JSON${place === undefined ? '' : ` (${place})`}`);
  }
  throw wrong(path, 'it is no JSON object');
}

const wrong = (path: string, what: string): PilotfishError =>
  new PilotfishError('USAGE', `the configuration ${path} cannot be used: ${what}`);
