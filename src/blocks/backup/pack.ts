import type { CID } from 'multiformats/cid';
import {
  type FileSystem,
  hasCode,
  makeDirectories,
  must,
  PilotfishError,
  sha256Hex,
} from '../../base/index.ts';
import { Chunker } from '../chunk/index.ts';
import type { StoreAdviser } from '../questions.ts';
import { leftovers, removeQuietly, type StoredSnapshot, temporaryWriter } from '../repo/index.ts';
import { BlockOutput, type Problem, Problems, type Repository, repositoryBytes } from '../session/index.ts';
import { cacheWriter, Owners, type PathTest, UnchangedReader, UnchangedWriter } from '../source/index.ts';
import type { BlockWriter, Surroundings } from '../store/index.ts';
import { DirectoryWriter, type PutNode } from '../tree/index.ts';
import { Walker, type WalkTally } from './pack-walk.ts';
import { StreamSource } from './stream-source.ts';

export interface PackOptions {
  /** Absolute paths. One directory: its entries are the root. Otherwise each appears under its base name. */
  readonly paths: readonly Buffer[];
  /** True for paths (relative to the root) to leave out. */
  readonly isExcluded?: PathTest;
  /** Stay on the file system of each path given. */
  readonly oneFileSystem?: boolean;
  readonly tags?: readonly string[];
  /** Host name to note; default: this machine's. */
  readonly host?: string;
  /** Do everything but write. */
  readonly dryRun?: boolean;
  /** Trust nothing: read every file, also those that look unchanged, and every stored block they need. */
  readonly readAll?: boolean;
  /** Store a stream as one file instead of paths. */
  readonly stream?: { readonly name: string; readonly bytes: AsyncIterable<Uint8Array> };
  readonly adviser?: StoreAdviser;
  /** What the adviser is told of the link and the machine. */
  readonly surroundings?: Surroundings;
  readonly onProgress?: (tally: Readonly<WalkTally>) => void;
  readonly onProblem?: (problem: Problem) => void;
  readonly signal?: AbortSignal;
}

export interface PackResult {
  /** Undefined after a dry run. */
  readonly snapshot: string | undefined;
  readonly root: CID;
  readonly files: number;
  readonly directories: number;
  readonly unchangedFiles: number;
  readonly bytes: number;
  readonly bytesRead: number;
  /** Growth of the whole repository directory. */
  readonly bytesStored: number;
  readonly blocks: number;
  readonly newBlocks: number;
  readonly deltaBlocks: number;
  /** Bases tried, and those of them whose delta was not worth storing. */
  readonly deltasTried: number;
  readonly deltasUseless: number;
  readonly groupedFiles: number;
  readonly codecs: Readonly<Record<string, { blocks: number; bytes: number }>>;
  /** What went wrong, the first 10 000 of it. */
  readonly errors: readonly Problem[];
  readonly errorCount: number;
  /** Whether files are missing or doubtful (exit code 3). */
  readonly isIncomplete: boolean;
}

/**
 * Stores paths as a new snapshot. Packs are durable before the snapshot is published, and that is the one commit
 * point: killed before it, nothing has happened but leftovers in `tmp/` and packs nobody refers to yet.
 */
export async function pack(repository: Repository, options: PackOptions): Promise<PackResult> {
  const run = new PackRun(repository, options);
  try {
    return await run.run();
  } finally {
    await run.close();
  }
}

const PROGRESS_MS = 100;

class PackRun {
  readonly #repository: Repository;
  readonly #options: PackOptions;
  readonly #problems: Problems;
  readonly #output: BlockOutput;
  readonly #writer: BlockWriter;
  readonly #tally: WalkTally = { files: 0, directories: 0, bytesRead: 0, unchangedFiles: 0, bytes: 0 };
  readonly #startBytes: number;
  #cache: UnchangedWriter | undefined;
  #unchanged: UnchangedReader | undefined;
  #lastPauseMs: number;

