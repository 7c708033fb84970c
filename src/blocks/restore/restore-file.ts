import { type FileSystem, MIB, PilotfishError, writeAll } from '../../base/index.ts';
import type { TreeReading } from '../reading/index.ts';
import type { PathTest } from '../source/index.ts';
import type { TreeEntry } from '../tree/index.ts';

type FileEntry = TreeEntry & { type: 'file' };

/** Zero runs of whole pages become holes. */
const PAGE_BYTES = 4096;
/** Blocks of larger files are not kept. */
const LARGE_FILE_BYTES = MIB;
const ZERO_PAGE = Buffer.alloc(PAGE_BYTES);

/** Writes a new file. One that cannot be completed is removed again: half a file under its name would mislead. */
export async function writeFile(
  fs: FileSystem,
  entry: FileEntry,
  at: Pick<TreeReading, 'read' | 'readOnce' | 'blocks'> & {
    readonly path: Buffer;
    readonly pause: () => Promise<void> | undefined;
  },
): Promise<void> {
  const fd = fs.open(at.path, 'create', 0o600);
  // A large file would push everything else out of the cache.
  const readData = entry.size < LARGE_FILE_BYTES ? at.read : at.readOnce;
  let isDone = false;
  try {
    let position = 0;
    let written = 0;
    for (const { id, length } of at.blocks(entry)) {
      const raw = readData(id);
      if (raw.length !== length) {
        throw new PilotfishError(
          'DAMAGED',
          `block ${id} has ${raw.length} bytes, its file says ${length}: run \`pilotfish verify\``,
        );
      }
      written = writeSparse(fs, fd, raw, position) ?? written;
      position += length;
      const pause = at.pause();
      if (pause !== undefined) await pause;
    }
    // The file ends in a hole.
    if (position > written) fs.truncate(fd, position);
    isDone = true;
  } finally {
    fs.close(fd);
    if (!isDone) fs.unlink(at.path);
  }
}

/**
 * Writes what is not zero, page by page of the block; runs of other pages go out in one call.
 * @returns where the last of it ends in the file; undefined when all is zero
 */
function writeSparse(fs: FileSystem, fd: number, raw: Uint8Array, position: number): number | undefined {
  let start = 0;
  let end: number | undefined;
  for (let at = 0; at + PAGE_BYTES <= raw.length; at += PAGE_BYTES) {
    if (!isZeroPage(raw, at)) continue;
    if (at > start) {
      writeAll(fs, fd, raw.subarray(start, at), position + start);
      end = position + at;
    }
    start = at + PAGE_BYTES;
  }
  if (start === raw.length) return end;
  writeAll(fs, fd, raw.subarray(start), position + start);
  return position + raw.length;
}

function isZeroPage(raw: Uint8Array, at: number): boolean {
  // The first byte decides for nearly every page that is not zero.
  return raw[at] === 0 && Buffer.compare(raw.subarray(at, at + PAGE_BYTES), ZERO_PAGE) === 0;
}

/**
 * Makes the entry a hard link to the first file of its group, if that was restored too. Every directory on the way
 * must be a real one below the target: the path comes from the repository and must not lead out of it.
 */
export function linkToFirst(
  fs: FileSystem,
  entry: FileEntry,
  at: { path: Buffer; target: Buffer; isIncluded: PathTest | undefined },
): boolean {
  if (entry.hardLink === undefined) return false;
  const names = Buffer.from(entry.hardLink).toString('latin1').split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0'))) return false;
  if (at.isIncluded !== undefined && !isBelowIncluded(names, at.isIncluded)) return false;
  let path = at.target;
  try {
    for (const [index, name] of names.entries()) {
      path = Buffer.concat([path, Buffer.from(`/${name}`, 'latin1')]);
      const stat = fs.lstat(path);
      if (stat.kind !== (index === names.length - 1 ? 'file' : 'directory')) return false;
      if (index === names.length - 1 && stat.sizeBytes !== entry.size) return false;
    }
    fs.link(path, at.path);
    return true;
  } catch {
    // The first file is not there, or links are not offered here: the entry is written out by itself.
    return false;
  }
}

function isBelowIncluded(names: readonly string[], isIncluded: PathTest): boolean {
  return names.some((_, index) =>
    isIncluded(Buffer.from(names.slice(0, index + 1).join('/'), 'latin1').toString()),
  );
}

/** Owner, mode, attributes and, last because all others touch it, mtime. */
export function applyAttributes(fs: FileSystem, path: Buffer, entry: TreeEntry, owners: boolean): void {
  const [uid, gid] = entry.owner;
  try {
    if (owners) fs.lchown(path, uid, gid);
    // Before the mode, which may forbid writing them.
    for (const [name, value] of entry.xattrs) {
      fs.setXattr(path, { name: Buffer.from(name), value: Buffer.from(value) });
    }
  } finally {
    // Whatever could not be set. Links have no mode of their own on Linux. After chown, which clears set-id bits.
    if (entry.type !== 'symlink') fs.chmod(path, safeMode(fs, path, entry));
    fs.setMtime(path, entry.mtimeNs);
  }
}

/** Set-id bits go only with the owner they were meant for: with another they would be somebody else's powers. */
function safeMode(fs: FileSystem, path: Buffer, { mode, owner }: TreeEntry): number {
  if ((mode & 0o6000) === 0) return mode;
  const { uid, gid } = fs.lstat(path);
  return uid === owner[0] && gid === owner[1] ? mode : mode & 0o1777;
}
