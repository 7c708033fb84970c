import type { FileSystem } from '../../base/index.ts';
import type { Repository } from './repository.ts';

/** Apparent bytes of all files of the repository. */
export function repositoryBytes(repository: Repository): number {
  return treeBytes(repository.ports.fs, repository.layout.root);
}

function treeBytes(fs: FileSystem, path: string): number {
  let sum = 0;
  for (const name of fs.readDirectory(path)) {
    const child = `${path}/${name.toString()}`;
    try {
      const stat = fs.lstat(child);
      if (stat.kind === 'directory') sum += treeBytes(fs, child);
      else sum += stat.sizeBytes;
    } catch {
      // Another process finished with it between listing and looking.
    }
  }
  return sum;
}
