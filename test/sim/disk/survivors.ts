import type { DirectoryInode, EntryChange, Inode, Slot } from './inode.ts';
import { replay } from './journal.ts';

/** Every directory that current entries, durable entries or changes between them lead to. */
export function allDirectories(root: DirectoryInode): Set<DirectoryInode> {
  const found = new Set<DirectoryInode>([root]);
  const visit = (inode: Inode): void => {
    if (inode.kind === 'directory') found.add(inode);
  };
  for (const directory of found) {
    for (const inode of directory.entries.values()) visit(inode);
    for (const inode of directory.durable.values()) visit(inode);
    for (const change of directory.pending) visit(change.inode);
  }
  return found;
}

export type Entries = Map<DirectoryInode, Map<string, Inode>>;

/** The entries each directory has after some of the pending changes, in their order, took effect. */
export function survivingEntries(directories: Set<DirectoryInode>, keep: () => boolean): Entries {
  const changes = new Set<EntryChange>();
  const survivors: Entries = new Map();
  for (const directory of directories) {
    survivors.set(directory, new Map(directory.durable));
    for (const change of directory.pending) changes.add(change);
  }
  const ordered = [...changes].sort((a, b) => a.sequence - b.sequence);
  for (const change of withRequired(ordered, keep)) {
    replay(change, (directory) => survivors.get(directory) ?? new Map());
  }
  return survivors;
}

const slotKey = (slot: Slot): string => `${slot.directory.id}/${slot.name}`;

/**
 * The changes that survive. A file system that keeps a change also keeps the renames it builds on: the one
 * that brought the renamed name, and the one that moved away what stood at the new name. So a name that was
 * durable is never lost by renames alone.
 */
function withRequired(ordered: readonly EntryChange[], keep: () => boolean): EntryChange[] {
  const byAdded = new Map<string, EntryChange>();
  const byRemoved = new Map<string, EntryChange>();
  const required = new Map<EntryChange, EntryChange[]>();
  for (const change of ordered) {
    const before: (EntryChange | undefined)[] = [];
    if (change.removes !== undefined) before.push(byAdded.get(slotKey(change.removes)));
    if (change.adds !== undefined) before.push(byRemoved.get(slotKey(change.adds)));
    required.set(
      change,
      before.filter((earlier) => earlier !== undefined),
    );
    if (change.removes === undefined || change.adds === undefined) continue;
    byAdded.set(slotKey(change.adds), change);
    byRemoved.set(slotKey(change.removes), change);
  }
  const kept = new Set(ordered.filter(() => keep()));
  for (const change of [...ordered].reverse()) {
    if (kept.has(change)) for (const earlier of required.get(change) ?? []) kept.add(earlier);
  }
  return ordered.filter((change) => kept.has(change));
}
