import { dirname, resolve } from 'node:path';
import {
  asRepositoryError,
  type Clock,
  exists,
  type FileSystem,
  isoTime,
  makeDirectories,
  NodeFileSystem,
  PilotfishError,
  type RandomSource,
  readSmallFile,
  secureBytes,
  systemClock,
  writeAll,
} from '../../base/index.ts';
import { copyKey } from './artefacts/signer.ts';
import { ModelRegistry, type RegistryOptions } from './models/registry.ts';
import { SqliteState } from './state/sqlite-state.ts';
import { TrackingStore } from './tracking/tracking.ts';
import { Webhooks } from './webhooks/webhooks.ts';

export type RegistryDirectoryOptions = RegistryOptions & {
  /** Where artefacts lie; `DIRECTORY/models` when undefined. */
  readonly storageDir?: string | undefined;
  /** Where artefacts of experiments lie that name no place of their own. `mlflow-artifacts:`. */
  readonly artifactRoot?: string;
  /** Opening, or a write, that another process keeps locked out this long is given up with `LOCKED`. 10 s. */
  readonly lockWaitMs?: number;
};

const MARKER = 'pilotfish.json';
const DATABASE = 'registry.db';
const MODELS = 'models';
const FORMAT = 1;
const ID = /^[0-9a-f]{32}$/;
const MAX_MARKER_BYTES = 4096;
const PRIVATE = 0o700;

/**
 * A data directory: `pilotfish.json` says what it is, `registry.db` holds the state, `models/` the artefacts and the
 * signing key.
 *
 * @example
 * const directory = openRegistry('/var/lib/pilotfish');
 * await directory.registry.listModels({ status: 'production' });
 * await directory.close();
 */
export class RegistryDirectory {
  readonly path: string;
  readonly state: SqliteState;
  readonly registry: ModelRegistry;
  readonly tracking: TrackingStore;
  readonly webhooks: Webhooks;
  readonly #fs: FileSystem;
  readonly #clock: Clock;
  readonly #storageDir: string;

