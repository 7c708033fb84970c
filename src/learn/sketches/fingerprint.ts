/** A 64-bit fingerprint as two unsigned 32-bit halves: bits 0 to 31 and 32 to 63. */
export type Fingerprint = { readonly low: number; readonly high: number };

/** Set bits of a 32-bit word. */
export function bitCount(word: number): number {
  let sum = word - ((word >>> 1) & 0x55555555);
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333);
  sum = (sum + (sum >>> 4)) & 0x0f0f0f0f;
  return Math.imul(sum, 0x01010101) >>> 24;
}

/** In how many of 64 bits two fingerprints differ. Similarity is 1 - distance / 64. */
export function hammingDistance(a: Fingerprint, b: Fingerprint): number {
  return bitCount(a.low ^ b.low) + bitCount(a.high ^ b.high);
}
