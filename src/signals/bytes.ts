import { countBytes, histogramEntropyBits } from './entropy.ts';
import { type Sample, takeSample } from './sample.ts';

/** What the bytes of a block look like, measured on a sample of at most 4 KiB; shares are 0 to 1. */
export type ByteStatistics = {
  /** Bytes looked at, 0 to 4096. */
  readonly sampledBytes: number;
  /** Corrected Shannon entropy, bits per byte, 0 to 8. */
  readonly entropyBits: number;
  /** Distinct byte values, 0 to 256. */
  readonly distinct: number;
  /** Share of printable ASCII, tab, line feed and carriage return. */
  readonly printableShare: number;
  /** Share of zero bytes. */
  readonly zeroShare: number;
  /** Share of bytes from 128 on. */
  readonly highBitShare: number;
  /** Share of bytes equal to the byte before them. */
  readonly repeatShare: number;
  /** Mean absolute difference of neighbouring bytes, 0 to 255. */
  readonly meanStep: number;
  /** Pearson correlation of neighbouring bytes, -1 to 1; 1 where neighbours are equal, 0 below two bytes. */
  readonly correlation: number;
};

/** Measures `data`: one pass over its sample and one over the histogram of that. */
export function byteStatistics(data: Uint8Array): ByteStatistics {
  const sample = takeSample(data);
  const counts = countBytes(sample);
  const share = (from: number, to: number) => ratio(sumCounts(counts, from, to), sample.length);
  const blank = share(0x09, 0x0a) + share(0x0d, 0x0d);
  return {
    sampledBytes: sample.length,
    entropyBits: histogramEntropyBits(counts),
    distinct: counts.reduce((distinct, count) => distinct + (count > 0 ? 1 : 0), 0),
    printableShare: Math.min(1, share(0x20, 0x7e) + blank),
    zeroShare: share(0x00, 0x00),
    highBitShare: share(0x80, 0xff),
    ...neighbours(sample),
  };
}

/** Occurrences of the byte values `from` to `to`, both included. */
function sumCounts(counts: Uint32Array, from: number, to: number): number {
  let sum = 0;
  for (let value = from; value <= to; value++) sum += counts[value] as number;
  return sum;
}

type Neighbours = Pick<ByteStatistics, 'repeatShare' | 'meanStep' | 'correlation'>;

/** Measures over pairs of neighbouring bytes; no pair spans two stretches of the sample. */
function neighbours({ bytes, length, stretch }: Sample): Neighbours {
  let pairs = 0;
  let repeats = 0;
  let steps = 0;
  let sumX = 0;
  let sumY = 0;
  let sumXX = 0;
  let sumYY = 0;
  let sumXY = 0;
  for (let from = 0; from < length; from += stretch) {
    let x = bytes[from] as number;
    for (let at = from + 1; at < from + stretch; at++) {
      const y = bytes[at] as number;
      if (x === y) repeats++;
      steps += Math.abs(x - y);
      sumX += x;
      sumY += y;
      sumXX += x * x;
      sumYY += y * y;
      sumXY += x * y;
      x = y;
    }
    pairs += stretch - 1;
  }
  const deviationX = pairs * sumXX - sumX * sumX;
  const deviationY = pairs * sumYY - sumY * sumY;
  const covariance = pairs * sumXY - sumX * sumY;
  return {
    repeatShare: ratio(repeats, pairs),
    meanStep: ratio(steps, pairs),
    correlation: steps === 0 && pairs > 0 ? 1 : clampedCorrelation(covariance, deviationX * deviationY),
  };
}

function clampedCorrelation(covariance: number, variances: number): number {
  if (variances === 0) return 0;
  return Math.min(1, Math.max(-1, covariance / Math.sqrt(variances)));
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
