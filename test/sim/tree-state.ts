import {
  errnoOf,
  type FileKind,
  type FileStat,
  type FileSystem,
  type FsPath,
  readSmallFile,
  sha256Hex,
} from '../../src/base/index.ts';

/** All of an entry that a backup has to bring back. */
export interface EntryState {
  readonly kind: FileKind;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  /** `name=hex`, in name order. */
  readonly xattrs: readonly string[];
  readonly sizeBytes?: number;
  readonly sha256?: string;
  /** Of a symbolic link, latin1. */
  readonly target?: string;
  readonly deviceNumber?: bigint;
  /** The first of the paths that share the inode, where there is more than one. */
  readonly sameAs?: string;
}

/** By raw relative path, one latin1 character per byte, in byte order. Without the root itself. */
export type TreeState = Map<string, EntryState>;

const READ_LIMIT_BYTES = 2 ** 31;

function xattrsOf(fs: FileSystem, path: FsPath): string[] {
  try {
    return fs
      .listXattrs(path)
      .map(({ name, value }) => `${name.toString('latin1')}=${value.toString('hex')}`);
  } catch (error) {
    if (errnoOf(error) === 'ENOTSUP') return [];
    throw error;
  }
}

function contentOf(fs: FileSystem, path: FsPath, stat: FileStat): Partial<EntryState> {
  switch (stat.kind) {
    case 'file':
      return { sizeBytes: stat.sizeBytes, sha256: sha256Hex(readSmallFile(fs, path, READ_LIMIT_BYTES)) };
    case 'symlink':
      return { target: fs.readLink(path).toString('latin1') };
    case 'character-device':
    case 'block-device':
      return { deviceNumber: stat.deviceNumber };
    default:
      return {};
  }
}

/** One walk over a tree. */
class Reader {
  readonly state: TreeState = new Map();
  readonly #fs: FileSystem;
  readonly #groups = new Map<string, string[]>();

  constructor(fs: FileSystem) {
    this.#fs = fs;
  }

  read(directory: FsPath, prefix: string): void {
    const names = this.#fs.readDirectory(directory).sort(Buffer.compare);
    for (const name of names) {
      const path = Buffer.concat([Buffer.from(directory), Buffer.from('/'), name]);
      this.#entry(path, prefix + name.toString('latin1'));
    }
  }

  /** Names the groups of hard links, once all names are known. */
  group(): TreeState {
    for (const paths of this.#groups.values()) {
      const [first] = paths.sort();
      if (first === undefined || paths.length < 2) continue;
      for (const path of paths)
        this.state.set(path, { ...(this.state.get(path) as EntryState), sameAs: first });
    }
    return this.state;
  }

  #entry(path: Buffer, key: string): void {
    const stat = this.#fs.lstat(path);
    const { kind, mode, uid, gid, mtimeNs } = stat;
    const xattrs = xattrsOf(this.#fs, path);
    this.state.set(key, { kind, mode, uid, gid, mtimeNs, xattrs, ...contentOf(this.#fs, path, stat) });
    if (kind === 'directory') this.read(path, `${key}/`);
    else if (stat.links > 1) {
      const group = `${stat.device}/${stat.inode}`;
      this.#groups.set(group, [...(this.#groups.get(group) ?? []), key]);
    }
  }
}

/** Describes all there is below `root`, comparable by `deepEqual`. */
export function readTree(fs: FileSystem, root: FsPath): TreeState {
  const reader = new Reader(fs);
  reader.read(root, '');
  return reader.group();
}

const near = (a: unknown, b: unknown, tolerance: bigint): boolean =>
  typeof a === 'bigint' && typeof b === 'bigint' && (a > b ? a - b : b - a) <= tolerance;

/** A line for each thing that differs; times may be `toleranceNs` apart (Node sets them to a microsecond). */
export function treeDifferences(expected: TreeState, actual: TreeState, toleranceNs = 1000n): string[] {
  const lines: string[] = [];
  for (const [path, was] of expected) {
    const is = actual.get(path);
    if (is === undefined) lines.push(`${path}: missing`);
    else lines.push(...entryDifferences(was, is, toleranceNs).map((line) => `${path}: ${line}`));
  }
  for (const path of actual.keys()) if (!expected.has(path)) lines.push(`${path}: not expected`);
  return lines;
}

function entryDifferences(was: EntryState, is: EntryState, toleranceNs: bigint): string[] {
  const fields = new Set([...Object.keys(was), ...Object.keys(is)]) as Set<keyof EntryState>;
  return [...fields]
    .filter((field) => String(was[field]) !== String(is[field]))
    .filter((field) => field !== 'mtimeNs' || !near(was[field], is[field], toleranceNs))
    .map((field) => `${field} was ${String(was[field])}, is ${String(is[field])}`);
}
