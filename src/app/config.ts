import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, PilotfishError } from '../base/index.ts';
import type { Settings } from '../cli/index.ts';

/** The variables of the environment as text; an empty one counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the environment into settings. The only place that does. */
export function readSettings(environment: Environment = process.env): Settings {
  const read = (name: string): string | undefined => environment[name] || undefined;
  return {
    repository: read('PILOTFISH_REPO'),
    password: () => read('PILOTFISH_PASSWORD') ?? passwordFrom(read('PILOTFISH_PASSWORD_FILE')),
    cacheDirectory: read('PILOTFISH_CACHE_DIR') ?? join(cacheHome(read), 'pilotfish'),
    isDebug: read('PILOTFISH_DEBUG') !== undefined,
  };
}

/** Where caches go by the XDG rules, which ignore a path that is not absolute. */
function cacheHome(read: (name: string) => string | undefined): string {
  const home = read('XDG_CACHE_HOME');
  return home?.startsWith('/') ? home : join(homedir(), '.cache');
}

/** The first line of the password file. The password goes nowhere but into the key derivation. */
function passwordFrom(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0];
  } catch (cause) {
    const message = `PILOTFISH_PASSWORD_FILE names ${file}, which cannot be read (${errnoOf(cause)}): correct it`;
    throw new PilotfishError('UNREADABLE', message, { cause });
  }
}
