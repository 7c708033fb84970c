import type { FileSystem } from '../../base/index.ts';
import type { PathTest } from '../source/index.ts';

/** How much there is to store, as far as it has been counted. */
export interface SourceCount {
  readonly files: number;
  /** Sum of file sizes. */
  readonly bytes: number;
}

export interface CountOptions {
  /** The same as for `pack`. */
  readonly paths: readonly Buffer[];
  readonly isExcluded?: PathTest;
  readonly oneFileSystem?: boolean;
  /** A directory that is never entered: the repository itself. */
  readonly ownPath?: Buffer;
}

interface Place {
  readonly path: Buffer;
  /** Path from the root, which excludes are about. */
  readonly relative: Buffer;
  /** The device to stay on; undefined where any will do. */
  readonly device: bigint | undefined;
}

const SLASH = Buffer.from('/');
const EMPTY = Buffer.alloc(0);

/**
 * Counts the files a `pack` of the same options would meet, without reading any: for percent and time left. Yields
 * the running sums after every file and directory, so that the caller decides how much of it runs between other
 * work. What cannot be read counts as nothing: `pack` reports it.
 */
export function* countSource(fs: FileSystem, options: CountOptions): Generator<SourceCount, SourceCount> {
  const sums = { files: 0, bytes: 0 };
  const isAlone = options.paths.length === 1;
  for (const path of options.paths) {
    const isRoot = isAlone && quietly(() => fs.lstat(path))?.kind === 'directory';
    // One directory given alone is the root itself; anything else appears in the root under its own name.
    const relative = isRoot ? EMPTY : path.subarray(path.lastIndexOf(0x2f) + 1);
    for (const bytes of sizes(fs, { path, relative, device: undefined }, options)) {
      if (bytes !== undefined) sums.files += 1;
      sums.bytes += bytes ?? 0;
      yield sums;
    }
  }
  return sums;
}

/** The size of each file at and below a path; undefined stands for a directory. */
function* sizes(fs: FileSystem, at: Place, options: CountOptions): Generator<number | undefined, void> {
  if (at.relative.length > 0 && options.isExcluded?.(at.relative.toString()) === true) return;
  const stat = quietly(() => fs.lstat(at.path));
  if (stat?.kind === 'file') yield stat.sizeBytes;
  if (stat?.kind !== 'directory' || options.ownPath?.equals(at.path) === true) return;
  yield undefined;
  if (at.device !== undefined && stat.device !== at.device) return;
  const device = options.oneFileSystem === true ? stat.device : undefined;
  for (const name of quietly(() => fs.readDirectory(at.path)) ?? []) {
    const relative = at.relative.length === 0 ? name : join(at.relative, name);
    yield* sizes(fs, { path: join(at.path, name), relative, device }, options);
  }
}

function join(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, SLASH, name]);
}

function quietly<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    // Gone or forbidden: it counts as nothing here and is reported by `pack` itself.
    return undefined;
  }
}
