import { SAMPLE_BYTES, type Sample, takeSample } from './sample.ts';

const BYTE_VALUES = 256;
const MAX_BITS = 8;

const histogram = new Uint32Array(BYTE_VALUES);

/** `n log2 n` for every count a sample can hold, and nearly all of a block: 33 KB that save 256 logarithms. */
const COUNT_BITS = Float64Array.from({ length: SAMPLE_BYTES + 1 }, (_, n) => (n < 2 ? 0 : n * Math.log2(n)));

/**
 * Shannon entropy of `data` in bits per byte, 0 to 8, from a sample of at most `maxBytes` (128 to
 * 4096). The plug-in estimate is too low on few bytes; the Miller-Madow term `(distinct - 1) / (2 n ln 2)`
 * corrects the first order of that. Order-0: `abcabcabc` counts as log2(3), whatever its repetition.
 *
 * Source: Miller 1955, "Note on the bias of information estimates".
 */
export function entropyBits(data: Uint8Array, maxBytes = SAMPLE_BYTES): number {
  return histogramEntropyBits(countBytes(takeSample(data, maxBytes)));
}

/** How often each byte value occurs in a sample: 256 counts, valid until the next call. */
export function countBytes(sample: Sample): Uint32Array {
  histogram.fill(0);
  const { bytes, length } = sample;
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] as number;
    histogram[byte] = (histogram[byte] as number) + 1;
  }
  return histogram;
}

/** Corrected entropy, in bits per symbol, 0 to 8, of at most 256 counts. */
export function histogramEntropyBits(counts: Uint32Array): number {
  let total = 0;
  let distinct = 0;
  let bits = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] as number;
    total += count;
    if (count > 0) distinct++;
    bits += COUNT_BITS[count] ?? count * Math.log2(count);
  }
  if (total === 0) return 0;
  const plugIn = Math.log2(total) - bits / total;
  const corrected = plugIn + (distinct - 1) / (2 * total * Math.LN2);
  return Math.min(MAX_BITS, Math.max(0, corrected));
}
