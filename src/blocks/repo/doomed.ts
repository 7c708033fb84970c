import { asRepositoryError, errnoOf, type FileSystem, readSmallFile } from '../../base/index.ts';
import type { Layout } from './layout.ts';
import { publish, removeTemporary } from './publish.ts';

/**
 * Packs that are replaced but may not be deleted yet. The file's appearance is what replaces them: from then on
 * nobody reads, counts or refers to a pack it names, so that deleting them one by one has no half-way state.
 */
export interface Doomed {
  readonly packs: readonly string[];
  /** When they were replaced. */
  readonly sinceMs: number;
}

const MAX_DOOMED_BYTES = 64 * 1024 * 1024;
const NONE: Doomed = { packs: [], sinceMs: 0 };

/**
 * The doomed packs; none when the file is absent or does not parse, which keeps everything. A file that cannot be
 * read this once is neither: who took the packs for living might refer to them, and the next `prune` deletes them.
 */
export function readDoomed(fs: FileSystem, layout: Layout): Doomed {
  let bytes: Buffer;
  try {
    bytes = readSmallFile(fs, layout.doomed, MAX_DOOMED_BYTES);
  } catch (error) {
    // Absent in most repositories.
    if (errnoOf(error) === 'ENOENT') return NONE;
    throw asRepositoryError(error, layout.doomed);
  }
  return parseDoomed(bytes);
}

function parseDoomed(bytes: Buffer): Doomed {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as Doomed;
    const legal =
      Array.isArray(value.packs) &&
      value.packs.every((name) => /^[0-9a-f]{64}$/.test(name)) &&
      Number.isSafeInteger(value.sinceMs);
    return legal ? value : NONE;
  } catch {
    return NONE;
  }
}

/** Puts the list in place, or takes the file away when it is empty. */
export function writeDoomed(at: { fs: FileSystem; layout: Layout; writerId: string }, doomed: Doomed): void {
  const { fs, layout, writerId } = at;
  if (doomed.packs.length === 0) {
    removeTemporary(fs, layout.doomed);
    return;
  }
  const bytes = Buffer.from(`${JSON.stringify(doomed)}\n`);
  publish(fs, bytes, { temporary: layout.temporary(writerId, 'doomed'), final: layout.doomed });
}

/**
 * Takes the whole list back, for good: what it named is merely unused then. For a writer whose new pack has a doomed
 * name, being equal to it. Two writers may do it at once; changing the list instead, one would undo what the other did.
 */
export function pardonDoomed(fs: FileSystem, layout: Layout): void {
  try {
    fs.unlink(layout.doomed);
  } catch (error) {
    // Another writer was first.
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  fs.fsyncDirectory(layout.root);
}
