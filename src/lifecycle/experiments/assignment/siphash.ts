/** Halves of the initial state, `somepseudorandomlygeneratedbytes` in ASCII. */
const [S0H, S0L, S1H, S1L] = [0x736f6d65, 0x70736575, 0x646f7261, 0x6e646f6d];
const [S2H, S2L, S3H, S3L] = [0x6c796765, 0x6e657261, 0x74656462, 0x79746573];
const KEY_BYTES = 16;
const COMPRESSION_ROUNDS = 2;
const FINAL_ROUNDS = 4;
const FINAL_MARK = 0xff;

/**
 * SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash of short messages to 64 bits, whose values tell nothing of those
 * under another key. 64-bit words are kept as two halves of 32, because BigInt is fifty times slower.
 */
export class SipHash {
  readonly #key: Int32Array;
  /** The halves of the last hash, as signed numbers of 32 bits. */
  high = 0;
  low = 0;

  /** @param key 16 bytes */
  constructor(key: Uint8Array) {
    const view = new DataView(key.buffer, key.byteOffset, KEY_BYTES);
    this.#key = Int32Array.of(0, 4, 8, 12).map((at) => view.getInt32(at, true));
  }

  /**
   * Hashes the first `length` bytes into `high` and `low`.
   * @param bytes with at least 7 bytes of room after `length`, which are not read into the hash
   */
  hash(bytes: Uint8Array, length: number): void {
    const key = this.#key;
    const [k0l, k0h] = [key[0] as number, key[1] as number];
    const [k1l, k1h] = [key[2] as number, key[3] as number];
    let [v0h, v0l, v1h, v1l] = [S0H ^ k0h, S0L ^ k0l, S1H ^ k1h, S1L ^ k1l];
    let [v2h, v2l, v3h, v3l] = [S2H ^ k0h, S2L ^ k0l, S3H ^ k1h, S3L ^ k1l];
    const last = length & ~7;
    for (let at = 0; at <= last + 8; at += 8) {
      let [low, high] = [0, 0];
      let rounds = COMPRESSION_ROUNDS;
      if (at > last) {
        v2l ^= FINAL_MARK;
        rounds = FINAL_ROUNDS;
      } else if (at < last) {
        low = wordAt(bytes, at);
        high = wordAt(bytes, at + 4);
      } else {
        low = tailAt(bytes, at, length);
        high = tailAt(bytes, at + 4, length) | (length << 24);
      }
      v3h ^= high;
      v3l ^= low;
      for (let round = 0; round < rounds; round += 1) {
        let sum = (v0l + v1l) | 0;
        v0h = (v0h + v1h + (sum >>> 0 < v0l >>> 0 ? 1 : 0)) | 0;
        v0l = sum;
        sum = (v2l + v3l) | 0;
        v2h = (v2h + v3h + (sum >>> 0 < v2l >>> 0 ? 1 : 0)) | 0;
        v2l = sum;
        let turned = (v1h << 13) | (v1l >>> 19);
        v1l = ((v1l << 13) | (v1h >>> 19)) ^ v0l;
        v1h = turned ^ v0h;
        turned = (v3h << 16) | (v3l >>> 16);
        v3l = ((v3l << 16) | (v3h >>> 16)) ^ v2l;
        v3h = turned ^ v2h;
        // v0 turned by 32 bits is v0 with its halves changed over.
        turned = v0h;
        sum = (v0h + v3l) | 0;
        v0h = (v0l + v3h + (sum >>> 0 < turned >>> 0 ? 1 : 0)) | 0;
        v0l = sum;
        sum = (v2l + v1l) | 0;
        v2h = (v2h + v1h + (sum >>> 0 < v2l >>> 0 ? 1 : 0)) | 0;
        v2l = sum;
        turned = (v3h << 21) | (v3l >>> 11);
        v3l = ((v3l << 21) | (v3h >>> 11)) ^ v0l;
        v3h = turned ^ v0h;
        turned = (v1h << 17) | (v1l >>> 15);
        v1l = ((v1l << 17) | (v1h >>> 15)) ^ v2l;
        v1h = turned ^ v2h;
        turned = v2h;
        v2h = v2l;
        v2l = turned;
      }
      v0h ^= high;
      v0l ^= low;
    }
    this.high = v0h ^ v1h ^ v2h ^ v3h;
    this.low = v0l ^ v1l ^ v2l ^ v3l;
  }
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) |
  ((bytes[at + 1] as number) << 8) |
  ((bytes[at + 2] as number) << 16) |
  ((bytes[at + 3] as number) << 24);

/** The word at a place near the end: 0 beyond it. */
function tailAt(bytes: Uint8Array, at: number, length: number): number {
  let word = 0;
  for (let i = Math.min(length, at + 4) - 1; i >= at; i -= 1) word = (word << 8) | (bytes[i] as number);
  return word;
}
