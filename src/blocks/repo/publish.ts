import { asRepositoryError, type FileSystem, writeAll } from '../../base/index.ts';

/**
 * Makes a small file appear complete or not at all: temporary name, fsync, rename, fsync of the directory. The
 * rename is the moment it exists; after the last fsync it survives a power cut.
 */
export function publish(fs: FileSystem, bytes: Uint8Array, paths: { temporary: string; final: string }): void {
  try {
    const fd = fs.open(paths.temporary, 'create');
    try {
      writeAll(fs, fd, bytes, 0);
      fs.fsync(fd);
    } finally {
      fs.close(fd);
    }
    fs.rename(paths.temporary, paths.final);
    fs.fsyncDirectory(paths.final.slice(0, paths.final.lastIndexOf('/')));
  } catch (error) {
    throw asRepositoryError(error, paths.final);
  }
}
