import { makeDirectories } from '../../src/base/index.ts';
import { Layout } from '../../src/blocks/repo/layout.ts';
import { SimFileSystem } from '../sim/disk.ts';
import { writeFile } from '../sim/tree.ts';

/** A parser of stored bytes. */
export interface Target {
  readonly name: string;
  /** Bytes to begin from; the first ones parse. */
  readonly samples: readonly Buffer[];
  readonly parse: (bytes: Buffer) => unknown;
}

export const layout = new Layout('/repository');

/** A disk with a repository's directories and one file. */
export function withFile(path: string, bytes: Uint8Array): SimFileSystem {
  const fs = new SimFileSystem();
  for (const directory of layout.directories) makeDirectories(fs, directory);
  writeFile(fs, path, bytes);
  return fs;
}
