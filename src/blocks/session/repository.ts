import {
  asRepositoryError,
  type Clock,
  errnoOf,
  type FileSystem,
  type Host,
  type Log,
  type Metrics,
  PilotfishError,
  type RandomSource,
} from '../../base/index.ts';
import { DEFAULT_AVERAGE_BYTES } from '../chunk/index.ts';
import { type ExactIndex, MemoryIndex, SqliteIndex } from '../index/index.ts';
import { isSealedPack } from '../pack/index.ts';
import {
  completeDirectories,
  initRepository,
  isRepository,
  Layout,
  type Lock,
  type LockMode,
  openSealer,
  type RepositoryConfig,
  readConfig,
  removeQuietly,
  type Snapshot,
  SnapshotStore,
  type StoredSnapshot,
  takeLock,
} from '../repo/index.ts';
import type { Sealer } from '../seal/index.ts';
import { BlockReader, type IndexMode, PackSet } from '../store/index.ts';
import type { WriterSizes } from './block-output.ts';

/** What a repository needs of the world; `app/compose.ts` gives the real parts, tests give theirs. */
export interface RepositoryPorts {
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly host: Host;
  readonly random: RandomSource;
  readonly log: Log;
  readonly metrics?: Metrics;
  /** `memory` keeps the exact index off the disk: for read-only media and for simulated ones. */
  readonly index: 'sqlite' | 'memory';
  /** Most encode threads; 0 encodes on the calling thread. */
  readonly threads: number;
  /** Where caches of this machine lie; undefined = none are kept. */
  readonly cacheDirectory?: string | undefined;
  /** What a writer may take; default: sizes for trees of any size within the stated memory. */
  readonly sizes?: Partial<WriterSizes>;
}

export interface OpenOptions {
  readonly path: string;
  readonly password?: string | undefined;
}

export interface CreateOptions extends OpenOptions {
  /** Average block size in bytes: 16, 32, 64 (default), 128 or 256 KiB. Fixed for the life of the repository. */
  readonly averageBlockBytes?: number | undefined;
  /** scrypt cost of the password; lowered only by tests. */
  readonly costN?: number;
}

/** Creates an empty repository. Throws EXISTS, NOT_A_REPOSITORY, NO_SPACE, IO. */
export function createRepository(options: CreateOptions, ports: RepositoryPorts): RepositoryConfig {
  return initRepository(ports.fs, new Layout(options.path), {
    random: ports.random,
    averageBlockBytes: options.averageBlockBytes ?? DEFAULT_AVERAGE_BYTES,
    password: options.password,
    ...(options.costN === undefined ? {} : { costN: options.costN }),
  });
}

/** Whether `path` holds a repository. */
export function repositoryExists(path: string, ports: RepositoryPorts): boolean {
  return isRepository(ports.fs, new Layout(path));
}

/** An open repository: its parts, held together until `close`. */
export class Repository {
  readonly layout: Layout;
  readonly ports: RepositoryPorts;
  readonly config: RepositoryConfig;
  readonly sealer: Sealer;
  readonly packs: PackSet;
  readonly reader: BlockReader;
  readonly snapshots: SnapshotStore;
  readonly lock: Lock;

  /**
   * Opens a repository and takes a lock. Throws NO_REPOSITORY, NEWER_VERSION, CONFIG_DAMAGED, WRONG_PASSWORD,
   * LOCKED. The index is made to fit the packs on the way; no manual step is ever needed.
   */
  constructor(options: OpenOptions, ports: RepositoryPorts, mode: LockMode) {
    const { fs, log } = ports;
    this.layout = new Layout(options.path);
    this.ports = ports;
    this.config = readConfig(fs, this.layout);
    this.sealer = openSealer(this.config, options.password, ports.random);
    completeDirectories(fs, this.layout);
    refuseLinks(fs, this.layout);
    this.lock = takeLock({ ...ports, layout: this.layout }, mode);
    try {
      const openIndex = (index: IndexMode): ExactIndex => this.#openIndex(index);
      this.packs = new PackSet({ fs, layout: this.layout, sealer: this.sealer, log, openIndex });
    } catch (error) {
      this.lock.release();
      throw error;
    }
    this.#refuseSealedPacks();
    this.reader = new BlockReader(this.packs);
    this.snapshots = new SnapshotStore(fs, this.layout, this.sealer, log);
  }

