import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { asRepositoryError, assert, type FileSystem, PilotfishError, writeAll } from '../../base/index.ts';
import type { Sealer } from '../seal/index.ts';
import { encodeFooter, type FooterBlock, type FooterRecord } from './footer.ts';
import { encodeHeader, encodeTrailer, HEADER_BYTES } from './pack-file.ts';
import { encodeRecord, encodeRecordHead, type PackRecord } from './record.ts';
import { WireWriter } from './wire.ts';

const BUFFER_BYTES = 1024 * 1024;

/** The calls a pack is written with. */
export type PackFiles = Pick<FileSystem, 'open' | 'write' | 'fsync' | 'close' | 'unlink'>;

/** What the footer keeps of a record beside its bytes. */
export interface RecordNote {
  readonly depth: number;
  readonly blocks: readonly FooterBlock[];
}

/** A finished pack: durable under its temporary name, to be renamed to its own. */
export interface FinishedPack {
  /** SHA-256 of the file, 64 hex digits. */
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly records: readonly FooterRecord[];
}

/**
 * Writes one pack under a temporary name: records in order, then footer and trailer, then fsync. Bytes go out
 * in pieces of 1 MiB. A failed fsync poisons the writer: the kernel may have dropped the pages and would
 * report success the second time, so the only way on is a new pack.
 */
export class PackWriter {
  readonly path: string;
  readonly #fs: PackFiles;
  readonly #sealer: Sealer;
  readonly #isTaken: (name: string) => boolean;
  readonly #fd: number;
  readonly #hash: Hash = createHash('sha256');
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  readonly #records: FooterRecord[] = [];
  #buffered = 0;
  #written = 0;
  #poisoned = false;
  #closed = false;

  /** `isTaken` says which names the pack must not get: equal records otherwise make an equal name. */
  constructor(fs: PackFiles, path: string, sealer: Sealer, isTaken: (name: string) => boolean = () => false) {
    this.#fs = fs;
    this.path = path;
    this.#sealer = sealer;
    this.#isTaken = isTaken;
    this.#fd = this.#call(() => fs.open(path, 'create'));
    this.#push(encodeHeader(sealer.encrypted));
  }

  get sizeBytes(): number {
    return this.#written + this.#buffered;
  }

  get recordCount(): number {
    return this.#records.length;
  }

  /** Appends a record; returns its number in this pack. */
  append(record: PackRecord, note: RecordNote): number {
    // Without encryption head and payload go out as they are: joining them would copy every stored byte.
    const pieces = this.#sealer.encrypted
      ? [this.#sealer.seal(encodeRecord(record), 'record')]
      : [encodeRecordHead(record), record.payload];
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const crc = pieces.reduce((sum, piece) => crc32(piece, sum), 0);
    const frame = new WireWriter().varint(length).u32(crc).finish();
    for (const piece of [frame, ...pieces]) this.#push(piece);
    this.#records.push({
      type: record.type,
      depth: note.depth,
      diskLength: frame.length + length,
      blocks: note.blocks,
    });
    return this.#records.length - 1;
  }

  /** Footer, trailer, fsync, close. */
  finish(): FinishedPack {
    let ending = this.#ending(0);
    for (let variant = 1; this.#isTaken(ending.name); variant++) ending = this.#ending(variant);
    this.#push(ending.bytes);
    this.#flush();
    try {
      this.#fs.fsync(this.#fd);
    } catch (error) {
      this.#poisoned = true;
      throw asRepositoryError(error, this.path);
    }
    this.#call(() => this.#close());
    return {
      name: ending.name,
      path: this.path,
      sizeBytes: this.#written,
      records: this.#records,
    };
  }

  /** What comes behind the records, and the name the pack then has. */
  #ending(variant: number): { bytes: Buffer; name: string } {
    const offset = this.sizeBytes;
    assert(offset >= HEADER_BYTES, 'a pack begins with its header');
    const footer = this.#sealer.seal(encodeFooter(this.#records, variant), 'footer');
    const bytes = Buffer.concat([footer, encodeTrailer(footer, offset)]);
    return { bytes, name: this.#hash.copy().update(bytes).digest('hex') };
  }

  /** Closes without finishing and removes the file: on a full device it would keep the space. */
  abandon(): void {
    try {
      if (!this.#closed) this.#close();
      this.#fs.unlink(this.path);
    } catch {
      // Beyond help: the file is a leftover, which the next writer removes.
    }
  }

  #close(): void {
    // Also one that fails has closed: the number may be another file's the next moment.
    this.#closed = true;
    this.#fs.close(this.#fd);
  }

  #push(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    if (this.#buffered + bytes.length > BUFFER_BYTES) this.#flush();
    if (bytes.length > BUFFER_BYTES) {
      this.#write(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  #flush(): void {
    if (this.#buffered === 0) return;
    this.#write(this.#buffer.subarray(0, this.#buffered));
    this.#buffered = 0;
  }

  #write(bytes: Uint8Array): void {
    this.#call(() => writeAll(this.#fs, this.#fd, bytes, this.#written));
    this.#written += bytes.length;
  }

  #call<T>(run: () => T): T {
    if (this.#poisoned) {
      throw new PilotfishError('POISONED', `${this.path} failed to reach the disk: run the command again`, {
        path: this.path,
      });
    }
    try {
      return run();
    } catch (error) {
      throw asRepositoryError(error, this.path);
    }
  }
}
