import { crc32 } from 'node:zlib';
import { closeReader, type FileStat, type FileSystem, readAt, writeAll } from '../../base/index.ts';
import { WireReader, WireWriter } from '../pack/index.ts';

/**
 * Which files need not be read again: size, mtime, ctime, inode and content of each file of the last `pack` of the
 * same directory. It lies on this machine, outside the repository, and is no part of any root.
 *
 *   cache  := frame*
 *   frame  := length u32 ‖ crc32 u32 ‖ body        the first body is the header, the others are entries
 *   header := "pilotfish unchanged 1" ‖ 0 ‖ repository id ‖ 0 ‖ snapshot id
 *   entry  := key length varint ‖ key ‖ size varint ‖ mtime u64 ‖ ctime u64 ‖ inode u64 ‖ content length u8 ‖ content
 *
 * Entries lie in the order of the walk, so that reading is one pass beside it and takes no memory: a key is the path
 * with 0 in place of `/`, and byte order of keys is the order in which sorted directories are walked. A frame that
 * fails its checksum ends the cache: files after it are read again.
 */
export interface UnchangedHeader {
  readonly repositoryId: string;
  readonly snapshotId: string;
}

const MAGIC = 'pilotfish unchanged 1';
const FRAME_BYTES = 64 * 1024;
const MAX_FRAME_BYTES = 256 * 1024;
/** Younger changes could share a timestamp with a later one on coarse clocks. */
const SETTLED_NS = 2_000_000_000n;

/** The key of a path relative to the root. */
export function cacheKey(path: Buffer): Buffer {
  const key = Buffer.from(path);
  for (let at = key.indexOf(0x2f); at >= 0; at = key.indexOf(0x2f, at + 1)) key[at] = 0;
  return key;
}

interface CacheEntry {
  readonly key: Buffer;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
  /** Bytes of the content CID; empty for an empty file. */
  readonly content: Buffer;
}

/** Reads a cache beside a walk. */
export class UnchangedReader {
  readonly header: UnchangedHeader | undefined;
  readonly #fs: FileSystem;
  #fd: number | undefined;
  #position = 0;
  #frame: WireReader | undefined;
  #entry: CacheEntry | undefined;

  constructor(fs: FileSystem, path: string) {
    this.#fs = fs;
    try {
      this.#fd = fs.open(path, 'read');
      this.header = this.#readHeader();
    } catch {
      // No cache yet, or none that can be read: every file is read.
      this.header = undefined;
    }
    if (this.header === undefined) this.close();
  }

