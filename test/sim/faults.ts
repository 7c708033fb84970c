import {
  type ByteRange,
  type FileKind,
  type FileStat,
  type FileSystem,
  type FsPath,
  type OpenMode,
  writeAll,
  type Xattr,
} from '../../src/base/index.ts';
import { type Call, type FaultPlan, Injector } from './injector.ts';

export { type FaultPlan, Killed } from './injector.ts';

/** A file system that can model the loss of what a failed fsync should have stored. */
interface Lossy {
  dropUnsynced(fd: number): void;
}

const isLossy = (fs: object): fs is Lossy => 'dropUnsynced' in fs;

const NOTHING: FaultPlan = { at: 0, fault: 'short' };

/** Any file system, with one fault at a chosen call. */
export class FaultyFileSystem implements FileSystem {
  readonly #inner: FileSystem;
  readonly #plan: FaultPlan;
  readonly #injector: Injector;
  readonly #paths = new Map<number, FsPath>();
  readonly #poisoned = new Set<number>();

  constructor(inner: FileSystem, plan: FaultPlan = NOTHING) {
    this.#inner = inner;
    this.#plan = plan;
    this.#injector = new Injector(plan);
  }

  /** Every counted call, as `name path`. */
  get log(): readonly string[] {
    return this.#injector.log;
  }

  /** Calls counted so far. */
  get calls(): number {
    return this.log.length;
  }

  /** The process has ended: nothing reaches the disk any more. */
  get killed(): boolean {
    return this.#injector.killed;
  }

  /** The call the plan names was made. */
  get reached(): boolean {
    return this.calls >= this.#plan.at;
  }

  /** The fault changed what at least one call did. */
  get fired(): boolean {
    return this.#injector.fired;
  }

  /** Ends ENOSPC. */
  freeSpace(): void {
    this.#injector.full = false;
  }

  open(path: FsPath, mode: OpenMode, permissions?: number): number {
    const call = { syscall: 'open', path, needsSpace: mode === 'create' || mode === 'truncate' };
    return this.#injector.run(call, () => {
      const fd = this.#inner.open(path, mode, permissions);
      this.#paths.set(fd, path);
      return fd;
    });
  }

  read(fd: number, into: Uint8Array, range: ByteRange): number {
    return this.#injector.run(this.#on('read', fd), (short) =>
      this.#inner.read(fd, into, short ? this.#part(range) : range),
    );
  }

  write(fd: number, from: Uint8Array, range: ByteRange): number {
    const act = (short: boolean): number => this.#inner.write(fd, from, short ? this.#part(range) : range);
    const torn = (): void => {
      const length = this.#injector.rng.below(range.length + 1);
      if (length > 0)
        writeAll(this.#inner, fd, from.subarray(range.offset, range.offset + length), range.position);
    };
    return this.#injector.run({ ...this.#on('write', fd), needsSpace: true }, act, { torn });
  }

  truncate(fd: number, sizeBytes: number): void {
    this.#injector.run(this.#on('ftruncate', fd), () => this.#inner.truncate(fd, sizeBytes));
  }

  fsync(fd: number): void {
    const call = { ...this.#on('fsync', fd), needsSpace: true };
    this.#injector.run(call, () => this.#honestFsync(fd), { failed: () => this.#poison(fd) });
  }

  close(fd: number): void {
    const call = this.#on('close', fd);
    const close = (): void => {
      this.#paths.delete(fd);
      this.#poisoned.delete(fd);
      this.#inner.close(fd);
    };
    // A close that fails has closed all the same.
    this.#injector.run(call, close, { failed: close });
  }

  stat(fd: number): FileStat {
    return this.#injector.run(this.#on('fstat', fd), () => this.#inner.stat(fd));
  }

  fsyncDirectory(path: FsPath): void {
    this.#injector.run({ syscall: 'fsyncdir', path, needsSpace: true }, () =>
      this.#inner.fsyncDirectory(path),
    );
  }

  lstat(path: FsPath): FileStat {
    return this.#injector.run({ syscall: 'lstat', path }, () => this.#inner.lstat(path));
  }

  readDirectory(path: FsPath): Buffer[] {
    return this.#injector.run({ syscall: 'scandir', path }, () => this.#inner.readDirectory(path));
  }

  readLink(path: FsPath): Buffer {
    return this.#injector.run({ syscall: 'readlink', path }, () => this.#inner.readLink(path));
  }

  makeDirectory(path: FsPath, permissions?: number): void {
    this.#injector.run({ syscall: 'mkdir', path, needsSpace: true }, () =>
      this.#inner.makeDirectory(path, permissions),
    );
  }

  rename(from: FsPath, to: FsPath): void {
    this.#injector.run({ syscall: 'rename', path: from, to, needsSpace: true }, () =>
      this.#inner.rename(from, to),
    );
  }

  unlink(path: FsPath): void {
    this.#injector.run({ syscall: 'unlink', path }, () => this.#inner.unlink(path));
  }

  removeDirectory(path: FsPath): void {
    this.#injector.run({ syscall: 'rmdir', path }, () => this.#inner.removeDirectory(path));
  }

  link(existing: FsPath, path: FsPath): void {
    this.#injector.run({ syscall: 'link', path: existing, to: path, needsSpace: true }, () =>
      this.#inner.link(existing, path),
    );
  }

  symlink(target: Buffer, path: FsPath): void {
    this.#injector.run({ syscall: 'symlink', path, needsSpace: true }, () =>
      this.#inner.symlink(target, path),
    );
  }

  chmod(path: FsPath, mode: number): void {
    this.#injector.run({ syscall: 'chmod', path }, () => this.#inner.chmod(path, mode));
  }

  lchown(path: FsPath, uid: number, gid: number): void {
    this.#injector.run({ syscall: 'lchown', path }, () => this.#inner.lchown(path, uid, gid));
  }

  setMtime(path: FsPath, mtimeNs: bigint): void {
    this.#injector.run({ syscall: 'lutime', path }, () => this.#inner.setMtime(path, mtimeNs));
  }

  listXattrs(path: FsPath): Xattr[] {
    return this.#injector.run({ syscall: 'listxattr', path }, () => this.#inner.listXattrs(path));
  }

  setXattr(path: FsPath, attribute: Xattr): void {
    this.#injector.run({ syscall: 'setxattr', path, needsSpace: true }, () =>
      this.#inner.setXattr(path, attribute),
    );
  }

  makeNode(path: FsPath, node: { kind: FileKind; mode: number; deviceNumber: bigint }): void {
    this.#injector.run({ syscall: 'mknod', path, needsSpace: true }, () => this.#inner.makeNode(path, node));
  }

  #on(syscall: string, fd: number): Call {
    return { syscall, path: this.#paths.get(fd) ?? `descriptor ${fd}` };
  }

  /** What a short transfer transfers: at least a byte, fewer than asked where more than one was. */
  #part(range: ByteRange): ByteRange {
    if (range.length < 2) return range;
    this.#injector.fired = true;
    return { ...range, length: 1 + this.#injector.rng.below(range.length - 1) };
  }

  /** Linux reports a lost write once: the next fsync of the handle succeeds, and the bytes are gone all the same. */
  #poison(fd: number): void {
    this.#poisoned.add(fd);
    if (isLossy(this.#inner)) this.#inner.dropUnsynced(fd);
  }

  #honestFsync(fd: number): void {
    if (!this.#poisoned.has(fd) || isLossy(this.#inner)) this.#inner.fsync(fd);
  }
}
