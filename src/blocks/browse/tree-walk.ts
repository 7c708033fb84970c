import type { CID } from 'multiformats/cid';
import { PilotfishError } from '../../base/index.ts';
import { type ReadBlock, readDirectory, type TreeEntry } from '../tree/index.ts';

/** One entry of a snapshot with its path from the root, raw bytes joined by `/`. */
export interface Visited {
  readonly path: Buffer;
  readonly entry: TreeEntry;
}

const SLASH = Buffer.from('/');
const EMPTY = Buffer.alloc(0);
/** Deeper than any path a kernel takes. */
const MAX_DIRECTORY_DEPTH = 2048;
const STACK_BREAK_LEVELS = 128;

/** The path of a name below a directory of the snapshot; the root is the empty path. */
export function childPath(directory: Buffer, name: Uint8Array): Buffer {
  return directory.length === 0 ? Buffer.from(name) : Buffer.concat([directory, SLASH, name]);
}

/** All entries below a directory node, parents before children, in name order. */
export function* walkTree(
  node: CID,
  read: ReadBlock,
  directory: Buffer = EMPTY,
  depth = 0,
): Generator<Visited, void> {
  checkDepth(depth);
  for (const entry of readDirectory(node, read)) {
    const path = childPath(directory, entry.name);
    yield { path, entry };
    if (entry.type === 'directory') yield* walkTree(entry.node, read, path, depth + 1);
  }
}

export function checkDepth(depth: number): void {
  if (depth > MAX_DIRECTORY_DEPTH) {
    throw new PilotfishError(
      'LIMIT',
      `directories are nested deeper than ${MAX_DIRECTORY_DEPTH}: the repository is forged`,
    );
  }
}

/**
 * Whether a walk has to `await` at this depth. Until the first real wait async calls nest on one stack, which ends
 * after some 1500 directories; what goes on after a wait begins with an empty one.
 */
export function isStackBreak(depth: number): boolean {
  return depth % STACK_BREAK_LEVELS === STACK_BREAK_LEVELS - 1;
}

/** The entry at a path of a snapshot; undefined for the root itself. Throws USAGE when there is none. */
export function findEntry(root: CID, path: Buffer, read: ReadBlock): TreeEntry | undefined {
  let node = root;
  let found: TreeEntry | undefined;
  for (const name of path
    .toString('latin1')
    .split('/')
    .filter((part) => part !== '' && part !== '.')) {
    if (found !== undefined && found.type !== 'directory') throw noSuchPath(path);
    found = undefined;
    for (const entry of readDirectory(node, read)) {
      if (Buffer.from(entry.name).toString('latin1') !== name) continue;
      found = entry;
      break;
    }
    if (found === undefined) throw noSuchPath(path);
    if (found.type === 'directory') node = found.node;
  }
  return found;
}

function noSuchPath(path: Buffer): PilotfishError {
  return new PilotfishError('USAGE', `the snapshot has no ${path.toString()}: see \`pilotfish ls SNAPSHOT\``);
}
