import type { CID } from 'multiformats/cid';
import { hasCode, PilotfishError } from '../../base/index.ts';
import { type Visited, walkTree } from '../browse/index.ts';
import { openTreeReading, type ReadAheadOptions, type TreeReading } from '../reading/index.ts';
import type { Repository } from '../session/index.ts';
import type { PathTest } from '../source/index.ts';
import type { TreeEntry } from '../tree/index.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-header.ts';

export interface TarOptions {
  /** `latest`, an id, or a unique prefix of one. */
  readonly snapshot: string;
  /** True for paths to write, with all below them; default: everything. */
  readonly isIncluded?: PathTest;
  /** How the blocks of large files are read before it is their turn; false: not at all. */
  readonly readAhead?: ReadAheadOptions | false;
  readonly signal?: AbortSignal;
}

/** Hard-link names remembered; beyond, links are written as files of their own. */
const MAX_LINKS_KEPT = 500_000;
/** Pieces of the archive, and entries left out of it, between two looks for a signal. */
const TURN_EVERY = 64;

/**
 * A snapshot as a POSIX pax archive, piece by piece: names as raw bytes, times to the nanosecond, owners by number and
 * name, extended attributes and hard links. A block that cannot be read ends the stream with its error: an archive
 * cannot take back the size it has declared.
 */
export async function* tarStream(
  repository: Repository,
  options: TarOptions,
): AsyncGenerator<Uint8Array, void> {
  const snapshot = repository.snapshots.resolve(options.snapshot);
  const reading = openTreeReading(repository.reader, repository.ports.threads, {
    extent: snapshot,
    options: options.readAhead ?? {},
  });
  try {
    yield* archive(repository, options, { root: snapshot.root, reading });
  } finally {
    await reading.close();
  }
}

async function* archive(
  repository: Repository,
  options: TarOptions,
  { root, reading }: { readonly root: CID; readonly reading: TreeReading },
): AsyncGenerator<Uint8Array, void> {
  const written = new Set<string>();
  const isMeant = includedOnly(options.isIncluded);
  const pieces = function* (): Generator<Uint8Array | undefined, void> {
    for (const visited of walkTree(root, reading.read)) {
      if (isMeant(visited)) yield* member(visited, written, reading);
      else yield undefined;
    }
    yield tarEnd();
  };
  let count = 0;
  for (const piece of pieces()) {
    if (count++ % TURN_EVERY === 0) await repository.ports.clock.turn();
    if (options.signal?.aborted)
      throw new PilotfishError('INTERRUPTED', 'interrupted: the archive is not complete');
    if (piece !== undefined) yield piece;
  }
}

function* member(visited: Visited, written: Set<string>, reading: TreeReading): Generator<Uint8Array, void> {
  const { entry } = visited;
  const { hardLink } = entry;
  if (hardLink !== undefined && written.has(key(hardLink))) {
    yield tarHeader(visited, hardLink);
    return;
  }
  yield tarHeader(visited, undefined);
  if (entry.type !== 'file') return;
  if (written.size < MAX_LINKS_KEPT) written.add(key(visited.path));
  yield* content(visited, entry, reading);
}

function* content(
  visited: Visited,
  entry: TreeEntry & { type: 'file' },
  { read, blocks }: TreeReading,
): Generator<Uint8Array, void> {
  try {
    for (const { id, length } of blocks(entry)) {
      const raw = read(id);
      if (raw.length !== length)
        throw new PilotfishError('DAMAGED', `block ${id} has another length than its file says`);
      yield raw;
    }
  } catch (error) {
    if (!hasCode(error)) throw error;
    const path = visited.path.toString();
    throw new PilotfishError(
      error.code,
      `${path}: ${error.message}; restore without --tar to get the other files`,
      { cause: error, path },
    );
  }
  yield tarPadding(entry.size);
}

/** Tells what `isIncluded` means, and everything below it, of entries given in the order of a walk. */
function includedOnly(isIncluded: PathTest | undefined): (visited: Visited) => boolean {
  let below: string | undefined;
  return ({ path, entry }) => {
    const text = key(path);
    if (below !== undefined && text.startsWith(below)) return true;
    if (isIncluded !== undefined && !isIncluded(path.toString())) return false;
    if (entry.type === 'directory') below = `${text}/`;
    return true;
  };
}

function key(path: Uint8Array): string {
  return Buffer.from(path).toString('latin1');
}
