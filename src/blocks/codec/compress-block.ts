import { PilotfishError } from '../../base/index.ts';
import { type CodecChoice, type CodecName, encode, parseAlgorithm } from './registry.ts';

/** Document 000: a compressed form is kept only when compressed / raw is below this. */
export const RATIO_GATE = 0.9;

export interface CompressedBlock {
  readonly bytes: Uint8Array;
  /** The codec really used: `none` when compressing did not pay. */
  readonly algorithm: CodecName;
}

/**
 * Compresses one block (document 000, `compress_block`).
 *
 * @param data raw bytes
 * @param options.algorithm `none`, `lz4`, `snappy`, `zstd` or `zstd-1` … `zstd-19`
 * @throws USAGE for any other algorithm
 */
export function compressBlock(data: Uint8Array, options: { algorithm: string }): CompressedBlock {
  const choice = parseAlgorithm(options.algorithm);
  if (choice === undefined) {
    throw new PilotfishError(
      'USAGE',
      `unknown algorithm ${options.algorithm}: use none, lz4, snappy, zstd or zstd-1 to zstd-19`,
    );
  }
  return compressGated(choice, data);
}

/** Encodes and applies the ratio gate. An encoder that throws does not pay either. */
export function compressGated(choice: CodecChoice, raw: Uint8Array): CompressedBlock {
  if (choice.codec !== 'none' && raw.length > 0) {
    try {
      const bytes = encode(choice, raw);
      if (bytes.length < raw.length * RATIO_GATE) return { bytes, algorithm: choice.codec };
    } catch {
      // The block is stored raw below, which is always right; only the size suffers.
    }
  }
  return { bytes: raw, algorithm: 'none' };
}
