import { assert } from '../base/index.ts';

/** Most bytes any measure of this room looks at. */
export const SAMPLE_BYTES = 4096;

/** Length of one contiguous stretch of a sample, in bytes. */
const STRETCH_BYTES = 64;

const scratch = new Uint8Array(SAMPLE_BYTES);

/** Bytes to measure: `length` of them, in contiguous stretches of `stretch` bytes laid end to end. */
export type Sample = { readonly bytes: Uint8Array; readonly length: number; readonly stretch: number };

/**
 * A fixed stratified sample: all of `data` when it fits into `maxBytes`, else stretches of 64 bytes
 * at equal distances, the first at the beginning and the last at the end. No chance is involved.
 * The bytes live in a buffer shared by all samples: use them before the next one is taken.
 *
 * @param maxBytes 128 to 4096; only whole stretches are used
 */
export function takeSample(data: Uint8Array, maxBytes = SAMPLE_BYTES): Sample {
  assert(
    maxBytes >= 2 * STRETCH_BYTES && maxBytes <= SAMPLE_BYTES,
    'sample length outside 128 to 4096 bytes',
  );
  if (data.length <= maxBytes) return { bytes: data, length: data.length, stretch: data.length };
  const stretches = Math.floor(maxBytes / STRETCH_BYTES);
  const span = data.length - STRETCH_BYTES;
  let to = 0;
  for (let i = 0; i < stretches; i++) {
    const from = Math.floor((i * span) / (stretches - 1));
    for (let at = from; at < from + STRETCH_BYTES; at++) scratch[to++] = data[at] as number;
  }
  return { bytes: scratch, length: to, stretch: STRETCH_BYTES };
}

/** A copy of the sample that every measure of this room looks at, at most `maxBytes` long. */
export function sampleBytes(data: Uint8Array, maxBytes = SAMPLE_BYTES): Uint8Array {
  const { bytes, length } = takeSample(data, maxBytes);
  return new Uint8Array(bytes.subarray(0, length));
}
