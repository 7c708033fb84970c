import { crc32 } from 'node:zlib';
import { type FileSystem, PilotfishError, readAt, readSmallFile } from '../../base/index.ts';
import type { Sealer } from '../seal/index.ts';
import { MAX_FOOTER_BYTES, type PackTable, parseFooter } from './footer.ts';
import { decodeRecord, MAX_RECORD_BYTES, type PackRecord } from './record.ts';
import { malformed, WireReader } from './wire.ts';

/**
 * A pack file:
 *
 *   pack    := header ‖ record* ‖ sealed footer ‖ trailer
 *   header  := "PFSHPACK" ‖ version u32 ‖ flags u32 (bit 0: sealed)
 *   record  := storedLength varint ‖ crc32 u32 ‖ sealed plain record
 *   trailer := footerLength u32 ‖ crc32(sealed footer) u32 ‖ footerOffset u64 ‖ "PFSHTAIL"
 *
 * Its name is the SHA-256 of all its bytes. All numbers are little-endian.
 */
export const PACK_VERSION = 1;
export const HEADER_BYTES = 16;
export const TRAILER_BYTES = 24;
const HEADER_MAGIC = Buffer.from('PFSHPACK', 'ascii');
const TRAILER_MAGIC = Buffer.from('PFSHTAIL', 'ascii');

export function encodeHeader(sealed: boolean): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  HEADER_MAGIC.copy(header);
  header.writeUInt32LE(PACK_VERSION, 8);
  header.writeUInt32LE(sealed ? 1 : 0, 12);
  return header;
}

export function encodeTrailer(sealedFooter: Buffer, footerOffset: number): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(sealedFooter.length, 0);
  trailer.writeUInt32LE(crc32(sealedFooter), 4);
  trailer.writeBigUInt64LE(BigInt(footerOffset), 8);
  TRAILER_MAGIC.copy(trailer, 16);
  return trailer;
}

/** Whether the header of a pack says that it is sealed; false for anything that is no pack. */
export function isSealedPack(fs: FileSystem, path: string): boolean {
  try {
    const header = readSmallFile(fs, path, HEADER_BYTES).subarray(0, HEADER_BYTES);
    return header.subarray(0, 8).equals(HEADER_MAGIC) && (header[12] ?? 0) % 2 === 1;
  } catch {
    // What cannot be read is reported by whoever needs it.
    return false;
  }
}

/** Reads and checks the contents table of a pack file. Throws TRUNCATED, DAMAGED, TAMPERED, NEWER_VERSION. */
export function readPackTable(fs: FileSystem, fd: number, sealer: Sealer): PackTable {
  const size = fs.stat(fd).sizeBytes;
  if (size < HEADER_BYTES + TRAILER_BYTES) throw truncated(size);
  checkHeader(readAt(fs, fd, 0, HEADER_BYTES), sealer.encrypted);
  const trailer = readAt(fs, fd, size - TRAILER_BYTES, TRAILER_BYTES);
  const length = trailer.readUInt32LE(0);
  const offset = Number(trailer.readBigUInt64LE(8));
  const fits = length <= MAX_FOOTER_BYTES && offset + length + TRAILER_BYTES === size;
  // Where the numbers fit the file ends where it should: then it is the magic that was changed.
  if (!trailer.subarray(16).equals(TRAILER_MAGIC) && !fits) throw truncated(size);
  if (!trailer.subarray(16).equals(TRAILER_MAGIC) || !fits) throw malformed('the trailer does not fit');
  const sealed = readAt(fs, fd, offset, length);
  if (crc32(sealed) !== trailer.readUInt32LE(4)) throw malformed('the footer fails its checksum');
  const table = parseFooter(sealer.open(sealed, 'footer'), HEADER_BYTES);
  if (table.offsets[table.recordCount] !== offset) throw malformed('records and footer do not meet');
  return table;
}

function checkHeader(header: Buffer, sealed: boolean): void {
  if (!header.subarray(0, 8).equals(HEADER_MAGIC)) throw malformed('not a pack file');
  const version = header.readUInt32LE(8);
  if (version > PACK_VERSION) {
    throw new PilotfishError(
      'NEWER_VERSION',
      `a pack has format ${version}, this Pilotfish reads ${PACK_VERSION}: update Pilotfish`,
    );
  }
  if (version === 0 || header.readUInt32LE(12) !== (sealed ? 1 : 0))
    throw malformed('the pack header does not fit');
}

/** Opens the frame of one record: `frame` is exactly the record's bytes in the pack. */
export function openFrame(frame: Buffer, sealer: Sealer): PackRecord {
  const reader = new WireReader(frame);
  const length = reader.varint(MAX_RECORD_BYTES);
  const crc = reader.u32();
  const sealed = reader.rest();
  if (sealed.length !== length) throw malformed(`a record of ${length} bytes has ${sealed.length}`);
  if (crc32(sealed) !== crc) throw malformed('a record fails its checksum');
  return decodeRecord(sealer.open(sealed, 'record'));
}

function truncated(size: number): PilotfishError {
  return new PilotfishError(
    'TRUNCATED',
    `a pack of ${size} bytes ends before its footer: run \`pilotfish verify\``,
  );
}
