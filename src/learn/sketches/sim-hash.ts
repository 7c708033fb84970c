import { PilotfishError, Rng } from '../../base/index.ts';
import { wholeNumber } from '../contract/index.ts';
import { BitVotes } from './bit-votes.ts';
import type { Fingerprint } from './fingerprint.ts';

const KEY_RANGE = [0, Number.MAX_SAFE_INTEGER] as const;

/** Bytes a shingle, read as a little-endian word; one starts at every byte. */
const SHINGLE_BYTES = 4;

/**
 * SimHash of bytes (Charikar 2002; Manku, Jain, Das Sarma 2007): every four consecutive bytes are hashed to 64 bits,
 * and a bit of the fingerprint is 1 when more than half of the hashes have it set. Data that share most of their
 * shingles get fingerprints that differ in few bits. The key keeps fingerprints of different stores apart; it is no
 * protection from someone who has the content. What it computes is frozen: fingerprints are stored.
 */
export class SimHash {
  readonly #keyLow: number;
  readonly #keyHigh: number;
  readonly #low = new BitVotes();
  readonly #high = new BitVotes();
  readonly #fingerprint = { low: 0, high: 0 };

  /** @throws PilotfishError `USAGE` unless `key` is a whole number from 0. */
  constructor({ key = 0 }: { readonly key?: number } = {}) {
    const word = new Rng(wholeNumber('key', key, KEY_RANGE)).nextU64();
    this.#keyLow = Number(word & 0xffffffffn) | 0;
    this.#keyHigh = Number(word >> 32n) | 0;
  }

  /**
   * The fingerprint of `data`; the object is reused by the next call. Fewer than four bytes are filled with zeros.
   * @throws PilotfishError `EMPTY` for no bytes.
   */
  fingerprint(data: Uint8Array): Fingerprint {
    if (data.length === 0) throw new PilotfishError('EMPTY', 'no bytes; there is nothing to fingerprint');
    const shingles = Math.max(1, data.length - SHINGLE_BYTES + 1);
    this.#low.clear();
    this.#high.clear();
    this.#vote(data, shingles);
    const half = Math.floor(shingles / 2);
    this.#fingerprint.low = this.#low.above(half);
    this.#fingerprint.high = this.#high.above(half);
    return this.#fingerprint;
  }

  #vote(data: Uint8Array, shingles: number): void {
    const [keyLow, keyHigh, low, high] = [this.#keyLow, this.#keyHigh, this.#low, this.#high];
    // The three bytes before the newest; missing ones count as zero.
    let shingle = ((data[0] as number) << 8) | ((data[1] ?? 0) << 16) | ((data[2] ?? 0) << 24);
    let next = SHINGLE_BYTES - 1;
    const lastFour = next + shingles - 3;
    for (; next < lastFour; next += 4) {
      const a = (shingle >>> 8) | ((data[next] as number) << 24);
      const b = (a >>> 8) | ((data[next + 1] as number) << 24);
      const c = (b >>> 8) | ((data[next + 2] as number) << 24);
      const d = (c >>> 8) | ((data[next + 3] as number) << 24);
      low.addFour(mixLow(a ^ keyLow), mixLow(b ^ keyLow), mixLow(c ^ keyLow), mixLow(d ^ keyLow));
      high.addFour(mixHigh(a ^ keyHigh), mixHigh(b ^ keyHigh), mixHigh(c ^ keyHigh), mixHigh(d ^ keyHigh));
      shingle = d;
    }
    for (; next < SHINGLE_BYTES - 1 + shingles; next += 1) {
      shingle = (shingle >>> 8) | ((data[next] ?? 0) << 24);
      low.addOne(mixLow(shingle ^ keyLow));
      high.addOne(mixHigh(shingle ^ keyHigh));
    }
  }
}

/** A bijection of 32-bit words with little bias, found by search (Wellons 2018, "Prospecting for hash functions"). */
function mixLow(word: number): number {
  const a = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  const b = Math.imul(a ^ (a >>> 15), 0x735a2d97);
  return b ^ (b >>> 15);
}

/** Another one: the finaliser of MurmurHash3 (Appleby 2011). */
function mixHigh(word: number): number {
  const a = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  const b = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return b ^ (b >>> 16);
}
