import { brotliDecompressSync, constants } from 'node:zlib';
import { PilotfishError } from '../../base/index.ts';

/** Largest decoded data file: a bomb ends here. */
export const MAX_DECODED_BYTES = 512 * 1024 * 1024;
const RECORD = 512;

/** Decodes a brotli file, large window included. @throws PilotfishError `DAMAGED`, `LIMIT`. */
export function decodeBrotli(path: string, bytes: Uint8Array): Buffer {
  try {
    return brotliDecompressSync(bytes, {
      maxOutputLength: MAX_DECODED_BYTES,
      params: { [constants.BROTLI_DECODER_PARAM_LARGE_WINDOW]: 1 },
    });
  } catch (error) {
    const tooLarge = error instanceof RangeError;
    throw tooLarge
      ? new PilotfishError('LIMIT', `${path} decodes to more than 512 MiB; split it`, { cause: error, path })
      : new PilotfishError('DAMAGED', `${path} is no brotli file; fetch it again`, { cause: error, path });
  }
}

/**
 * Regular files of a ustar archive (POSIX.1-1988), in its order; names without a leading `./`. Contents are views.
 * @throws PilotfishError `DAMAGED` when the archive is cut or a size does not parse.
 */
export function* readUstar(path: string, archive: Buffer): Generator<{ name: string; bytes: Buffer }> {
  for (let at = 0; at + RECORD <= archive.length && archive[at] !== 0; ) {
    const header = archive.subarray(at, at + RECORD);
    const sizeText = textOf(header, 124, 12).trim();
    const size = /^[0-7]{1,11}$/.test(sizeText) ? Number.parseInt(sizeText, 8) : Number.NaN;
    const start = at + RECORD;
    if (!(start + size <= archive.length)) {
      throw new PilotfishError('DAMAGED', `${path} is no whole tar archive; fetch it again`, { path });
    }
    const type = header[156];
    if (type === 0 || type === 0x30) {
      const prefix = textOf(header, 345, 155);
      const name = `${prefix === '' ? '' : `${prefix}/`}${textOf(header, 0, 100)}`;
      yield { name: name.replace(/^\.\//, ''), bytes: archive.subarray(start, start + size) };
    }
    at = start + Math.ceil(size / RECORD) * RECORD;
  }
}

function textOf(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
}
