import { dirname } from 'node:path';
import type { CID } from 'multiformats/cid';
import {
  asRepositoryError,
  errnoOf,
  exists,
  type FileSystem,
  hasCode,
  makeDirectories,
  PilotfishError,
} from '../../base/index.ts';
import { checkDepth, childPath, isStackBreak } from '../browse/index.ts';
import {
  type AheadCounts,
  openTreeReading,
  type ReadAheadOptions,
  type TreeReading,
} from '../reading/index.ts';
import { accessError } from '../repo/index.ts';
import type { Repository } from '../session/index.ts';
import { type Problem, Problems } from '../session/index.ts';
import type { PathTest } from '../source/index.ts';
import { readDirectory, type TreeEntry } from '../tree/index.ts';
import { applyAttributes, linkToFirst, writeFile } from './restore-file.ts';

export interface RestoreOptions {
  /** `latest`, an id, or a unique prefix of one. */
  readonly snapshot: string;
  /** Absolute path; made when missing. */
  readonly target: string;
  /** True for paths to restore, with all below them; default: everything. */
  readonly isIncluded?: PathTest;
  /** Write over files that are there; without it the target must be empty. */
  readonly overwrite?: boolean;
  /** Restore owners; only root can. */
  readonly owners?: boolean;
  /** How blocks are read before it is their turn; false: not at all. */
  readonly readAhead?: ReadAheadOptions | false;
  readonly onProgress?: (tally: Readonly<RestoreTally>) => void;
  readonly onProblem?: (problem: Problem) => void;
  readonly signal?: AbortSignal;
}

export interface RestoreTally {
  files: number;
  bytes: number;
}

export interface RestoreResult extends RestoreTally {
  readonly snapshot: string;
  readonly totalFiles: number;
  readonly totalBytes: number;
  /** What went wrong, the first 10 000 of it. */
  readonly errors: readonly Problem[];
  readonly errorCount: number;
  /** Whether files are missing or wrong, as opposed to what this machine cannot recreate. */
  readonly isIncomplete: boolean;
  /** Blocks read ahead and what became of them; all zero where that is off or not worth it. */
  readonly readAhead: Readonly<AheadCounts>;
}

const PROGRESS_MS = 100;

/** Restores a snapshot into a directory. Files that cannot be restored are reported; the others are. */
export async function restore(repository: Repository, options: RestoreOptions): Promise<RestoreResult> {
  const snapshot = repository.snapshots.resolve(options.snapshot);
  const reading = openTreeReading(repository.reader, repository.ports.threads, {
    extent: snapshot,
    options: options.readAhead ?? {},
  });
  const run = new RestoreRun(repository, options, reading);
  try {
    await reading.started();
    await run.run(snapshot.root);
  } finally {
    await reading.close();
  }
  const { tally, problems } = run;
  return {
    snapshot: snapshot.id,
    ...tally,
    totalFiles: snapshot.files,
    totalBytes: snapshot.bytes,
    errors: problems.list,
    errorCount: problems.count,
    isIncomplete: problems.isIncomplete,
    readAhead: { ...reading.counts },
  };
}

interface Directory {
  /** Path on this machine. */
  readonly path: Buffer;
  /** Path in the snapshot. */
  readonly relative: Buffer;
  readonly depth: number;
  readonly isIncluded: boolean;
  /** Makes the directory on this machine, and those above it, once. */
  readonly make: () => void;
}

class RestoreRun {
  readonly tally: RestoreTally = { files: 0, bytes: 0 };
  readonly problems: Problems;
  readonly #repository: Repository;
  readonly #fs: FileSystem;
  readonly #options: RestoreOptions;
  readonly #reading: TreeReading;
  #lastPauseMs: number;

  constructor(repository: Repository, options: RestoreOptions, reading: TreeReading) {
    this.#repository = repository;
    this.#fs = repository.ports.fs;
    this.#options = options;
    this.#reading = reading;
    this.problems = new Problems(options.onProblem);
    this.#lastPauseMs = repository.ports.clock.nowMs();
  }

