import { assert, hasCode, PilotfishError } from '../../base/index.ts';
import { MAX_KEY_SLOTS, type RepositoryConfig, readConfig, rewriteConfig, unlock } from '../repo/index.ts';
import { type KeySlot, makeKeySlot } from '../seal/index.ts';
import type { Repository } from '../session/index.ts';

export interface KeyOptions {
  /** One that opens the repository now. */
  readonly password: string;
  /** scrypt cost; lowered only by tests. */
  readonly costN?: number;
}

/** Lets another password open the repository as well. Returns how many do now. */
export function addKey(repository: Repository, newPassword: string, options: KeyOptions): number {
  const { config, masterKey } = current(repository, options.password);
  if (config.keySlots.length >= MAX_KEY_SLOTS) {
    throw new PilotfishError('LIMIT', `the repository has ${MAX_KEY_SLOTS} passwords: remove one first`);
  }
  if (opens(config, newPassword)) {
    throw new PilotfishError('EXISTS', 'this password opens the repository already: give another one');
  }
  const slots = [...config.keySlots, newSlot(repository, masterKey, { newPassword, ...options })];
  return write(repository, slots);
}

/** Takes a password away; the last one stays. Returns how many are left. */
export function removeKey(repository: Repository, options: KeyOptions): number {
  const { config, slot } = current(repository, options.password);
  if (config.keySlots.length === 1) {
    throw new PilotfishError(
      'USAGE',
      'this is the only password: add another one first, or nobody could read the data',
    );
  }
  return write(
    repository,
    config.keySlots.filter((one) => one !== slot),
  );
}

/** Puts a new password in the place of the one given. */
export function changePassword(repository: Repository, newPassword: string, options: KeyOptions): void {
  const { config, masterKey, slot } = current(repository, options.password);
  const fresh = newSlot(repository, masterKey, { newPassword, ...options });
  write(
    repository,
    config.keySlots.map((one) => (one === slot ? fresh : one)),
  );
}

function opens(config: RepositoryConfig, password: string): boolean {
  try {
    unlock(config, password);
    return true;
  } catch (error) {
    if (hasCode(error, 'WRONG_PASSWORD')) return false;
    throw error;
  }
}

/** Read again: another process may have changed the slots since the repository was opened. */
function current({ ports, layout }: Repository, password: string) {
  const config = readConfig(ports.fs, layout);
  if (config.keySlots.length === 0) {
    throw new PilotfishError(
      'USAGE',
      'the repository is not encrypted: create one with `pilotfish init --encrypt` and copy into it',
    );
  }
  return { config, ...unlock(config, password) };
}

function newSlot(
  { ports }: Repository,
  masterKey: Uint8Array,
  { newPassword, costN }: { newPassword: string; costN?: number },
): KeySlot {
  if (newPassword === '')
    throw new PilotfishError('USAGE', 'an empty password protects nothing: give another one');
  return makeKeySlot(masterKey, newPassword, {
    random: ports.random,
    ...(costN === undefined ? {} : { costN }),
  });
}

function write({ ports, layout, lock, config }: Repository, keySlots: readonly KeySlot[]): number {
  assert(keySlots.length > 0, 'an encrypted repository keeps a password');
  rewriteConfig(ports.fs, layout, { config: { ...config, keySlots }, writerId: lock.writerId });
  return keySlots.length;
}
