import type { CodecSteps } from '../../blocks/index.ts';

/** Blocks up to this are decided without looking at them: looking would cost more than a wrong choice. */
const UNSAMPLED_BYTES = 16 * 1024;
/** Whether a block is too small to be looked at. */
export const isUnsampled = (rawBytes: number): boolean => rawBytes <= UNSAMPLED_BYTES;
const PROBE_UP_TO = 1e8;
const SAMPLE_UP_TO = 1e9;

/**
 * What is measured of a block before the question, by its size and the link alone. The faster the link, the less a
 * better choice saves: 5 µs are 1 % of sending 64 KiB at 1 Gbit/s and 10 % at 10 Gbit/s. An unknown link (0) counts as
 * a fast one until receipts say otherwise.
 */
export function stepsFor(rawBytes: number, linkBitsPerSecond: number): CodecSteps {
  if (isUnsampled(rawBytes) || linkBitsPerSecond === 0 || linkBitsPerSecond > SAMPLE_UP_TO) return 'none';
  return linkBitsPerSecond > PROBE_UP_TO ? 'entropy' : 'entropy+probe';
}
