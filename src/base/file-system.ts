/**
 * The file-system port. Every file call of the store goes through it, so that a test can fail, tear or lose
 * any of them. Calls are synchronous: a repository is written by one thread in one order, which is what the
 * crash promises are about. A failing call throws an Error whose `code` is the errno word (`ENOENT` …).
 *
 * Paths are text for the repository's own files and raw bytes for what users name: names need not be UTF-8.
 */
export type FsPath = string | Buffer;

export type FileKind =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'fifo'
  | 'character-device'
  | 'block-device'
  | 'socket';

export interface FileStat {
  readonly kind: FileKind;
  /** Permission bits including set-id and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
  readonly device: bigint;
  /** The device a device node stands for. */
  readonly deviceNumber: bigint;
  readonly links: number;
  /** Bytes the file takes on disk; fewer than `sizeBytes` when it has holes. */
  readonly allocatedBytes: number;
}

/** `read`; `create` = new, fails with EEXIST; `truncate` = new or emptied; `update` = existing, read and write. */
export type OpenMode = 'read' | 'create' | 'truncate' | 'update';

export interface FileSystem {
  open(path: FsPath, mode: OpenMode, permissions?: number): number;
  /** Reads up to `length` bytes at `position` into `into[offset…]`; returns the count, 0 at the end. */
  read(fd: number, into: Uint8Array, range: ByteRange): number;
  /** Writes at `position`; may write fewer bytes than asked. */
  write(fd: number, from: Uint8Array, range: ByteRange): number;
  truncate(fd: number, sizeBytes: number): void;
  fsync(fd: number): void;
  close(fd: number): void;
  stat(fd: number): FileStat;
  /** Makes the entries of a directory durable. */
  fsyncDirectory(path: FsPath): void;
  /** Never follows a symbolic link in the last component. */
  lstat(path: FsPath): FileStat;
  /** Raw names, in no order. */
  readDirectory(path: FsPath): Buffer[];
  readLink(path: FsPath): Buffer;
  makeDirectory(path: FsPath, permissions?: number): void;
  rename(from: FsPath, to: FsPath): void;
  unlink(path: FsPath): void;
  removeDirectory(path: FsPath): void;
  link(existing: FsPath, path: FsPath): void;
  symlink(target: Buffer, path: FsPath): void;
  chmod(path: FsPath, mode: number): void;
  lchown(path: FsPath, uid: number, gid: number): void;
  /** Sets the modification time, as exactly as the platform can (Node: within 1 µs). */
  setMtime(path: FsPath, mtimeNs: bigint): void;
  /** Extended attributes in name order; throws ENOTSUP where the file system has none, ENOSYS where nobody can tell. */
  listXattrs(path: FsPath): Xattr[];
  setXattr(path: FsPath, attribute: Xattr): void;
  /** Makes a FIFO or a device node; throws ENOTSUP where the platform offers no way. */
  makeNode(path: FsPath, node: { kind: FileKind; mode: number; deviceNumber: bigint }): void;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
  /** Position in the file; negative for a stream, which is read as it comes. */
  readonly position: number;
}

export interface Xattr {
  readonly name: Buffer;
  readonly value: Buffer;
}

/** Writes all of `bytes` at `position`, however short each single write is. */
export function writeAll(
  fs: Pick<FileSystem, 'write'>,
  fd: number,
  bytes: Uint8Array,
  position: number,
): void {
  let done = 0;
  while (done < bytes.length) {
    done += fs.write(fd, bytes, { offset: done, length: bytes.length - done, position: position + done });
  }
}

/** Reads up to `length` bytes at `position`; the result is shorter only at the end of the file. */
export function readAt(fs: FileSystem, fd: number, position: number, length: number): Buffer {
  const out = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const got = fs.read(fd, out, { offset: done, length: length - done, position: position + done });
    if (got === 0) break;
    done += got;
  }
  return out.subarray(0, done);
}

/** Closes a file that was only read: it has nothing to lose, and is closed also when the call fails. */
export function closeReader(fs: FileSystem, fd: number): void {
  try {
    fs.close(fd);
  } catch {
    // What was read was read.
  }
}

/** The whole of a small file, at most `limitBytes`; one byte more is returned when it is longer. */
export function readSmallFile(fs: FileSystem, path: FsPath, limitBytes: number): Buffer {
  const fd = fs.open(path, 'read');
  try {
    const size = Math.min(fs.stat(fd).sizeBytes, limitBytes + 1);
    return readAt(fs, fd, 0, size);
  } finally {
    closeReader(fs, fd);
  }
}

/** True when something (of any kind) is at `path`. */
export function exists(fs: FileSystem, path: FsPath): boolean {
  try {
    fs.lstat(path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
}

/** Makes a directory and the missing ones above it. */
export function makeDirectories(fs: FileSystem, path: string): void {
  if (exists(fs, path)) return;
  const parent = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
  if (parent !== '' && parent !== path) makeDirectories(fs, parent);
  try {
    fs.makeDirectory(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
