import { PilotfishError } from '../../base/index.ts';
import { openTreeReading, type ReadAheadOptions } from '../reading/index.ts';
import type { Repository } from '../session/index.ts';
import { type FileBlock, fileBlocks, type TreeEntry } from '../tree/index.ts';
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

/** How the content of a file is read. */
export interface ContentOptions {
  /** How blocks are read before it is their turn; false: not at all. */
  readonly readAhead?: ReadAheadOptions | false;
}

/** The bytes of one file of a snapshot, block by block. Throws USAGE when it is no file. */
export function* fileContent(
  repository: Repository,
  snapshot: string,
  path: Buffer,
  options: ContentOptions = {},
): Generator<Uint8Array, void> {
  const file = fileAt(repository, snapshot, path);
  const { read, blocks, close } = openTreeReading(repository.reader, repository.ports.threads, {
    extent: { files: 1, bytes: file.size },
    options: options.readAhead ?? {},
  });
  try {
    for (const { id } of blocks(file)) yield read(id);
  } finally {
    // Nothing waits for the thread to end: it holds no file and no lock.
    void close();
  }
}

/** The data blocks of one file of a snapshot in order. Throws USAGE when it is no file. */
export function blocksOfFile(
  repository: Repository,
  snapshot: string,
  path: Buffer,
): Generator<FileBlock, void> {
  return fileBlocks(fileAt(repository, snapshot, path), (id) => repository.reader.read(id));
}

function fileAt(repository: Repository, snapshot: string, path: Buffer): TreeEntry & { type: 'file' } {
  const { root } = repository.snapshots.resolve(snapshot);
  const entry = findEntry(root, path, (id) => repository.reader.read(id));
  if (entry?.type === 'file') return entry;
  throw new PilotfishError(
    'USAGE',
    `${path.toString()} is no file in this snapshot: see \`pilotfish ls SNAPSHOT\``,
  );
}
