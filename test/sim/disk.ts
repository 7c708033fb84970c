import type {
  ByteRange,
  FileKind,
  FileStat,
  FileSystem,
  FsPath,
  OpenMode,
  Rng,
  Xattr,
} from '../../src/base/index.ts';
import { type CrashMode, crashed, syncAll } from './disk/crash.ts';
import { Descriptors } from './disk/descriptors.ts';
import { errnoError } from './disk/errno.ts';
import {
  type FileInode,
  isSpecial,
  newDirectory,
  newFile,
  newLink,
  newSpecial,
  statOf,
} from './disk/inode.ts';
import { syncEntries } from './disk/journal.ts';
import { changed, type Machine, newMachine, type SimOptions } from './disk/machine.ts';
import { type Maker, Namespace } from './disk/namespace.ts';
import { type Place, refuseZero } from './disk/resolve.ts';

const NAMESPACES = /^(user|trusted|security|system)\../s;

/**
 * A file system in memory that knows what a power cut would leave. Behaves like Linux for root, seen through
 * Node: same errnos, same rules about links. Content is durable after `fsync`, a name after `fsyncDirectory`
 * of the directory that holds it, and nothing is durable before.
 */
export class SimFileSystem implements FileSystem {
  readonly #machine: Machine;
  readonly #names: Namespace;
  readonly #files: Descriptors;

  constructor(options: SimOptions = {}, machine: Machine = newMachine(options)) {
    this.#machine = machine;
    this.#names = new Namespace(machine);
    this.#files = new Descriptors(machine);
  }

