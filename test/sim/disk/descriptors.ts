import type { ByteRange, FileStat, FsPath, OpenMode } from '../../../src/base/index.ts';
import { errnoError } from './errno.ts';
import { type FileInode, type Inode, statOf } from './inode.ts';
import { syncEntries } from './journal.ts';
import { type Machine, touched } from './machine.ts';

interface Descriptor {
  readonly inode: Inode;
  readonly mode: OpenMode;
  readonly path: FsPath;
  /** Where a read without a position goes on. */
  cursor: number;
  /** Of a pipe: all that will ever come out of it. */
  readonly stream?: Buffer;
}

const FIRST_FD = 3;
/** A pipe hands over no more than this at a time. */
const PIPE_BYTES = 65536;

/** Makes what `file` holds survive a power cut, except what a failed fsync dropped before. */
export function syncFile(file: FileInode): void {
  if (!file.lossy) file.durable = file.content.snapshot();
  else {
    file.durable = file.durable.snapshot();
    for (const change of file.pending) {
      if (change.kind === 'write') file.durable.write(change.bytes, change.position);
      else file.durable.truncate(change.sizeBytes);
    }
  }
  file.pending = [];
}

function checkRange(buffer: Uint8Array, { offset, length, position }: ByteRange): void {
  const inside = offset >= 0 && length >= 0 && offset + length <= buffer.length;
  if (inside && Number.isSafeInteger(position)) return;
  const text = `range ${offset}+${length} at ${position} of a ${buffer.length} byte buffer`;
  throw Object.assign(new RangeError(`ERR_OUT_OF_RANGE: ${text}`), { code: 'ERR_OUT_OF_RANGE' });
}

/** A pipe has no positions; one that nobody feeds is at its end. */
function readPipe(open: Descriptor, target: Uint8Array, position: number): number {
  if (position >= 0) throw errnoError('ESPIPE', { syscall: 'read' });
  const end = open.cursor + Math.min(target.length, PIPE_BYTES);
  const bytes = open.stream?.subarray(open.cursor, end) ?? Buffer.alloc(0);
  target.set(bytes);
  open.cursor += bytes.length;
  return bytes.length;
}

/** The open files of one process. */
export class Descriptors {
  readonly #machine: Machine;
  readonly #open = new Map<number, Descriptor>();
  #next = FIRST_FD;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Paths of what is open, for tests that look for leaks. */
  paths(): string[] {
    return [...this.#open.values()].map(({ path }) => path.toString());
  }

  open(inode: Inode, mode: OpenMode, path: FsPath): number {
    const fd = this.#next;
    this.#next += 1;
    this.#open.set(fd, { inode, mode, path, cursor: 0 });
    return fd;
  }

  /** Makes `fd` the reading end of a pipe out of which `stream` comes. */
  feed(fd: number, pipe: Inode, stream: Buffer): void {
    this.#open.set(fd, { inode: pipe, mode: 'read', path: 'pipe', cursor: 0, stream });
  }

  read(fd: number, into: Uint8Array, range: ByteRange): number {
    const open = this.#get(fd, 'read');
    const { inode } = open;
    if (inode.kind === 'directory') throw errnoError('EISDIR', { syscall: 'read' });
    checkRange(into, range);
    const target = into.subarray(range.offset, range.offset + range.length);
    if (inode.kind !== 'file') return readPipe(open, target, range.position);
    if (range.position >= 0) return inode.content.read(target, range.position);
    const count = inode.content.read(target, open.cursor);
    open.cursor += count;
    return count;
  }

  write(fd: number, from: Uint8Array, range: ByteRange): number {
    const file = this.#writable(fd, 'write');
    checkRange(from, range);
    if (range.position < 0) throw errnoError('EINVAL', { syscall: 'write' });
    if (range.length === 0) return 0;
    const bytes = Buffer.from(from.subarray(range.offset, range.offset + range.length));
    file.content.write(bytes, range.position);
    file.pending.push({ kind: 'write', position: range.position, bytes });
    file.meta = touched(this.#machine, file.meta);
    return range.length;
  }

  truncate(fd: number, sizeBytes: number): void {
    this.emptyTo(this.#writable(fd, 'ftruncate'), sizeBytes);
  }

  emptyTo(file: FileInode, sizeBytes: number): void {
    file.content.truncate(sizeBytes);
    file.pending.push({ kind: 'truncate', sizeBytes });
    file.meta = touched(this.#machine, file.meta);
  }

  fsync(fd: number): void {
    const { inode } = this.#get(fd, 'fsync');
    inode.durableMeta = inode.meta;
    if (inode.kind === 'file') syncFile(inode);
    if (inode.kind === 'directory') syncEntries(inode);
  }

  /** What a failed fsync does: the unsynced writes stay visible and will never be stored. */
  dropUnsynced(fd: number): void {
    const { inode } = this.#get(fd, 'fsync');
    if (inode.kind !== 'file') return;
    inode.lossy = true;
    inode.pending = [];
  }

  close(fd: number): void {
    this.#get(fd, 'close');
    this.#open.delete(fd);
  }

  stat(fd: number): FileStat {
    return statOf(this.#get(fd, 'fstat').inode);
  }

  #get(fd: number, syscall: string): Descriptor {
    const found = this.#open.get(fd);
    if (found === undefined) throw errnoError('EBADF', { syscall });
    return found;
  }

  #writable(fd: number, syscall: string): FileInode {
    const { inode, mode } = this.#get(fd, syscall);
    if (mode === 'read') throw errnoError(syscall === 'write' ? 'EBADF' : 'EINVAL', { syscall });
    if (inode.kind !== 'file') throw errnoError(syscall === 'write' ? 'ESPIPE' : 'EINVAL', { syscall });
    return inode;
  }
}
