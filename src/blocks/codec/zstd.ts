import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { PilotfishError } from '../../base/index.ts';

/** Largest window a reader must offer: a base and a block of 1 MiB each need 2^21; groups stay below. */
const MAX_WINDOW_LOG = 23;
/** Above this size the encoder's own tables take many MiB to clear; smaller ones cost 0.1 % and save 5 % of the time. */
const LARGE_BYTES = 256 * 1024;
const LARGE_TABLE_LOG = 18;
const MAX_CHUNK_BYTES = 2 * 1024 * 1024;

/**
 * zstd through node:zlib. `pledgedSrcSize` matters twice: the frame then declares its size, and the encoder
 * sizes its tables for the input instead of for a stream (at 4 KiB half of the time goes into clearing them).
 */
export function zstdEncode(raw: Uint8Array, options: { level: number; base?: Uint8Array }): Uint8Array {
  const params: Record<number, number> = { [constants.ZSTD_c_compressionLevel]: options.level };
  if (options.base === undefined) {
    if (raw.length > LARGE_BYTES) {
      params[constants.ZSTD_c_hashLog] = LARGE_TABLE_LOG;
      params[constants.ZSTD_c_chainLog] = LARGE_TABLE_LOG;
    }
    return zstdCompressSync(raw, { params, pledgedSrcSize: raw.length, chunkSize: chunkBytes(raw.length) });
  }
  // The window must cover base and block, or the far end of the base cannot be referred to.
  params[constants.ZSTD_c_windowLog] = windowLogFor(raw.length + options.base.length);
  const size = { pledgedSrcSize: raw.length, chunkSize: chunkBytes(raw.length) };
  return zstdCompressSync(raw, { params, ...size, dictionary: options.base });
}

/** Decodes at most `rawLength` bytes; throws on anything that would give more. */
export function zstdDecode(stored: Uint8Array, rawLength: number, base?: Uint8Array): Buffer {
  const params = { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG };
  const options = { params, maxOutputLength: Math.max(rawLength, 1), chunkSize: chunkBytes(rawLength) };
  try {
    return zstdDecompressSync(stored, base === undefined ? options : { ...options, dictionary: base });
  } catch (cause) {
    throw new PilotfishError(
      'DAMAGED',
      `a zstd payload does not decode to ${rawLength} bytes: run \`pilotfish verify --data\``,
      { cause },
    );
  }
}

/** Room for the whole output in one piece: the default of 16 KiB makes node:zlib copy and join. */
function chunkBytes(rawLength: number): number {
  return Math.min(1024 + rawLength + (rawLength >> 7), MAX_CHUNK_BYTES);
}

function windowLogFor(bytes: number): number {
  return Math.max(10, Math.ceil(Math.log2(Math.max(bytes, 2))) + 1);
}