  async run(root: CID): Promise<void> {
    const { target, overwrite, isIncluded } = this.#options;
    prepareTarget(this.#fs, target, overwrite === true);
    await this.#directory(root, {
      path: Buffer.from(target),
      relative: Buffer.alloc(0),
      depth: 0,
      isIncluded: isIncluded === undefined,
      make: () => undefined,
    });
  }

  async #directory(node: CID, directory: Directory, listed?: TreeEntry): Promise<void> {
    checkDepth(directory.depth);
    if (isStackBreak(directory.depth)) await undefined;
    try {
      for (const entry of this.#entries(node, directory, listed)) await this.#entry(entry, directory);
    } catch (error) {
      this.#note(directory.relative, error);
    }
  }

  /** Of what is not restored as a whole nothing is read ahead: it may be not restored at all. */
  #entries(node: CID, { isIncluded }: Directory, listed?: TreeEntry): Iterable<TreeEntry> {
    const { tree, read } = this.#reading;
    return isIncluded && tree !== undefined ? tree.entries(node, listed) : readDirectory(node, read);
  }

  async #entry(entry: TreeEntry, directory: Directory): Promise<void> {
    const pause = this.#pause();
    if (pause !== undefined) await pause;
    const relative = childPath(directory.relative, entry.name);
    const isIncluded = directory.isIncluded || this.#options.isIncluded?.(relative.toString()) === true;
    const path = childPath(directory.path, entry.name);
    if (entry.type === 'directory') {
      await this.#subdirectory(entry, { path, relative, isIncluded }, directory);
      return;
    }
    if (!isIncluded) return;
    try {
      directory.make();
      await this.#leaf(entry, path);
      this.tally.files += 1;
    } catch (error) {
      this.#note(relative, error);
    }
  }

  async #subdirectory(
    entry: TreeEntry & { type: 'directory' },
    at: Pick<Directory, 'path' | 'relative' | 'isIncluded'>,
    parent: Directory,
  ): Promise<void> {
    let isMade = false;
    const make = (): void => {
      if (isMade) return;
      parent.make();
      makeDirectory(this.#fs, at.path);
      isMade = true;
    };
    try {
      if (at.isIncluded) make();
    } catch (error) {
      this.#note(at.relative, error);
      return;
    }
    await this.#directory(entry.node, { ...at, depth: parent.depth + 1, make }, entry);
    if (!isMade) return;
    try {
      // Last: writing into the directory moves its mtime, and its mode may forbid writing.
      applyAttributes(this.#fs, at.path, entry, this.#options.owners === true);
    } catch (error) {
      this.#note(at.relative, error);
    }
  }

  async #leaf(entry: Exclude<TreeEntry, { type: 'directory' }>, path: Buffer): Promise<void> {
    const { overwrite, target, isIncluded, owners } = this.#options;
    if (overwrite === true) removeFile(this.#fs, path);
    const fs = this.#fs;
    switch (entry.type) {
      case 'file':
        if (linkToFirst(fs, entry, { path, target: Buffer.from(target), isIncluded })) return;
        await writeFile(fs, entry, { path, ...this.#reading, pause: () => this.#pause() });
        this.tally.bytes += entry.size;
        break;
      case 'symlink':
        fs.symlink(Buffer.from(entry.target), path);
        break;
      case 'fifo':
        fs.makeNode(path, { kind: 'fifo', mode: 0o600, deviceNumber: 0n });
        break;
      default:
        fs.makeNode(path, { kind: entry.type, mode: 0o600, deviceNumber: entry.deviceNumber });
    }
    applyAttributes(fs, path, entry, owners === true);
  }

  /** Notes what concerns one path; what concerns the whole run is thrown on. */
  #note(relative: Buffer, error: unknown): void {
    const errno = errnoOf(error);
    if (errno === 'ENOSPC' || errno === 'EDQUOT') throw asRepositoryError(error, this.#options.target);
    if (hasCode(error, 'INTERNAL', 'INTERRUPTED', 'NO_SPACE') || (errno === undefined && !hasCode(error)))
      throw error;
    if (hasCode(error)) this.problems.add(relative, error.code, error.message);
    else if (errno === 'EEXIST')
      this.problems.add(relative, 'EXISTS', 'something is there already: use --overwrite');
    else if (errno === 'ENOTSUP' || errno === 'EPERM') {
      this.problems.add(relative, 'UNSUPPORTED', `it cannot be recreated here (${errno})`);
    } else this.problems.add(relative, 'IO', `it cannot be written (${errno})`);
  }

  #pause(): Promise<void> | undefined {
    const { clock } = this.#repository.ports;
    const nowMs = clock.nowMs();
    if (nowMs - this.#lastPauseMs < PROGRESS_MS) return undefined;
    this.#lastPauseMs = nowMs;
    this.#options.onProgress?.(this.tally);
    return clock.turn().then(() => this.#throwIfInterrupted());
  }

  #throwIfInterrupted(): void {
    if (this.#options.signal?.aborted) {
      throw new PilotfishError('INTERRUPTED', 'interrupted: what was restored so far is left in the target');
    }
  }
}

/** The target: made when missing, refused when something is in it. */
function prepareTarget(fs: FileSystem, target: string, overwrite: boolean): void {
  try {
    if (!exists(fs, target)) {
      makeDirectories(fs, dirname(target));
      fs.makeDirectory(target, 0o700);
      return;
    }
    const names = fs.readDirectory(target);
    if (overwrite || names.length === 0) return;
  } catch (error) {
    const denied = accessError(error, target);
    if (denied !== undefined) throw denied;
    throw new PilotfishError(
      'EXISTS',
      `${target} cannot be restored into: give a directory that is empty or new`,
      { cause: error },
    );
  }
  throw new PilotfishError(
    'EXISTS',
    `${target} is not empty: restore into an empty or new directory, or use --overwrite`,
  );
}

/** Only a real directory will do: a link there, ours or anyone's, could lead out of the target. */
function makeDirectory(fs: FileSystem, path: Buffer): void {
  try {
    fs.makeDirectory(path, 0o700);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    if (fs.lstat(path).kind !== 'directory') {
      throw new PilotfishError('EXISTS', 'something that is no directory is there: move it away');
    }
  }
}

function removeFile(fs: FileSystem, path: Buffer): void {
  if (!exists(fs, path)) return;
  if (fs.lstat(path).kind === 'directory')
    throw new PilotfishError('EXISTS', 'a directory is there: move it away');
  fs.unlink(path);
}