  /**
   * Commits a snapshot whose blocks are all in published packs: makes every pack durable by name, those of other
   * writers included, and then the snapshot. The root too: its creator may have been stopped before it made the name
   * of the config durable.
   */
  publishSnapshot(snapshot: Snapshot): StoredSnapshot {
    this.lock.assertHeld();
    for (const path of [this.layout.root, this.layout.store]) this.syncDirectory(path);
    return this.snapshots.add(snapshot, this.lock.writerId);
  }

  /** Whether something on this machine is the repository's own directory, whatever path led to it. */
  isSelf(stat: { readonly device: bigint; readonly inode: bigint }): boolean {
    this.#own ??= this.#statRoot();
    return stat.inode === this.#own.inode && stat.device === this.#own.device;
  }

  #own: { readonly device: bigint; readonly inode: bigint } | undefined;

  #statRoot(): { readonly device: bigint; readonly inode: bigint } {
    try {
      return this.ports.fs.lstat(this.layout.root);
    } catch (error) {
      throw asRepositoryError(error, this.layout.root);
    }
  }

  /** Makes the entries of a directory of the repository durable. */
  syncDirectory(path: string): void {
    try {
      this.ports.fs.fsyncDirectory(path);
    } catch (error) {
      throw asRepositoryError(error, path);
    }
  }

  close(): void {
    try {
      this.packs.close();
    } finally {
      this.lock.release();
    }
  }

  /** Sealed packs under a config that says plain: someone took the encryption away to have the next pack readable. */
  #refuseSealedPacks(): void {
    if (this.sealer.encrypted) return;
    const { fs } = this.ports;
    const sealed = this.packs
      .packNames()
      .slice(0, 1)
      .some((name) => isSealedPack(fs, this.layout.pack(name)));
    if (!sealed) return;
    this.close();
    throw new PilotfishError(
      'CONFIG_DAMAGED',
      `${this.layout.config} says that the repository is not encrypted, but its packs are: restore the config from a copy`,
      { path: this.layout.config },
    );
  }

  #openIndex(mode: IndexMode): ExactIndex {
    if (mode === 'memory' || this.ports.index === 'memory') return new MemoryIndex();
    if (mode === 'fresh') {
      // A garbled header may have called for the files of the other journal mode. On a read-only medium they stay:
      // opening them says so next, and memory serves instead.
      for (const suffix of INDEX_SUFFIXES) removeQuietly(this.ports.fs, this.layout.index + suffix);
    }
    if (!INDEX_SUFFIXES.every((suffix) => isPlain(this.ports.fs, this.layout.index + suffix))) {
      if (mode === 'fresh') return new MemoryIndex();
      throw new PilotfishError('DAMAGED', 'the index is not a plain file: it will be made anew');
    }
    return new SqliteIndex(this.layout.index, this.config.id, this.sealer);
  }
}

/** A link in place of a directory could lead any write, and any removal, out of the repository. */
function refuseLinks(fs: FileSystem, layout: Layout): void {
  for (const path of layout.directories) {
    let kind: string;
    try {
      kind = fs.lstat(path).kind;
    } catch (error) {
      // One that could not be made on read-only media is missed when it is needed.
      if (errnoOf(error) === 'ENOENT') continue;
      throw asRepositoryError(error, path);
    }
    if (kind !== 'directory') {
      throw new PilotfishError(
        'CONFIG_DAMAGED',
        `${path} is a ${kind} and not a directory: the repository was tampered with`,
        { path },
      );
    }
  }
}

/** Whether the index's files are plain ones of this repository alone: SQLite would follow links. */
function isPlain(fs: FileSystem, path: string): boolean {
  try {
    const { kind, links } = fs.lstat(path);
    return kind === 'file' && links === 1;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true;
    throw asRepositoryError(error, path);
  }
}

const INDEX_SUFFIXES = ['', '-journal', '-wal', '-shm'];
