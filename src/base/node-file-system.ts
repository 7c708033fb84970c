import * as fs from 'node:fs';
import type { ByteRange, FileKind, FileStat, FileSystem, FsPath, OpenMode, Xattr } from './file-system.ts';
import { type Libc, loadLibc } from './node-libc.ts';

const FLAGS: Record<OpenMode, number> = {
  // O_NOFOLLOW: a link put in place of a file after it was listed is never read through. O_NONBLOCK: a FIFO
  // put there does not hang us.
  read: fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_NOFOLLOW,
  truncate: fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_TRUNC | fs.constants.O_NOFOLLOW,
  update: fs.constants.O_RDWR | fs.constants.O_NOFOLLOW,
};

const KINDS: Record<number, FileKind> = {
  [fs.constants.S_IFREG]: 'file',
  [fs.constants.S_IFDIR]: 'directory',
  [fs.constants.S_IFLNK]: 'symlink',
  [fs.constants.S_IFIFO]: 'fifo',
  [fs.constants.S_IFCHR]: 'character-device',
  [fs.constants.S_IFBLK]: 'block-device',
  [fs.constants.S_IFSOCK]: 'socket',
};
const MODE_BITS: Record<string, number> = {
  fifo: fs.constants.S_IFIFO,
  'character-device': fs.constants.S_IFCHR,
  'block-device': fs.constants.S_IFBLK,
};

function fileStat(stat: fs.BigIntStats): FileStat {
  const mode = Number(stat.mode);
  return {
    kind: KINDS[mode & fs.constants.S_IFMT] ?? 'socket',
    mode: mode & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    sizeBytes: Number(stat.size),
    mtimeNs: stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
    inode: stat.ino,
    device: stat.dev,
    deviceNumber: stat.rdev,
    links: Number(stat.nlink),
    allocatedBytes: Number(stat.blocks) * 512,
  };
}

/** The file system of the machine. */
export class NodeFileSystem implements FileSystem {
  readonly #libc: Libc;

  constructor(libc: Libc = loadLibc()) {
    this.#libc = libc;
  }

  open(path: FsPath, mode: OpenMode, permissions = 0o600): number {
    return fs.openSync(path, FLAGS[mode], permissions);
  }

  read(fd: number, into: Uint8Array, range: ByteRange): number {
    // A negative position reads a stream as it comes.
    return fs.readSync(fd, into, range.offset, range.length, range.position < 0 ? null : range.position);
  }

  write(fd: number, from: Uint8Array, range: ByteRange): number {
    return fs.writeSync(fd, from, range.offset, range.length, range.position);
  }

  truncate(fd: number, sizeBytes: number): void {
    fs.ftruncateSync(fd, sizeBytes);
  }

  fsync(fd: number): void {
    fs.fsyncSync(fd);
  }

  close(fd: number): void {
    fs.closeSync(fd);
  }

  stat(fd: number): FileStat {
    return fileStat(fs.fstatSync(fd, { bigint: true }));
  }

  fsyncDirectory(path: FsPath): void {
    const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  }

  lstat(path: FsPath): FileStat {
    return fileStat(fs.lstatSync(path, { bigint: true }));
  }

  readDirectory(path: FsPath): Buffer[] {
    return fs.readdirSync(path, { encoding: 'buffer' });
  }

  readLink(path: FsPath): Buffer {
    return fs.readlinkSync(path, { encoding: 'buffer' });
  }

  makeDirectory(path: FsPath, permissions = 0o700): void {
    fs.mkdirSync(path, permissions);
  }

  rename(from: FsPath, to: FsPath): void {
    fs.renameSync(from, to);
  }

  unlink(path: FsPath): void {
    fs.unlinkSync(path);
  }

  removeDirectory(path: FsPath): void {
    fs.rmdirSync(path);
  }

  link(existing: FsPath, path: FsPath): void {
    fs.linkSync(existing, path);
  }

  symlink(target: Buffer, path: FsPath): void {
    fs.symlinkSync(target, path);
  }

  chmod(path: FsPath, mode: number): void {
    fs.chmodSync(path, mode);
  }

  lchown(path: FsPath, uid: number, gid: number): void {
    fs.lchownSync(path, uid, gid);
  }

  setMtime(path: FsPath, mtimeNs: bigint): void {
    // Whole seconds and the rest are added as doubles: within 1 µs for any date near ours.
    const seconds = Number(mtimeNs / 1_000_000_000n) + Number(mtimeNs % 1_000_000_000n) / 1e9;
    // As text: Node takes a negative number to mean now, and dates before 1970 are negative.
    fs.lutimesSync(path, String(seconds), String(seconds));
  }

  listXattrs(path: FsPath): Xattr[] {
    return this.#libc.listXattrs(path);
  }

  setXattr(path: FsPath, attribute: Xattr): void {
    this.#libc.setXattr(path, attribute);
  }

  makeNode(path: FsPath, node: { kind: FileKind; mode: number; deviceNumber: bigint }): void {
    const type = MODE_BITS[node.kind];
    // Without type bits the kernel would make a regular file.
    if (type === undefined)
      throw Object.assign(new RangeError(`EINVAL: mknod of a ${node.kind}`), { code: 'EINVAL' });
    this.#libc.makeNode(path, type | node.mode, node.deviceNumber);
  }
}
