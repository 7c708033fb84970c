import type { DirectoryInode, EntryChange, FileInode, Inode, Slot } from './inode.ts';
import type { Machine } from './machine.ts';

/** A copy of a machine in which nothing has become more or less durable; file bytes are shared until written. */
export function cloneMachine(machine: Machine): Machine {
  return { ...machine, root: new Cloner().directory(machine.root) };
}

class Cloner {
  readonly #inodes = new Map<Inode, Inode>();
  readonly #changes = new Map<EntryChange, EntryChange>();

  directory(old: DirectoryInode): DirectoryInode {
    return this.#inode(old) as DirectoryInode;
  }

  #inode(old: Inode): Inode {
    const known = this.#inodes.get(old);
    if (known !== undefined) return known;
    const copy = { ...old };
    this.#inodes.set(old, copy);
    if (copy.kind === 'directory') this.#fillDirectory(copy);
    if (copy.kind === 'file') fillFile(copy);
    return copy;
  }

  /** Swaps what the shallow copy shares with the original for copies. */
  #fillDirectory(copy: DirectoryInode): void {
    const { entries, durable, pending } = copy;
    copy.entries = this.#map(entries);
    copy.durable = this.#map(durable);
    copy.pending = pending.map((change) => this.#change(change));
  }

  #map(entries: ReadonlyMap<string, Inode>): Map<string, Inode> {
    const copy = new Map<string, Inode>();
    for (const [name, inode] of entries) copy.set(name, this.#inode(inode));
    return copy;
  }

  #change(old: EntryChange): EntryChange {
    const known = this.#changes.get(old);
    if (known !== undefined) return known;
    const copy = {
      ...old,
      inode: this.#inode(old.inode),
      removes: this.#slot(old.removes),
      adds: this.#slot(old.adds),
    };
    // A directory on the way may have asked for the same change meanwhile.
    const first = this.#changes.get(old) ?? copy;
    this.#changes.set(old, first);
    return first;
  }

  #slot(slot: Slot | undefined): Slot | undefined {
    return slot && { directory: this.directory(slot.directory), name: slot.name };
  }
}

function fillFile(copy: FileInode): void {
  copy.content = copy.content.snapshot();
  copy.durable = copy.durable.snapshot();
  copy.pending = [...copy.pending];
}
