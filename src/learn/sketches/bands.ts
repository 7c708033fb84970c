import { bitCount } from './fingerprint.ts';

/** The 64 bits are cut into five bands of 13, 13, 13, 13 and 12 bits. */
export const BANDS = 5;
export const BAND_BITS: readonly number[] = [13, 13, 13, 13, 12];

/** Buckets of all bands: a bucket for every value of a band, one band behind the other. */
export const BUCKETS = BAND_BITS.reduce((sum, bits) => sum + 2 ** bits, 0);

/**
 * Ten different bits would have to be spread so that every band holds two: at up to nine some band differs in at most
 * one (and at up to four some band not at all), so that this band's bucket, or one a bit away, has the fingerprint.
 */
export const COMPLETE_DISTANCE = 9;
export const EXACT_DISTANCE = 4;

/** The value of a band: five small extractions, of which the third crosses the halves. */
export function bandValue(band: number, low: number, high: number): number {
  if (band === 0) return low & 0x1fff;
  if (band === 1) return (low >>> 13) & 0x1fff;
  if (band === 2) return (low >>> 26) | ((high & 0x7f) << 6);
  if (band === 3) return (high >>> 7) & 0x1fff;
  return high >>> 20;
}

/** The half that a band says nothing or least about. */
export const otherHalf = (band: number, low: number, high: number): number => (band < 2 ? high : low);

/** Index of a band's bucket among all. */
export const bucketOf = (band: number, value: number): number => band * 0x2000 + value;

/**
 * Whether a fingerprint that differs in the bits `low` and `high` is met in an earlier probe than the one of `band`
 * with the bit `flip` (or none, 0) changed: all exact probes come first, band by band, then those one bit away.
 */
export function metBefore(band: number, flip: number, low: number, high: number): boolean {
  for (let other = 0; other < BANDS; other += 1) {
    const differs = bandValue(other, low, high);
    if (differs === 0 && (flip !== 0 || other < band)) return true;
    if (flip !== 0 && other < band && bitCount(differs) === 1) return true;
  }
  return false;
}