  /** The stored content of the file, when nothing about it changed. Keys must be asked for in walk order. */
  find(key: Buffer, stat: FileStat): Buffer | undefined {
    while (this.#fd !== undefined) {
      this.#entry ??= this.#readEntry();
      if (this.#entry === undefined) break;
      const order = Buffer.compare(this.#entry.key, key);
      if (order > 0) return undefined;
      const entry = this.#entry;
      this.#entry = undefined;
      if (order === 0) return isSame(entry, stat) ? entry.content : undefined;
    }
    return undefined;
  }

  close(): void {
    if (this.#fd !== undefined) closeReader(this.#fs, this.#fd);
    this.#fd = undefined;
  }

  #readHeader(): UnchangedHeader | undefined {
    const [magic, repositoryId, snapshotId] = this.#readFrame()?.rest().toString('utf8').split('\0') ?? [];
    if (magic !== MAGIC || repositoryId === undefined || snapshotId === undefined) return undefined;
    return { repositoryId, snapshotId };
  }

  #readEntry(): CacheEntry | undefined {
    try {
      if (this.#frame === undefined || this.#frame.remaining === 0) this.#frame = this.#readFrame();
      if (this.#frame !== undefined) return parseEntry(this.#frame);
    } catch {
      // A cut or garbled cache ends here.
    }
    this.close();
    return undefined;
  }

  #readFrame(): WireReader | undefined {
    if (this.#fd === undefined) return undefined;
    const head = readAt(this.#fs, this.#fd, this.#position, 8);
    if (head.length < 8) return undefined;
    const length = head.readUInt32LE(0);
    if (length > MAX_FRAME_BYTES) return undefined;
    const body = readAt(this.#fs, this.#fd, this.#position + 8, length);
    if (body.length < length || crc32(body) !== head.readUInt32LE(4)) return undefined;
    this.#position += 8 + length;
    return new WireReader(body);
  }
}

function parseEntry(reader: WireReader): CacheEntry {
  const key = reader.take(reader.varint(MAX_FRAME_BYTES));
  const size = reader.varint(Number.MAX_SAFE_INTEGER);
  const times = reader.take(24);
  return {
    key,
    size,
    mtimeNs: times.readBigInt64LE(0),
    ctimeNs: times.readBigInt64LE(8),
    inode: times.readBigUInt64LE(16),
    content: reader.take(reader.u8()),
  };
}

function isSame(entry: CacheEntry, stat: FileStat): boolean {
  return (
    entry.size === stat.sizeBytes &&
    entry.mtimeNs === stat.mtimeNs &&
    entry.ctimeNs === stat.ctimeNs &&
    entry.inode === stat.inode
  );
}

/** The writer whose temporary file of the cache `cache` has this name, if it is one. */
export function cacheWriter(cache: string, fileName: string): string | undefined {
  return fileName.startsWith(`${cache}.`) ? fileName.slice(cache.length + 1) : undefined;
}

/**
 * Writes the cache of a walk under a temporary name; `finish` puts it in place. One that cannot be written gives up
 * without a word: the walk does not need it.
 */
export class UnchangedWriter {
  readonly #fs: FileSystem;
  readonly #path: string;
  readonly #temporary: string;
  #fd: number | undefined;
  #position = 0;
  #frame = new WireWriter();

  constructor(fs: FileSystem, path: string, writerId: string) {
    this.#fs = fs;
    this.#path = path;
    this.#temporary = `${path}.${writerId}`;
    this.#fd = fs.open(this.#temporary, 'truncate');
    // Room for the header, whose snapshot id is known only at the end.
    this.#position = headerFrame({ repositoryId: '0'.repeat(32), snapshotId: '0'.repeat(64) }).length;
  }

  /** Notes a file that was read (or found unchanged) at `nowMs`. */
  add(key: Buffer, stat: FileStat, found: { content: Uint8Array; nowMs: number }): void {
    if (BigInt(found.nowMs) * 1_000_000n - stat.ctimeNs < SETTLED_NS || !hasShortTimes(stat)) return;
    const times = Buffer.allocUnsafe(24);
    times.writeBigInt64LE(stat.mtimeNs, 0);
    times.writeBigInt64LE(stat.ctimeNs, 8);
    times.writeBigUInt64LE(stat.inode, 16);
    this.#frame.varint(key.length).bytes(key).varint(stat.sizeBytes).bytes(times);
    this.#frame.u8(found.content.length).bytes(found.content);
    if (this.#frame.length >= FRAME_BYTES) this.#flush();
  }

  /** Completes the cache for a committed snapshot. It is not synced: losing it costs reading again. */
  finish(header: UnchangedHeader): void {
    if (this.#frame.length > 0) this.#flush();
    this.#write(headerFrame(header), 0);
    if (this.#fd === undefined) return;
    closeReader(this.#fs, this.#fd);
    this.#fd = undefined;
    this.#fs.rename(this.#temporary, this.#path);
  }

  abandon(): void {
    if (this.#fd !== undefined) closeReader(this.#fs, this.#fd);
    this.#fd = undefined;
    try {
      this.#fs.unlink(this.#temporary);
    } catch {
      // A leftover of a cache hurts nobody; the next run writes its own and removes this one.
    }
  }

  #flush(): void {
    const framed = frame(this.#frame.finish());
    this.#write(framed, this.#position);
    this.#position += framed.length;
    this.#frame = new WireWriter();
  }

  #write(bytes: Uint8Array, position: number): void {
    try {
      if (this.#fd !== undefined) writeAll(this.#fs, this.#fd, bytes, position);
    } catch {
      this.abandon();
    }
  }
}

/** Some file systems keep times beyond the years 1677 to 2262, which do not fit 64 bits of nanoseconds. */
function hasShortTimes(stat: FileStat): boolean {
  return [stat.mtimeNs, stat.ctimeNs].every((time) => time === BigInt.asIntN(64, time));
}

function headerFrame(header: UnchangedHeader): Buffer {
  return frame(Buffer.from([MAGIC, header.repositoryId, header.snapshotId].join('\0')));
}

function frame(body: Buffer): Buffer {
  return new WireWriter().u32(body.length).u32(crc32(body)).bytes(body).finish();
}
