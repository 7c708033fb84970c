import type { FileSystem } from '../../base/index.ts';
import type { Repository } from './repository.ts';

/** Apparent bytes of all files of the repository. */
export function repositoryBytes(repository: Repository): number {
  return directoryBytes(repository.ports.fs, repository.layout.root);
}

/** Apparent bytes of all files below a directory; 0 when there is none. */
export function directoryBytes(fs: FileSystem, path: string): number {
  let sum = 0;
  try {
    for (const name of fs.readDirectory(path)) sum += entryBytes(fs, `${path}/${name.toString()}`);
  } catch {
    // A figure for people: what depends on the directory finds out by itself that it cannot be listed.
  }
  return sum;
}

function entryBytes(fs: FileSystem, path: string): number {
  try {
    const stat = fs.lstat(path);
    return stat.kind === 'directory' ? directoryBytes(fs, path) : stat.sizeBytes;
  } catch {
    // Another process finished with it between listing and looking.
    return 0;
  }
}
