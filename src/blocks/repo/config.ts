import {
  asRepositoryError,
  errnoOf,
  exists,
  type FileSystem,
  makeDirectories,
  PilotfishError,
  type RandomSource,
  readSmallFile,
} from '../../base/index.ts';
import { checkAverageBytes } from '../chunk/index.ts';
import {
  AesGcmSealer,
  type KeySlot,
  MASTER_KEY_BYTES,
  makeKeySlot,
  openKeySlot,
  parseKeySlot,
  plainSealer,
  type Sealer,
} from '../seal/index.ts';
import { accessError } from './access.ts';
import { KNOWN_ENTRIES, type Layout } from './layout.ts';
import { publish, publishOnce } from './publish.ts';

export const REPOSITORY_VERSION = 1;
const MAX_CONFIG_BYTES = 65536;
/** Each slot costs a wrong password a scrypt run. */
export const MAX_KEY_SLOTS = 16;

/** The `config` file: JSON, one line per field. Written once; key slots are its only changing part. */
export interface RepositoryConfig {
  readonly format: 'pilotfish';
  readonly version: number;
  /** 32 random hex digits. */
  readonly id: string;
  readonly averageBlockBytes: number;
  /** Empty = not encrypted. */
  readonly keySlots: readonly KeySlot[];
}

export interface InitOptions {
  readonly random: RandomSource;
  readonly averageBlockBytes: number;
  /** Encrypts the repository. */
  readonly password?: string | undefined;
  /** scrypt cost; lowered only by tests. */
  readonly costN?: number;
}

/**
 * Creates an empty repository. The config file is written last: before it, there is no repository. Of two processes
 * that create it at once, one gets EXISTS: the key of an encrypted repository lies in the config, and nothing may
 * be sealed with one that is replaced.
 */
export function initRepository(fs: FileSystem, layout: Layout, options: InitOptions): RepositoryConfig {
  checkAverageBytes(options.averageBlockBytes);
  const config: RepositoryConfig = {
    format: 'pilotfish',
    version: REPOSITORY_VERSION,
    id: options.random(16).toString('hex'),
    averageBlockBytes: options.averageBlockBytes,
    keySlots: options.password === undefined ? [] : [firstSlot(options.password, options)],
  };
  try {
    refuseForeignDirectory(fs, layout);
    makeDirectories(fs, layout.root);
    for (const path of layout.directories) makeDirectories(fs, path);
    fs.fsyncDirectory(layout.root);
    syncWayTo(fs, layout.root);
  } catch (error) {
    throw accessError(error, layout.root) ?? asRepositoryError(error, layout.root);
  }
  publishOnce(fs, configBytes(config), {
    temporary: layout.temporary(config.id, 'config'),
    final: layout.config,
  });
  return config;
}

function firstSlot(password: string, options: InitOptions): KeySlot {
  const master = options.random(MASTER_KEY_BYTES);
  const cost = options.costN === undefined ? {} : { costN: options.costN };
  return makeKeySlot(master, password, { random: options.random, ...cost });
}

/** Makes the directories that lead to the repository durable: some may be as new as it is. */
function syncWayTo(fs: FileSystem, path: string): void {
  const end = path.lastIndexOf('/');
  if (end < 0 || path === '/') return;
  const parent = path.slice(0, end) || '/';
  try {
    fs.fsyncDirectory(parent);
  } catch (error) {
    // Directories of others that cannot be opened were not made by us.
    if (!['EACCES', 'EPERM', 'EROFS', 'EINVAL'].includes(errnoOf(error) ?? '')) throw error;
  }
  syncWayTo(fs, parent);
}

function refuseForeignDirectory(fs: FileSystem, layout: Layout): void {
  if (!exists(fs, layout.root)) return;
  if (fs.lstat(layout.root).kind === 'file') {
    throw new PilotfishError(
      'NOT_A_REPOSITORY',
      `${layout.root} is a file: choose an empty or new directory`,
    );
  }
  const names = fs.readDirectory(layout.root).map((name) => name.toString());
  if (names.includes('config')) {
    throw new PilotfishError(
      'EXISTS',
      `${layout.root} already is a repository: use it, or choose another directory`,
    );
  }
  if (isHeadless(fs, layout)) {
    throw new PilotfishError(
      'CONFIG_DAMAGED',
      `${layout.root} holds snapshots but no config: restore the file \`config\` from a copy of the repository`,
      { path: layout.config },
    );
  }
  const foreign = names.find((name) => !KNOWN_ENTRIES.has(name));
  if (foreign !== undefined) {
    throw new PilotfishError(
      'NOT_A_REPOSITORY',
      `${layout.root} is no repository and not empty (it holds ${foreign}): choose an empty or new directory`,
    );
  }
}

