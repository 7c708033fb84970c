import {
  asRepositoryError,
  errnoOf,
  exists,
  type FileSystem,
  PilotfishError,
  writeAll,
} from '../../base/index.ts';

/** The file under its temporary name, and the name it is to have. */
export interface PublishPaths {
  readonly temporary: string;
  readonly final: string;
}

/**
 * Makes a small file appear complete or not at all: temporary name, fsync, rename, fsync of the directory. The
 * rename is the moment it exists; after the last fsync it survives a power cut.
 */
export function publish(fs: FileSystem, bytes: Uint8Array, paths: PublishPaths): void {
  publishBy(fs, bytes, paths, () => fs.rename(paths.temporary, paths.final));
}

/** As `publish`, but throws EXISTS when the name is taken, by whichever process was first. */
export function publishOnce(fs: FileSystem, bytes: Uint8Array, paths: PublishPaths): void {
  publishBy(fs, bytes, paths, () => linkInto(fs, paths));
}

function publishBy(
  fs: FileSystem,
  bytes: Uint8Array,
  { temporary, final }: PublishPaths,
  place: () => void,
): void {
  try {
    const fd = fs.open(temporary, 'create');
    try {
      writeAll(fs, fd, bytes, 0);
      fs.fsync(fd);
    } finally {
      fs.close(fd);
    }
    place();
    fs.fsyncDirectory(final.slice(0, final.lastIndexOf('/')));
  } catch (error) {
    removeQuietly(fs, temporary);
    throw asRepositoryError(error, final);
  }
}

/** What FAT and some network file systems answer to a hard link. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES'];

/** A rename would replace what another process has just put there; a link does not. */
function linkInto(fs: FileSystem, { temporary, final }: PublishPaths): void {
  try {
    fs.link(temporary, final);
  } catch (error) {
    if (exists(fs, final))
      throw new PilotfishError('EXISTS', `${final} was made by another process: use that one`);
    if (!NO_LINKS.includes(errnoOf(error) ?? '')) throw error;
    fs.rename(temporary, final);
  }
  removeQuietly(fs, temporary);
}

/**
 * Removes a file that is of no use any more and on a full device would keep the space: one that will not be finished,
 * a lock, a cache. Where it stays, whoever is next removes it or makes do.
 */
export function removeQuietly(fs: FileSystem, path: string): void {
  try {
    fs.unlink(path);
  } catch {
    // Not there, or not ours to remove.
  }
}