  constructor(repository: Repository, options: PackOptions) {
    this.#repository = repository;
    this.#options = options;
    this.#problems = new Problems(options.onProblem);
    this.#startBytes = repositoryBytes(repository);
    this.#lastPauseMs = repository.ports.clock.nowMs();
    this.#output = new BlockOutput(repository, {
      isStored: (id) => repository.packs.holds(id) && this.#isReadable(id),
      adviser: options.adviser,
      surroundings: options.surroundings,
      dryRun: options.dryRun,
    });
    this.#writer = this.#output.writer;
  }

  async run(): Promise<PackResult> {
    const { tmp } = this.#repository.layout;
    if (this.#options.dryRun !== true) removeLeftovers(this.#repository, tmp, temporaryWriter);
    this.#openCaches();
    const root = await this.#storeRoot();
    await this.#writer.finish();
    // The last chance for a signal: after the commit there is nothing to interrupt.
    await this.#repository.ports.clock.turn();
    this.#throwIfInterrupted();
    const snapshot = this.#options.dryRun === true ? undefined : this.#commit(root);
    return this.#result(root, snapshot);
  }

  async close(): Promise<void> {
    // None of these throws: what the run came to is what the caller hears.
    this.#cache?.abandon();
    this.#unchanged?.close();
    await this.#output.close();
  }

  async #storeRoot(): Promise<CID> {
    const { repository, putNode } = { repository: this.#repository, putNode: this.#nodePutter() };
    const { fs, clock } = repository.ports;
    const walker = new Walker({
      fs,
      clock,
      writer: this.#writer,
      chunker: new Chunker(repository.config.averageBlockBytes, repository.sealer.gearSeed),
      putNode,
      owners: new Owners(fs),
      problems: this.#problems,
      readBlock: (id) => repository.reader.read(id),
      unchanged: this.#unchanged,
      cache: this.#cache,
      isExcluded: this.#options.isExcluded ?? (() => false),
      isSelf: (stat) => repository.isSelf(stat),
      oneFileSystem: this.#options.oneFileSystem ?? false,
      pause: () => this.#pause(),
      tally: this.#tally,
    });
    const { stream, paths } = this.#options;
    if (stream !== undefined) return this.#storeStream(walker, stream, putNode);
    const only = paths.length === 1 ? must(paths[0], 'one path') : undefined;
    if (only !== undefined) {
      const stat = statSource(fs, only);
      if (repository.isSelf(stat)) {
        throw new PilotfishError(
          'USAGE',
          'a repository cannot store itself: pack something else, or give another --repo',
        );
      }
      if (stat.kind === 'directory') return walker.directory(only, Buffer.alloc(0), stat.device);
    }
    return this.#storePaths(walker, paths, putNode);
  }

  async #storePaths(walker: Walker, paths: readonly Buffer[], putNode: PutNode): Promise<CID> {
    const named = paths
      .map((path) => ({ path, name: baseName(path) }))
      .sort((a, b) => Buffer.compare(a.name, b.name));
    const directory = new DirectoryWriter(putNode);
    let last: Buffer | undefined;
    let isEmpty = true;
    for (const { path, name } of named) {
      if (last?.equals(name)) {
        throw new PilotfishError(
          'USAGE',
          `two paths are named ${name.toString()}: pack them one by one or from the directory above`,
        );
      }
      last = name;
      statSource(this.#repository.ports.fs, path);
      const entry = await walker.root(path, name);
      if (entry !== undefined) {
        directory.add(entry);
        isEmpty = false;
      }
    }
    if (isEmpty && this.#problems.count > 0) {
      throw new PilotfishError(
        'UNREADABLE',
        'nothing could be read of what was named: no snapshot is made of it',
      );
    }
    return directory.finish();
  }

  async #storeStream(
    walker: Walker,
    stream: NonNullable<PackOptions['stream']>,
    putNode: PutNode,
  ): Promise<CID> {
    const source = new StreamSource(stream.bytes, this.#options.signal);
    const directory = new DirectoryWriter(putNode);
    const timeMs = this.#repository.ports.clock.nowMs();
    directory.add(await walker.stream(Buffer.from(stream.name), source, timeMs));
    return directory.finish();
  }

  /** Nodes have a chunker of their own: a file's bytes may stand half read in the other one. */
  #nodePutter(): PutNode {
    const chunker = new Chunker(this.#repository.config.averageBlockBytes, this.#repository.sealer.gearSeed);
    const context = { fileKind: 0, nameClass: 0, fileOffsetBytes: 0, fileNumber: 0, isTree: true };
    return (bytes) => this.#writer.put(chunker.whole(bytes), context);
  }

  #commit(root: CID): StoredSnapshot {
    const { ports, config } = this.#repository;
    const { paths, stream } = this.#options;
    const snapshot = this.#repository.publishSnapshot({
      version: 1,
      root,
      timeMs: ports.clock.nowMs(),
      host: this.#options.host ?? ports.host.name,
      tags: [...(this.#options.tags ?? [])],
      paths: stream === undefined ? paths : [],
      files: this.#tally.files,
      bytes: this.#tally.bytes,
      errors: this.#problems.count,
    });
    quietly(() => {
      this.#cache?.finish({ repositoryId: config.id, snapshotId: snapshot.id });
      this.#cache = undefined;
    });
    return snapshot;
  }

  /** The skip-unchanged cache of this set of paths; without a cache directory there is none. */
  #openCaches(): void {
    const { ports, config, snapshots, lock, sealer, packs } = this.#repository;
    const { cacheDirectory, fs } = ports;
    if (cacheDirectory === undefined || this.#options.stream !== undefined || this.#options.dryRun === true)
      return;
    const name = sha256Hex(
      Buffer.concat([Buffer.from(config.id), ...this.#options.paths.flatMap((path) => [NUL, path])]),
    );
    const file = `${name.slice(0, 32)}.unchanged`;
    const path = `${cacheDirectory}/${file}`;
    quietly(() => {
      makeDirectories(fs, cacheDirectory);
      removeLeftovers(this.#repository, cacheDirectory, (left) => cacheWriter(file, left));
      const reader = new UnchangedReader(fs, path);
      const { header } = reader;
      // What the cache says is stored is certainly stored only as long as the snapshot it was made for exists.
      const isValid =
        header?.repositoryId === config.id && snapshots.diskIds().includes(sealer.diskId(header.snapshotId));
      if (isValid && this.#options.readAll !== true && !packs.hasLosses) this.#unchanged = reader;
      else reader.close();
      this.#cache = new UnchangedWriter(fs, path, lock.writerId);
    });
  }

  /** With `readAll`, or once packs are known to be lost: a stored block that does not read back is stored again. */
  #isReadable(id: string): boolean {
    const { packs, reader } = this.#repository;
    if (this.#options.readAll !== true && !packs.hasLosses) return true;
    try {
      reader.read(id);
      return true;
    } catch (error) {
      if (!hasCode(error) || hasCode(error, 'INTERNAL')) throw error;
      return false;
    }
  }

  /** Every 100 ms: progress, and a turn for signals and timers. */
  #pause(): Promise<void> | undefined {
    const { clock } = this.#repository.ports;
    const nowMs = clock.nowMs();
    if (nowMs - this.#lastPauseMs < PROGRESS_MS) return undefined;
    this.#lastPauseMs = nowMs;
    this.#options.onProgress?.(this.#tally);
    return clock.turn().then(() => this.#throwIfInterrupted());
  }

  #throwIfInterrupted(): void {
    if (this.#options.signal?.aborted) {
      throw new PilotfishError(
        'INTERRUPTED',
        'interrupted: nothing was committed; run the command again to go on',
      );
    }
  }

  #result(root: CID, snapshot: StoredSnapshot | undefined): PackResult {
    const { counters, storedBytes } = this.#writer;
    const grown = repositoryBytes(this.#repository) - this.#startBytes;
    return {
      snapshot: snapshot?.id,
      root,
      ...this.#tally,
      bytesStored: this.#options.dryRun === true ? storedBytes : grown,
      blocks: counters.references,
      newBlocks: counters.newBlocks,
      deltaBlocks: counters.deltaBlocks,
      deltasTried: counters.deltasTried,
      deltasUseless: counters.deltasUseless,
      groupedFiles: counters.groupedFiles,
      codecs: counters.codecs,
      errors: this.#problems.list,
      errorCount: this.#problems.count,
      isIncomplete: this.#problems.isIncomplete,
    };
  }
}

const NUL = Buffer.from([0]);

/** Removes temporary files whose writer is certainly gone. */
function removeLeftovers(
  { ports, layout }: Repository,
  directory: string,
  writerOf: (name: string) => string | undefined,
): void {
  quietly(() => {
    const names = leftovers({ ...ports, layout }, directory, writerOf);
    for (const name of names) removeQuietly(ports.fs, `${directory}/${name}`);
  });
}

/** For what the run does not depend on: caches and leftovers. */
function quietly(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (hasCode(error, 'INTERNAL')) throw error;
  }
}

function statSource(fs: FileSystem, path: Buffer) {
  try {
    return fs.lstat(path);
  } catch (error) {
    throw new PilotfishError('UNREADABLE', `${path.toString()} cannot be read: check the path`, {
      cause: error,
      path: path.toString(),
    });
  }
}

function baseName(path: Buffer): Buffer {
  const name = path.subarray(path.lastIndexOf(0x2f) + 1);
  if (name.length === 0)
    throw new PilotfishError('USAGE', 'the root directory has no name to appear under: pack it alone');
  return name;
}
