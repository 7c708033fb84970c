/**
 * Definition of blocks and features, shared by the kernel and its oracle. Part of the repository
 * format: a changed number here changes every root.
 *
 * - Hash: `h = (h << 1) + gear[byte]` in 64 bits, `h = 0` where a block begins, rolled over every byte.
 * - Sample: taken after a byte when `h < 2^(64 - sampleBits)`, unsigned. With `x = u32(h >> 25)` each
 *   feature becomes `max(feature, multiplier * x + addend)` in 32 unsigned bits. A block without any
 *   sample has 12 zeros: no features.
 * - Cut: after a byte when the block is `minBytes` long and `h < 2^(64 - bits)`, where
 *   `bits = log2(average) + 1` below the average length and `log2(average) - 1` from it on; at
 *   `maxBytes` in any case. Every cut by hash is also a sample.
 *
 * Source: FastCDC, normalised (Xia et al., 2016 and 2020); features after Odess (Zou et al., 2021).
 */

/** Average block lengths a repository may fix, in bytes. */
export const AVERAGE_BYTES: readonly number[] = [16, 32, 64, 128, 256].map((kib) => kib * 1024);

/** Resemblance features per block. */
export const FEATURE_COUNT = 12;

/** Largest `sampleBits`: below it every cut is a sample, at every average. The smallest is 1. */
export const MAX_SAMPLE_BITS = 12;

/** Shortest block before the end of the input, in bytes. */
export function minBlockBytes(averageBytes: number): number {
  return averageBytes / 4;
}

/** Longest block, in bytes. */
export function maxBlockBytes(averageBytes: number): number {
  return averageBytes * 4;
}

/** Seed of the two tables below: the low 32 bits of successive splitmix64 outputs, multipliers made odd. */
export const FEATURE_SEED = 0x70696c6f74666973n;

/** One odd multiplier per feature. */
export const MULTIPLIERS: readonly number[] = [
  0x8c945fbd, 0x6101ec11, 0xfc3176a7, 0x9a76dedd, 0x3257356f, 0xa3111711, 0x24d31dbb, 0x94fa39bf, 0x6c9c47e1,
  0x804f46ff, 0xf0990c29, 0xc19749a5,
];

/** One addend per feature. */
export const ADDENDS: readonly number[] = [
  0xeb0b4a5e, 0x4116855f, 0xfafae29b, 0x3426c854, 0x969477ba, 0x8c515aa9, 0x39bf9353, 0xc76169c9, 0x9370751a,
  0xd59d9228, 0x7cd8519f, 0x83b5a1ae,
];
