import { PilotfishError } from '../../base/index.ts';
import type { Repository } from '../session/index.ts';
import { fileBlocks, type TreeEntry } from '../tree/index.ts';
import { findEntry, type Visited, walkTree } from './tree-walk.ts';

/** The entries of a snapshot, or those at and below one path of it. Throws NO_SNAPSHOT, USAGE, DAMAGED. */
export function* listSnapshot(
  repository: Repository,
  snapshot: string,
  path = Buffer.alloc(0),
): Generator<Visited, void> {
  const { root } = repository.snapshots.resolve(snapshot);
  const read = (id: string) => repository.reader.read(id);
  const at = findEntry(root, path, read);
  if (at === undefined) {
    yield* walkTree(root, read);
    return;
  }
  yield { path, entry: at };
  if (at.type === 'directory') yield* walkTree(at.node, read, path);
}

/** The bytes of one file of a snapshot, block by block. Throws USAGE when it is no file. */
export function* fileContent(
  repository: Repository,
  snapshot: string,
  path: Buffer,
): Generator<Uint8Array, void> {
  const { root } = repository.snapshots.resolve(snapshot);
  const read = (id: string) => repository.reader.read(id);
  const entry: TreeEntry | undefined = findEntry(root, path, read);
  if (entry?.type !== 'file') {
    throw new PilotfishError(
      'USAGE',
      `${path.toString()} is no file in this snapshot: see \`pilotfish ls SNAPSHOT\``,
    );
  }
  for (const { id } of fileBlocks(entry, read)) yield read(id);
}
