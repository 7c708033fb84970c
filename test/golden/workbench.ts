// A repository in a machine of its own, for tests of the store: clock, chance and host are fixed, so that a run
// writes the same bytes every time.
import {
  type FileSystem,
  type Host,
  ManualClock,
  MIB,
  type RandomSource,
  seededBytes,
  sha256Hex,
  silentLog,
} from '../../src/base/index.ts';
import {
  type CreateOptions,
  createRepository,
  type PackOptions,
  type PackResult,
  pack,
  Repository,
  type RepositoryPorts,
  restore,
  type StoreAdviser,
} from '../../src/blocks/index.ts';
import { SimFileSystem } from '../sim/disk.ts';
import { buildTree, removeTree, type Source } from '../sim/tree.ts';
import { readTree, type TreeState } from '../sim/tree-state.ts';

export const SOURCE = '/source';
export const REPOSITORY = '/repository';
export const PASSWORD = 'golden';
/** A cost that takes a millisecond; real repositories take the default. */
export const TEST_COST_N = 1024;

const HOST: Host = { name: 'golden', pid: 1, processMark: () => '1', isAlive: (pid) => pid === 1 };

/** A little memory: thousands of writers are made in tests. */
const SIZES = { arenaBytes: 32 * MIB, resemblanceBytes: MIB / 4 };

export interface WorkbenchOptions extends Partial<RepositoryPorts> {
  readonly seed?: number;
  readonly password?: string | undefined;
  readonly averageBlockBytes?: number;
}

/** A disk in memory with a repository on it. */
export class Workbench {
  readonly fs: SimFileSystem;
  readonly clock: ManualClock;
  readonly ports: RepositoryPorts;
  readonly options: CreateOptions;
  #restores = 0;

  constructor(options: WorkbenchOptions = {}) {
    const { seed = 1, password, averageBlockBytes, ...ports } = options;
    this.clock = new ManualClock();
    this.fs = new SimFileSystem({ clock: this.clock });
    this.ports = portsOf(this.fs, this.clock, seededBytes(seed), ports);
    this.options = { path: REPOSITORY, password, averageBlockBytes, costN: TEST_COST_N };
    createRepository(this.options, this.ports);
  }

  /** Writes a tree, or replaces the one before. */
  build(sources: readonly Source[], root = SOURCE): void {
    try {
      removeTree(this.fs, root);
    } catch {
      // The first one.
    }
    buildTree(this.fs, root, sources);
  }

  /** Runs `work` on the open repository. */
  async open<T>(
    work: (repository: Repository) => Promise<T> | T,
    mode: 'read' | 'write' | 'exclusive' = 'read',
  ): Promise<T> {
    const repository = new Repository(this.options, this.ports, mode);
    try {
      return await work(repository);
    } finally {
      repository.close();
    }
  }

  /** Packs the source; snapshots are a minute apart. */
  pack(options: Partial<PackOptions> = {}): Promise<PackResult> {
    this.clock.advance(60_000);
    return this.open((repository) => pack(repository, { paths: [Buffer.from(SOURCE)], ...options }), 'write');
  }

  /** Restores a snapshot and reads what came out. */
  async restored(snapshot = 'latest'): Promise<{ tree: TreeState; errors: readonly unknown[] }> {
    this.#restores += 1;
    const target = `/restored-${this.#restores}`;
    const { errors } = await this.open((repository) =>
      restore(repository, { snapshot, target, owners: true }),
    );
    return { tree: readTree(this.fs, target), errors };
  }

  /** Names and bytes of all files of the repository. */
  files(): Map<string, Buffer> {
    return filesBelow(this.fs, REPOSITORY);
  }

  /** Names and hashes of all files of the repository: for comparing, since a difference is shown in full. */
  hashes(): Map<string, string> {
    return new Map([...this.files()].map(([name, bytes]) => [name, sha256Hex(bytes)]));
  }
}

/** What a repository on `fs` gets in a test. */
export function portsOf(
  fs: FileSystem,
  clock: ManualClock,
  random: RandomSource,
  more: Partial<RepositoryPorts> = {},
): RepositoryPorts {
  return {
    fs,
    clock,
    host: HOST,
    random,
    log: silentLog,
    index: 'memory',
    threads: 0,
    sizes: SIZES,
    ...more,
  };
}

/** All files below `root` by relative path, in order. */
export function filesBelow(fs: FileSystem, root: string, prefix = ''): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const name of fs.readDirectory(`${root}/${prefix}`).map(String).sort()) {
    const path = prefix + name;
    const { kind, sizeBytes } = fs.lstat(`${root}/${path}`);
    if (kind === 'directory')
      for (const [below, bytes] of filesBelow(fs, root, `${path}/`)) files.set(below, bytes);
    else files.set(path, readWhole(fs, `${root}/${path}`, sizeBytes));
  }
  return files;
}

function readWhole(fs: FileSystem, path: string, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const fd = fs.open(path, 'read');
  fs.read(fd, bytes, { offset: 0, length, position: 0 });
  fs.close(fd);
  return bytes;
}

/** Packs in a fresh repository; for comparing what two ways of writing give. */
export async function packFresh(
  sources: readonly Source[],
  options: WorkbenchOptions = {},
  adviser?: StoreAdviser,
): Promise<{ bench: Workbench; result: PackResult }> {
  const bench = new Workbench(options);
  bench.build(sources);
  return { bench, result: await bench.pack(adviser === undefined ? {} : { adviser }) };
}