  /** What the next process finds after this one was killed, or the power failed. This one stays as it is. */
  crash(rng: Rng, mode: CrashMode): SimFileSystem {
    return new SimFileSystem({}, crashed(this.#machine, rng, mode));
  }

  /** Makes all there is durable, like `sync` in a shell. */
  sync(): void {
    syncAll(this.#machine.root);
  }

  /** Opening or listing what is at `path` fails with EACCES from now on. */
  setUnreadable(path: FsPath, unreadable = true): void {
    this.#names.inode('lstat', path).unreadable = unreadable;
  }

  /** Makes the directory at `path`, and what is created below it from now on, another device. */
  mount(path: FsPath, device: bigint): void {
    this.#names.directory('mount', path).device = device;
  }

  /** Makes `fd`, for example 0, a pipe out of which `bytes` come. */
  feed(fd: number, bytes: Uint8Array): void {
    const meta = this.#machine.root.meta;
    this.#files.feed(fd, newSpecial(0n, 0n, meta, { kind: 'fifo', deviceNumber: 0n }), Buffer.from(bytes));
  }

  /** Paths under which files are open. */
  openPaths(): string[] {
    return this.#files.paths();
  }

  /** A failed fsync: the unsynced writes stay visible and no later fsync stores them. */
  dropUnsynced(fd: number): void {
    this.#files.dropUnsynced(fd);
  }

  open(path: FsPath, mode: OpenMode, permissions = 0o600): number {
    const creates = mode === 'create' || mode === 'truncate';
    const place = creates ? this.#names.entry('open', path) : this.#names.find('open', path);
    if (creates && place.slash) throw errnoError('EISDIR', { syscall: 'open', path });
    if (place.inode === undefined)
      return this.#files.open(this.#create(place, path, mode, permissions), mode, path);
    const refusal = openRefusal(place, mode);
    if (refusal !== undefined) throw errnoError(refusal, { syscall: 'open', path });
    if (mode === 'truncate' && place.inode.kind === 'file') this.#files.emptyTo(place.inode, 0);
    return this.#files.open(place.inode, mode, path);
  }

  read(fd: number, into: Uint8Array, range: ByteRange): number {
    return this.#files.read(fd, into, range);
  }

  write(fd: number, from: Uint8Array, range: ByteRange): number {
    return this.#files.write(fd, from, range);
  }

  truncate(fd: number, sizeBytes: number): void {
    this.#files.truncate(fd, sizeBytes);
  }

  fsync(fd: number): void {
    this.#files.fsync(fd);
  }

  close(fd: number): void {
    this.#files.close(fd);
  }

  stat(fd: number): FileStat {
    return this.#files.stat(fd);
  }

  fsyncDirectory(path: FsPath): void {
    const directory = this.#names.directory('open', path);
    directory.durableMeta = directory.meta;
    syncEntries(directory);
  }

  lstat(path: FsPath): FileStat {
    return statOf(this.#names.inode('lstat', path));
  }

  readDirectory(path: FsPath): Buffer[] {
    return [...this.#names.directory('scandir', path).entries.keys()].map((name) =>
      Buffer.from(name, 'latin1'),
    );
  }

  readLink(path: FsPath): Buffer {
    const inode = this.#names.inode('readlink', path);
    if (inode.kind !== 'symlink') throw errnoError('EINVAL', { syscall: 'readlink', path });
    return Buffer.from(inode.target);
  }

  makeDirectory(path: FsPath, permissions = 0o700): void {
    this.#names.make({ syscall: 'mkdir', path }, permissions, newDirectory);
  }

  rename(from: FsPath, to: FsPath): void {
    this.#names.rename(from, to);
  }

  unlink(path: FsPath): void {
    this.#names.unlink(path);
  }

  removeDirectory(path: FsPath): void {
    this.#names.removeDirectory(path);
  }

  link(existing: FsPath, path: FsPath): void {
    this.#names.link(existing, path);
  }

  symlink(target: Buffer, path: FsPath): void {
    refuseZero(target.toString('latin1'), { syscall: 'symlink' });
    // The mode of a link is 0o777 whatever the umask.
    const make: Maker = (id, device, meta) => newLink(id, device, { ...meta, mode: 0o777 }, target);
    this.#names.make({ syscall: 'symlink', path }, 0o777, make);
  }

  chmod(path: FsPath, mode: number): void {
    const inode = this.#names.inode('chmod', path, true);
    inode.meta = changed(this.#machine, inode.meta, { mode: mode & 0o7777 });
  }

  lchown(path: FsPath, uid: number, gid: number): void {
    const inode = this.#names.inode('lchown', path);
    // The kernel takes set-id bits away from a file whose owner changes, whoever asks.
    const kept = inode.kind !== 'file' ? 0o7777 : inode.meta.mode & 0o10 ? 0o1777 : 0o3777;
    inode.meta = changed(this.#machine, inode.meta, { uid, gid, mode: inode.meta.mode & kept });
  }

  setMtime(path: FsPath, mtimeNs: bigint): void {
    const inode = this.#names.inode('lutime', path);
    inode.meta = changed(this.#machine, inode.meta, { mtimeNs });
  }

  listXattrs(path: FsPath): Xattr[] {
    const inode = this.#names.inode('listxattr', path);
    if (!this.#machine.xattrs) throw errnoError('ENOTSUP', { syscall: 'listxattr', path });
    return [...inode.meta.xattrs]
      .map(([name, value]) => ({ name: Buffer.from(name, 'latin1'), value: Buffer.from(value) }))
      .sort((a, b) => Buffer.compare(a.name, b.name));
  }

  setXattr(path: FsPath, { name, value }: Xattr): void {
    const inode = this.#names.inode('setxattr', path);
    const key = name.toString('latin1');
    refuseZero(key, { syscall: 'setxattr' });
    if (!this.#machine.xattrs || !NAMESPACES.test(key))
      throw errnoError('ENOTSUP', { syscall: 'setxattr', path });
    const plain = inode.kind === 'file' || inode.kind === 'directory';
    if (key.startsWith('user.') && !plain) throw errnoError('EPERM', { syscall: 'setxattr', path });
    const xattrs = new Map(inode.meta.xattrs).set(key, Buffer.from(value));
    inode.meta = changed(this.#machine, inode.meta, { xattrs });
  }

  makeNode(path: FsPath, node: { kind: FileKind; mode: number; deviceNumber: bigint }): void {
    const { kind, deviceNumber } = node;
    if (!isSpecial(kind)) throw errnoError('EINVAL', { syscall: 'mknod', path });
    this.#names.make({ syscall: 'mknod', path }, node.mode, (id, device, meta) =>
      newSpecial(id, device, meta, { kind, deviceNumber }),
    );
  }

  #create(place: Place, path: FsPath, mode: OpenMode, permissions: number): FileInode {
    if (mode === 'read' || mode === 'update') throw errnoError('ENOENT', { syscall: 'open', path });
    return this.#names.create(place, permissions, newFile) as FileInode;
  }
}

/** Why opening what is there is refused, if it is. */
function openRefusal({ inode }: Place, mode: OpenMode): string | undefined {
  if (inode === undefined) return undefined;
  if (mode === 'create') return 'EEXIST';
  if (inode.kind === 'symlink') return 'ELOOP';
  if (inode.kind === 'directory' && mode !== 'read') return 'EISDIR';
  if (inode.unreadable) return 'EACCES';
  return inode.kind === 'file' || inode.kind === 'directory' || inode.kind === 'fifo' ? undefined : 'ENXIO';
}
