import { createHash } from 'node:crypto';
import { KIB, PilotfishError } from '../../base/index.ts';
import { AVERAGE_BYTES } from '../../signals/index.ts';

export const DEFAULT_AVERAGE_BYTES = 64 * KIB;

/** Checks an average block size: 16, 32, 64, 128 or 256 KiB. Throws USAGE. */
export function checkAverageBytes(averageBytes: number): number {
  if (!AVERAGE_BYTES.includes(averageBytes)) {
    const allowed = AVERAGE_BYTES.map((bytes) => bytes / KIB).join(', ');
    throw new PilotfishError(
      'USAGE',
      `an average block of ${averageBytes / KIB} KiB is not offered: use one of ${allowed}`,
    );
  }
  return averageBytes;
}

/**
 * 256 random 64-bit numbers that decide where blocks end: entry b is the first 8 bytes (LE) of
 * SHA-256(seed ‖ b). Frozen: another table would move every boundary.
 */
export function gearTable(seed: Uint8Array): BigUint64Array {
  const gear = new BigUint64Array(256);
  for (let byte = 0; byte < 256; byte++) {
    const digest = createHash('sha256')
      .update(seed)
      .update(Buffer.from([byte]))
      .digest();
    gear[byte] = digest.readBigUInt64LE(0);
  }
  return gear;
}
