import {
  type Clock,
  type FileSystem,
  hasCode,
  ManualClock,
  MIB,
  type Rng,
  seededBytes,
  silentLog,
} from '../../src/base/index.ts';
import {
  createRepository,
  type PackOptions,
  type PackResult,
  pack,
  Repository,
  type RepositoryPorts,
  repositoryExists,
} from '../../src/blocks/index.ts';
import type { CrashMode } from '../sim/disk/crash.ts';
import { SimFileSystem } from '../sim/disk.ts';

/** What the faults strike: the repository and the caches, nothing of the source. */
export const STATE = '/state';
/** Two directories above it are missing at first, so that creating them is part of the matrix. */
export const REPOSITORY = `${STATE}/backup/repository`;
export const SOURCE = '/source/tree';
export const CACHE = `${STATE}/cache`;
const HOST = 'host';
const START_MS = 1_700_000_000_000;
/** Small packs, so that a small tree takes several; a small index, because thousands are made. */
const SIZES = { arenaBytes: 32 * MIB, resemblanceBytes: MIB / 16, packBytes: MIB / 16 };

/** A simulated machine: a disk, a clock and the processes that run on it. */
export class World {
  readonly disk: SimFileSystem;
  readonly clock: ManualClock;
  readonly #living: Set<number>;
  #lastPid: number;

  constructor(disk = new SimFileSystem(), before?: World) {
    this.disk = disk;
    this.clock = new ManualClock(before === undefined ? START_MS : before.clock.nowMs());
    this.#living = new Set(before === undefined ? [] : before.#living);
    this.#lastPid = before === undefined ? 100 : before.#lastPid;
  }

  /** A copy of the machine as it is, or what a power cut leaves of it: then no process is left either. */
  fork(rng: Rng, mode: CrashMode = 'process'): World {
    const next = new World(this.disk.crash(rng, mode), this);
    if (mode !== 'process') next.#living.clear();
    return next;
  }

  /** Starts a process: its pid. */
  start(chosen?: number): number {
    if (chosen === undefined) this.#lastPid += 1;
    const pid = chosen ?? this.#lastPid;
    this.#living.add(pid);
    return pid;
  }

  end(pid: number): void {
    this.#living.delete(pid);
  }

  isAlive(pid: number): boolean {
    return this.#living.has(pid);
  }

  /** What a process of this machine gets; `fs` stands between it and the disk. */
  ports(pid: number, fs: FileSystem = this.disk): RepositoryPorts {
    return {
      fs,
      clock: this.clock,
      host: {
        name: HOST,
        pid,
        processMark: (of) => (this.isAlive(of) ? String(of) : ''),
        isAlive: (of) => this.isAlive(of),
      },
      random: seededBytes(pid),
      log: silentLog,
      index: 'memory',
      threads: 0,
      cacheDirectory: CACHE,
      sizes: SIZES,
    };
  }

  /** Runs `work` as a process of its own, which is gone afterwards. */
  async process<T>(work: (ports: RepositoryPorts) => Promise<T> | T, fs?: FileSystem): Promise<T> {
    const pid = this.start();
    // Snapshots are ordered by time.
    this.clock.advance(60_000);
    try {
      return await work(this.ports(pid, fs));
    } finally {
      this.end(pid);
    }
  }
}

/** A clock on which every look is a tenth of a second later, so that work is handed over at every entry. */
export function hastyClock(world: World, rng: Rng): Clock {
  let nowMs = world.clock.nowMs();
  return {
    nowMs: () => {
      nowMs += 100;
      return nowMs;
    },
    monotonicNs: () => BigInt(nowMs) * 1_000_000n,
    monotonicMs: () => nowMs,
    every: () => () => undefined,
    async turn() {
      for (let left = rng.below(4); left > 0; left -= 1) await Promise.resolve();
    },
  };
}

/** Runs `work` on the open repository at `path` and closes it. */
export async function opened<T>(
  ports: RepositoryPorts,
  mode: 'read' | 'write' | 'exclusive',
  work: (repository: Repository) => Promise<T> | T,
  path = REPOSITORY,
): Promise<T> {
  const repository = new Repository({ path }, ports, mode);
  try {
    return await work(repository);
  } finally {
    repository.close();
  }
}

/** What the `pack` command does: creates the repository where there is none, and packs. */
export async function packSource(
  ports: RepositoryPorts,
  options: Partial<PackOptions> = {},
  path = REPOSITORY,
): Promise<PackResult> {
  if (!repositoryExists(path, ports)) {
    try {
      createRepository({ path }, ports);
    } catch (error) {
      // Another writer was first.
      if (!hasCode(error, 'EXISTS')) throw error;
    }
  }
  const paths = [Buffer.from(SOURCE)];
  return opened(ports, 'write', (repository) => pack(repository, { paths, ...options }), path);
}
