import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PilotfishError } from '../base/index.ts';
import { readPasswordFile, type Settings } from '../cli/index.ts';

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
    telemetry: read('PILOTFISH_TELEMETRY'),
    modelStorage: read('ML_MODEL_STORAGE_DIR'),
    serverToken: password('PILOTFISH_TOKEN'),
    artefactKey: () => keyOf(password('PILOTFISH_ARTEFACT_KEY')()),
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
