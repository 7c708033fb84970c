import type { FsPath } from '../../../src/base/index.ts';
import { errnoError, type Failure } from './errno.ts';
import { type DirectoryInode, type Inode, type Meta, newMeta, type Slot } from './inode.ts';
import { enact } from './journal.ts';
import { type Machine, tick, touched } from './machine.ts';
import { isNamed, type Place, resolve, resolveEntry } from './resolve.ts';

type PathFailure = Failure & { path: FsPath };

const SET_GID = 0o2000;

/** Makes an inode of some kind; given what all kinds have in common. */
export type Maker = (id: bigint, device: bigint, meta: Meta) => Inode;

/** The calls that add, remove and rename directory entries. */
export class Namespace {
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** The place of a path whether or not something is there. */
  find(syscall: string, path: FsPath, follow = false): Place {
    return resolve(this.#machine.root, { syscall, path }, follow);
  }

  /** The place of an entry to make. */
  entry(syscall: string, path: FsPath): Place {
    return resolveEntry(this.#machine.root, { syscall, path });
  }

  /** What is at a path. */
  inode(syscall: string, path: FsPath, follow = false): Inode {
    const { inode } = this.find(syscall, path, follow);
    if (inode === undefined) throw errnoError('ENOENT', { syscall, path });
    return inode;
  }

  directory(syscall: string, path: FsPath): DirectoryInode {
    const inode = this.inode(syscall, path, true);
    if (inode.kind !== 'directory') throw errnoError('ENOTDIR', { syscall, path });
    if (inode.unreadable) throw errnoError('EACCES', { syscall, path });
    return inode;
  }

  /** Puts a new inode at a place where nothing is; `mode` is subject to the umask. */
  create(place: Place, mode: number, make: Maker): Inode {
    const machine = this.#machine;
    const above = place.directory.meta;
    // A set-group-id directory hands its group, and among directories the bit, to what is made in it.
    const inherits = (above.mode & SET_GID) !== 0;
    const meta = newMeta(mode & ~machine.umask & 0o7777, tick(machine));
    const own = inherits ? { ...meta, gid: above.gid } : meta;
    const inode = make(machine.nextId, place.directory.device, own);
    if (inherits && inode.kind === 'directory') inode.durableMeta = { ...own, mode: own.mode | SET_GID };
    inode.meta = inode.durableMeta;
    machine.nextId += 1n;
    this.#change(inode, { adds: place });
    inode.links = 1;
    return inode;
  }

  /** A new inode at `path`; fails with EEXIST where something is. */
  make(failure: PathFailure, mode: number, make: Maker): void {
    this.create(this.#free(failure, failure.syscall === 'mkdir'), mode, make);
  }

  link(existing: FsPath, path: FsPath): void {
    const failure = { syscall: 'link', path: existing, to: path };
    const { inode } = resolve(this.#machine.root, failure, false);
    if (inode === undefined) throw errnoError('ENOENT', failure);
    const place = this.#free({ ...failure, path });
    if (inode.kind === 'directory') throw errnoError('EPERM', failure);
    if (inode.device !== place.directory.device) throw errnoError('EXDEV', failure);
    this.#change(inode, { adds: place });
    inode.links += 1;
  }

  unlink(path: FsPath): void {
    const failure = { syscall: 'unlink', path };
    const place = resolveEntry(this.#machine.root, failure);
    if (!isNamed(place) || place.inode?.kind === 'directory') throw errnoError('EISDIR', failure);
    if (place.inode === undefined) throw errnoError('ENOENT', failure);
    if (place.slash) throw errnoError('ENOTDIR', failure);
    this.#change(place.inode, { removes: place });
    place.inode.links -= 1;
  }

  removeDirectory(path: FsPath): void {
    const failure = { syscall: 'rmdir', path };
    const place = resolveEntry(this.#machine.root, failure);
    if (!isNamed(place)) throw errnoError(REMOVE_DOTS[place.name] ?? 'EBUSY', failure);
    if (place.inode === undefined) throw errnoError('ENOENT', failure);
    if (place.inode.kind !== 'directory') throw errnoError('ENOTDIR', failure);
    if (place.inode.entries.size > 0) throw errnoError('ENOTEMPTY', failure);
    this.#change(place.inode, { removes: place });
  }

  rename(from: FsPath, to: FsPath): void {
    const failure = { syscall: 'rename', path: from, to };
    const source = resolveEntry(this.#machine.root, failure);
    const target = resolveEntry(this.#machine.root, { ...failure, path: to });
    if (!isNamed(source) || !isNamed(target)) throw errnoError('EBUSY', failure);
    const { inode } = source;
    if (inode === undefined) throw errnoError('ENOENT', failure);
    const refusal = renameRefusal(inode, source, target);
    if (refusal !== undefined) throw errnoError(refusal, failure);
    if (target.inode === inode) return;
    this.#change(inode, { removes: source, adds: target });
    if (target.inode !== undefined) target.inode.links -= 1;
  }

  /** The place of a new entry; only that of a directory may end in a slash. */
  #free(failure: PathFailure, slashAllowed = false): Place {
    const place = resolveEntry(this.#machine.root, failure);
    if (place.inode !== undefined) throw errnoError('EEXIST', failure);
    if (place.slash && !slashAllowed) throw errnoError('ENOENT', failure);
    return place;
  }

  #change(inode: Inode, slots: { removes?: Slot; adds?: Slot }): void {
    const machine = this.#machine;
    const slot = (at: Slot | undefined): Slot | undefined => at && { directory: at.directory, name: at.name };
    enact({ sequence: machine.nextSequence, inode, removes: slot(slots.removes), adds: slot(slots.adds) });
    machine.nextSequence += 1;
    for (const at of [slots.removes, slots.adds]) {
      if (at !== undefined) at.directory.meta = touched(machine, at.directory.meta);
    }
  }
}

const REMOVE_DOTS: Readonly<Record<string, string>> = { '.': 'EINVAL', '..': 'ENOTEMPTY' };

/** Why a rename is refused, if it is. */
function renameRefusal(inode: Inode, source: Place, target: Place): string | undefined {
  const replaced = target.inode;
  if (inode.device !== target.directory.device) return 'EXDEV';
  if (inode.kind !== 'directory') {
    if (source.slash || target.slash) return 'ENOTDIR';
    if (replaced?.kind !== 'directory') return undefined;
    return source.above.includes(replaced) ? 'ENOTEMPTY' : 'EISDIR';
  }
  if (target.above.includes(inode)) return 'EINVAL';
  if (replaced === undefined || replaced === inode) return undefined;
  if (replaced.kind !== 'directory') return 'ENOTDIR';
  return replaced.entries.size > 0 ? 'ENOTEMPTY' : undefined;
}
