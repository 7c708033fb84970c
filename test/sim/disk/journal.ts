import type { DirectoryInode, EntryChange, Inode, Slot } from './inode.ts';

/**
 * Which directory entries are durable.
 *
 * A change of entries takes effect at once in `entries` and waits in `pending` of each directory it touches
 * until that directory is synced. What a power cut may leave is decided in `crash.ts`. Rules held here:
 * - A rename is never half done in the losing direction: its old name is gone for certain only when its new
 *   name is there for certain.
 * - After syncing only the target directory of a rename between two directories the new name is certain,
 *   and the old one may come back beside it (files only).
 */

const touches = (slot: Slot | undefined, directory: DirectoryInode): boolean => slot?.directory === directory;

const sameSlot = (a: Slot | undefined, b: Slot | undefined): boolean =>
  a !== undefined && b !== undefined && a.directory === b.directory && a.name === b.name;

/** Carries out a change and remembers that it is not durable. */
export function enact(change: EntryChange): void {
  const { removes, adds, inode } = change;
  if (removes !== undefined) {
    removes.directory.entries.delete(removes.name);
    removes.directory.pending.push(change);
  }
  if (adds !== undefined) {
    adds.directory.entries.set(adds.name, inode);
    if (adds.directory !== removes?.directory) adds.directory.pending.push(change);
  }
}

/** Carries out a change on other entries: those of `entriesOf`. */
export function replay(
  change: EntryChange,
  entriesOf: (directory: DirectoryInode) => Map<string, Inode>,
): void {
  const { removes, adds, inode } = change;
  if (removes !== undefined) {
    const entries = entriesOf(removes.directory);
    if (entries.get(removes.name) === inode) entries.delete(removes.name);
  }
  if (adds !== undefined) entriesOf(adds.directory).set(adds.name, inode);
}

const durableOf = (directory: DirectoryInode): Map<string, Inode> => directory.durable;

/** Settles what came before `change` at `slot`, so that settling out of order changes no outcome. */
function settleEarlier(change: EntryChange, slot: Slot | undefined): void {
  for (const earlier of slot?.directory.pending ?? []) {
    if (earlier.sequence >= change.sequence) return;
    if (sameSlot(earlier.adds, slot) || sameSlot(earlier.removes, slot)) settle(earlier);
  }
}

/** Makes a change durable in every directory it touches. */
function settle(change: EntryChange): void {
  settleEarlier(change, change.removes);
  settleEarlier(change, change.adds);
  replay(change, durableOf);
  change.removes = undefined;
  change.adds = undefined;
}

/** Makes only the new name durable. */
function settleAdded(change: EntryChange): void {
  replay({ ...change, removes: undefined }, durableOf);
  change.adds = undefined;
}

/** Makes the entries of a directory durable. */
export function syncEntries(directory: DirectoryInode): void {
  const changes = directory.pending;
  directory.pending = [];
  for (const change of changes) {
    const comesFromElsewhere = change.removes !== undefined && !touches(change.removes, directory);
    if (comesFromElsewhere && change.inode.kind !== 'directory') settleAdded(change);
    else settle(change);
  }
}