  /** Use `openRegistry`. */
  constructor(path: string, options: RegistryDirectoryOptions) {
    const { fs = new NodeFileSystem(), clock = systemClock, random = secureBytes, artifactRoot } = options;
    this.path = path;
    this.#fs = fs;
    this.#clock = clock;
    this.#storageDir = resolve(options.storageDir ?? `${path}/${MODELS}`);
    this.state = new SqliteState({ path: `${path}/${DATABASE}`, fs, clock, lockWaitMs: options.lockWaitMs });
    this.registry = new ModelRegistry(this.#storageDir, this.state, { ...options, fs, clock, random });
    const root = artifactRoot === undefined ? {} : { artifactRoot };
    this.tracking = new TrackingStore(this.state, this.registry, { clock, random, ...root });
    this.webhooks = new Webhooks({
      ...{ state: this.state, audit: this.registry.audit, clock, random },
      encryptionKey: options.encryptionKey,
    });
  }

  /**
   * Copies everything as of now to a directory that is not there yet, while others go on; it opens like any other, once
   * the copy is whole. On the same device files are linked, not copied: they are never changed in place.
   * @throws PilotfishError `EXISTS`, `NO_SPACE`, `IO`.
   */
  async backup(target: string): Promise<{ readonly files: number }> {
    const out = resolve(target);
    if (exists(this.#fs, out))
      throw new PilotfishError('EXISTS', `${out} is there already: name a new directory`);
    const marker = files(out, () => {
      makeDirectories(this.#fs, `${out}/${MODELS}`);
      this.#fs.chmod(out, PRIVATE);
      return readSmallFile(this.#fs, `${this.path}/${MARKER}`, MAX_MARKER_BYTES);
    });
    // Nothing that the database names may go before it is copied.
    const release = this.registry.store.uploads.hold();
    const count = await this.#copyAll(out).finally(release);
    files(out, () => {
      copyKey(this.#fs, this.#storageDir, `${out}/${MODELS}`);
      // Last: a directory without it is an unfinished copy.
      writeNew(this.#fs, `${out}/${MARKER}`, marker);
      this.#fs.fsyncDirectory(out);
    });
    return { files: count };
  }

  /** @returns how many artefacts */
  async #copyAll(out: string): Promise<number> {
    await this.state.backup(`${out}/${DATABASE}`);
    // After the database: whatever it names was stored before it.
    const hashes = this.registry.store.list();
    for (const sha256 of hashes) {
      this.registry.store.copyTo(`${out}/${MODELS}`, sha256);
      await this.#clock.turn();
    }
    return hashes.length;
  }

  /** Waits for writes that were accepted. */
  close(): Promise<void> {
    return this.state.close();
  }
}

/**
 * Opens a data directory, or makes one; one of an older version is brought to this one.
 * @throws PilotfishError `NEWER_VERSION`; `DAMAGED` for an unfinished backup or another application's files; `REFUSED`,
 * `LOCKED`, `NO_SPACE`, `IO`.
 */
export function openRegistry(path: string, options: RegistryDirectoryOptions = {}): RegistryDirectory {
  const { fs = new NodeFileSystem(), clock = systemClock, random = secureBytes } = options;
  const directory = resolve(path);
  const owner = files(directory, () => {
    if (!exists(fs, `${directory}/${MARKER}`)) makeDirectory(directory, { fs, clock, random });
    return checkMarker(readSmallFile(fs, `${directory}/${MARKER}`, MAX_MARKER_BYTES), directory);
  });
  return new RegistryDirectory(directory, { ...options, owner });
}

/** Whether a data directory is there. */
export function isRegistry(path: string, fs: FileSystem = new NodeFileSystem()): boolean {
  return exists(fs, `${resolve(path)}/${MARKER}`);
}

type Ports = { readonly fs: FileSystem; readonly clock: Clock; readonly random: RandomSource };

function makeDirectory(directory: string, { fs, clock, random }: Ports): void {
  if (exists(fs, `${directory}/${DATABASE}`)) {
    throw new PilotfishError('DAMAGED', `${directory} is an unfinished backup: delete it and make another`);
  }
  makeDirectories(fs, directory);
  fs.chmod(directory, PRIVATE);
  const marker = { format: FORMAT, id: random(16).toString('hex'), createdAt: isoTime(clock.nowMs()) };
  const temporary = `${directory}/${MARKER}.${random(6).toString('hex')}`;
  writeNew(fs, temporary, Buffer.from(`${JSON.stringify(marker)}\n`));
  try {
    fs.link(temporary, `${directory}/${MARKER}`);
  } catch (error) {
    // Another process was first: its directory it is.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    fs.unlink(temporary);
  }
  fs.fsyncDirectory(directory);
  fs.fsyncDirectory(dirname(directory));
}

/** @returns the id of the directory */
function checkMarker(bytes: Buffer, directory: string): string | undefined {
  let format: unknown;
  let id: unknown;
  try {
    ({ format, id } = JSON.parse(bytes.toString()) as { format?: unknown; id?: unknown });
  } catch {
    // Said below.
  }
  if (format === FORMAT) return typeof id === 'string' && ID.test(id) ? id : undefined;
  if (typeof format === 'number' && format > FORMAT) {
    throw new PilotfishError('NEWER_VERSION', `${directory} is of format ${format}: update Pilotfish`);
  }
  throw new PilotfishError('DAMAGED', `${directory}/${MARKER} does not parse: restore a backup`);
}

function writeNew(fs: FileSystem, path: string, bytes: Uint8Array): void {
  const fd = fs.open(path, 'create', 0o600);
  try {
    writeAll(fs, fd, bytes, 0);
    fs.fsync(fd);
  } finally {
    fs.close(fd);
  }
}

/** Gives what a file call throws a code. */
function files<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asRepositoryError(error, path);
  }
}
