import { asRepositoryError, errnoOf, exists, type FileSystem, readSmallFile } from '../../base/index.ts';
import type { Layout } from './layout.ts';
import { publish } from './publish.ts';

/**
 * Packs that are replaced but may not be deleted yet, those of one `prune` together. The list's appearance is what
 * replaces them: from then on nobody reads, counts or refers to a pack it names, so that deleting them one by one has
 * no half-way state. For the same reason nothing gets a name it holds: a pack taken off the list again could be a
 * delta whose base is gone already.
 */
export interface Doomed {
  readonly packs: readonly string[];
  /** When they were replaced. */
  readonly sinceMs: number;
}

const MAX_DOOMED_BYTES = 64 * 1024 * 1024;

/** What is doomed, a batch for each run that replaced packs. A file that does not parse dooms nothing. Throws IO. */
export function readDoomed(fs: FileSystem, layout: Layout): Doomed[] {
  const lines = linesOf(fs, layout);
  try {
    const batches = lines.map((line) => JSON.parse(line) as Doomed);
    return batches.every(isLegal) ? batches : [];
  } catch {
    // It was put in place whole: what is there now is damage, and to keep packs is the harmless way to be wrong.
    return [];
  }
}

/** Names of all doomed packs. */
export function doomedNames(fs: FileSystem, layout: Layout): Set<string> {
  return new Set(readDoomed(fs, layout).flatMap(({ packs }) => packs));
}

/** Puts the list in place, or takes the file away when it is empty; for good either way. */
export function writeDoomed(
  at: { fs: FileSystem; layout: Layout; writerId: string },
  batches: readonly Doomed[],
): void {
  const { fs, layout, writerId } = at;
  if (batches.length === 0) {
    takeAway(fs, layout);
    return;
  }
  const lines = batches.map((batch) => `${JSON.stringify(batch)}\n`);
  publish(fs, Buffer.from(lines.join('')), {
    temporary: layout.temporary(writerId, 'doomed'),
    final: layout.doomed,
  });
}

function takeAway(fs: FileSystem, layout: Layout): void {
  try {
    if (exists(fs, layout.doomed)) fs.unlink(layout.doomed);
    fs.fsyncDirectory(layout.root);
  } catch (error) {
    throw asRepositoryError(error, layout.doomed);
  }
}

function linesOf(fs: FileSystem, layout: Layout): string[] {
  try {
    return readSmallFile(fs, layout.doomed, MAX_DOOMED_BYTES).toString('utf8').trimEnd().split('\n');
  } catch (error) {
    // Absent in most repositories. One that is there and cannot be read must not pass for none: its packs may be
    // gone in part.
    if (errnoOf(error) === 'ENOENT') return [];
    throw asRepositoryError(error, layout.doomed);
  }
}

function isLegal({ packs, sinceMs }: Doomed): boolean {
  return (
    Array.isArray(packs) &&
    packs.every((name) => typeof name === 'string' && /^[0-9a-f]{64}$/.test(name)) &&
    Number.isSafeInteger(sinceMs)
  );
}
