// Where the benchmark keeps things: one folder that git, lint and the other tools do not look into.
import { lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/process.ts';

export const defaultWorkplace = join(root, '.bench');

/** The places below the workplace. Sets stay; everything under `run` is thrown away again and again. */
export interface Folders {
  readonly sets: string;
  readonly downloads: string;
  readonly installed: string;
  readonly run: string;
  readonly reports: string;
}

/** Makes the workplace and what it holds. */
export function makeFolders(workplace: string, runFolder?: string): Folders {
  const at = (name: string): string => join(workplace, name);
  const folders = {
    sets: at('sets'),
    downloads: at('downloads'),
    installed: at('installed'),
    run: runFolder === undefined ? at('run') : join(runFolder, 'pilotfish-bench'),
    reports: at('reports'),
  };
  for (const path of Object.values(folders)) mkdirSync(path, { recursive: true });
  writeFileSync(at('.gitignore'), '*\n');
  return folders;
}

/** Removes whatever lies there. */
export function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** An empty folder at the path, whatever lay there before. */
export function emptyFolder(path: string): string {
  remove(path);
  mkdirSync(path, { recursive: true });
  return path;
}

/**
 * Apparent bytes of all files at and below a path. The folders themselves are left out for every tool alike: what
 * they take depends on the file system.
 */
export function storedBytes(path: string): number {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + storedBytes(join(path, name)), 0);
}
