import { ADDENDS, FEATURE_COUNT, MULTIPLIERS, maxBlockBytes, minBlockBytes } from './parameters.ts';

/** What the kernel answers for one block. */
export type ChunkResult = { readonly length: number; readonly features: readonly number[] };

/**
 * The definition in ./parameters.ts in plain TypeScript; the kernel must agree bit for bit.
 * The 64-bit hash is held as two unsigned 32-bit halves.
 */
export class ChunkOracle {
  readonly #averageBytes: number;
  readonly #gearHigh: Uint32Array;
  readonly #gearLow: Uint32Array;

  constructor(averageBytes: number, gear: BigUint64Array) {
    this.#averageBytes = averageBytes;
    this.#gearHigh = Uint32Array.from(gear, (entry) => Number(entry >> 32n));
    this.#gearLow = Uint32Array.from(gear, (entry) => Number(entry & 0xffffffffn));
  }

  /** Length and features of the block that begins at `data[0]` when nothing follows `data`. */
  next(data: Uint8Array, sampleBits: number): ChunkResult {
    const features = new Uint32Array(FEATURE_COUNT);
    const limit = Math.min(data.length, maxBlockBytes(this.#averageBytes));
    let high = 0;
    let low = 0;
    let length = 0;
    while (length < limit) {
      const byte = data[length++] as number;
      const sum = ((low << 1) >>> 0) + (this.#gearLow[byte] as number);
      high =
        (((high << 1) | (low >>> 31)) + (this.#gearHigh[byte] as number) + (sum > 0xffffffff ? 1 : 0)) >>> 0;
      low = sum >>> 0;
      if (topBitsAreZero(high, sampleBits)) takeSample(features, ((high << 7) | (low >>> 25)) >>> 0);
      if (this.#isCut(high, length)) break;
    }
    return { length, features: Array.from(features) };
  }

  #isCut(high: number, length: number): boolean {
    if (length < minBlockBytes(this.#averageBytes)) return false;
    const log2 = Math.log2(this.#averageBytes);
    return topBitsAreZero(high, length < this.#averageBytes ? log2 + 1 : log2 - 1);
  }
}

/** Whether a 64-bit number with this upper half is below `2^(64 - bits)`. */
function topBitsAreZero(high: number, bits: number): boolean {
  return high >>> (32 - bits) === 0;
}

function takeSample(features: Uint32Array, x: number): void {
  for (let i = 0; i < FEATURE_COUNT; i++) {
    const linear = (Math.imul(MULTIPLIERS[i] as number, x) + (ADDENDS[i] as number)) >>> 0;
    features[i] = Math.max(features[i] as number, linear);
  }
}