/**
 * Whether the config was lost. A new one would make an encrypted repository unreadable for good. Only snapshots
 * tell: before the first one is committed, the config is made durable.
 */
function isHeadless(fs: FileSystem, layout: Layout): boolean {
  if (!exists(fs, layout.snapshots) || fs.readDirectory(layout.snapshots).length === 0) return false;
  return !exists(fs, layout.config);
}

/** Whether there is a repository to open. */
export function isRepository(fs: FileSystem, layout: Layout): boolean {
  try {
    return exists(fs, layout.config);
  } catch (error) {
    throw accessError(error, layout.root) ?? asRepositoryError(error, layout.config);
  }
}

/** Makes directories that are missing: copying tools like to leave out empty ones. */
export function completeDirectories(fs: FileSystem, layout: Layout): void {
  try {
    for (const path of layout.directories) makeDirectories(fs, path);
  } catch {
    // A read-only or full device: what needs the directory says so itself.
  }
}

/** Reads and checks the config file. Throws NO_REPOSITORY, NEWER_VERSION, CONFIG_DAMAGED. */
export function readConfig(fs: FileSystem, layout: Layout): RepositoryConfig {
  let bytes: Buffer;
  try {
    bytes = readSmallFile(fs, layout.config, MAX_CONFIG_BYTES);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'ENOENT' && errno !== 'ENOTDIR')
      throw accessError(error, layout.root) ?? asRepositoryError(error, layout.config);
    throw new PilotfishError(
      'NO_REPOSITORY',
      `${layout.root} is not a Pilotfish repository: give one with --repo or PILOTFISH_REPO, or create it with \`pilotfish pack\``,
    );
  }
  return parseConfig(bytes, layout.config);
}

function parseConfig(bytes: Buffer, path: string): RepositoryConfig {
  const damaged = (): PilotfishError =>
    new PilotfishError('CONFIG_DAMAGED', `${path} cannot be read: restore it from a copy of the repository`, {
      path,
    });
  let value: RepositoryConfig;
  try {
    value = JSON.parse(bytes.toString('utf8')) as RepositoryConfig;
  } catch {
    throw damaged();
  }
  if (typeof value !== 'object' || value === null || value.format !== 'pilotfish') throw damaged();
  if (!Number.isInteger(value.version) || value.version < 1) throw damaged();
  if (value.version > REPOSITORY_VERSION) {
    throw new PilotfishError(
      'NEWER_VERSION',
      `${path} has format ${value.version}, this Pilotfish reads ${REPOSITORY_VERSION}: update Pilotfish`,
      { path },
    );
  }
  if (!/^[0-9a-f]{32}$/.test(value.id) || !Array.isArray(value.keySlots)) throw damaged();
  if (value.keySlots.length > MAX_KEY_SLOTS) throw damaged();
  try {
    checkAverageBytes(value.averageBlockBytes);
  } catch {
    throw damaged();
  }
  return { ...value, keySlots: value.keySlots.map(parseKeySlot) };
}

/** The sealer of a repository. Throws WRONG_PASSWORD. */
export function openSealer(
  config: RepositoryConfig,
  password: string | undefined,
  random: RandomSource,
): Sealer {
  if (config.keySlots.length === 0) {
    // An attacker could empty the slots so that the next pack writes plain text.
    if (password !== undefined) {
      throw new PilotfishError(
        'WRONG_PASSWORD',
        'a password is given but the repository is not encrypted: unset it, or, if it was encrypted, restore its config from a copy',
      );
    }
    return plainSealer;
  }
  return new AesGcmSealer(unlock(config, password).masterKey, random);
}

/** The master key of an encrypted repository and the slot that gave it. Throws WRONG_PASSWORD. */
export function unlock(
  config: RepositoryConfig,
  password: string | undefined,
): { masterKey: Buffer; slot: KeySlot } {
  if (password !== undefined) {
    for (const slot of config.keySlots) {
      const masterKey = openKeySlot(slot, password);
      if (masterKey !== undefined) return { masterKey, slot };
    }
  }
  const what = password === undefined ? 'needs a password' : 'does not open with this password';
  throw new PilotfishError(
    'WRONG_PASSWORD',
    `the repository ${what}: give it in PILOTFISH_PASSWORD, or a file that holds it in PILOTFISH_PASSWORD_FILE`,
  );
}

/** Replaces the config: its key slots are the only part that ever changes. Old or new, never half. */
export function rewriteConfig(
  fs: FileSystem,
  layout: Layout,
  update: { config: RepositoryConfig; writerId: string },
): void {
  publish(fs, configBytes(update.config), {
    temporary: layout.temporary(update.writerId, 'config'),
    final: layout.config,
  });
}

function configBytes(config: RepositoryConfig): Buffer {
  return Buffer.from(`${JSON.stringify(config, null, 2)}\n`);
}
