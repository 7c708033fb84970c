import { KIB } from '../../base/index.ts';
import { RATIO_GATE, zstdEncode } from '../codec/index.ts';

/** A small block goes into a group unless its delta is smaller than this share of it: a group does about as well. */
export const SMALL_DELTA_SHARE = 0.1;
/** A delta this small is taken without trying the plain form. */
const OBVIOUS_DELTA_SHARE = 0.2;

/** The zstd level of a delta. Measured: below 32 KiB level 9 takes longer for 0.1 %; above, 3 leaves 5 %, at MiB sizes more. */
export const usualDeltaLevel = (rawBytes: number): number => (rawBytes <= 32 * KIB ? 6 : 9);

/** The delta of a block, or undefined where the encoder refuses the base: it may look like a trained dictionary. */
export function deltaOf(raw: Uint8Array, base: Uint8Array, level: number): Uint8Array | undefined {
  try {
    return zstdEncode(raw, { level, base });
  } catch {
    return undefined;
  }
}

/** Whether a delta is so small that the block alone need not be tried. */
export const paysAtOnce = (rawBytes: number, deltaBytes: number): boolean =>
  deltaBytes < rawBytes * OBVIOUS_DELTA_SHARE;

/** Whether a delta is worth one more step to the raw bytes, given what the block takes alone. */
export const paysBesideAlone = (aloneBytes: number, deltaBytes: number): boolean =>
  deltaBytes < aloneBytes * RATIO_GATE;

/** Whether the delta of a small block is better than a place in a group. */
export const paysBesideGroup = (rawBytes: number, deltaBytes: number): boolean =>
  deltaBytes < rawBytes * SMALL_DELTA_SHARE;
