import { randomBytes } from 'node:crypto';

/**
 * Chance as an argument. Generator: splitmix64 (Steele, Lea, Flood 2014): tiny, seedable and splittable;
 * not for keys, which come from `secureBytes`.
 */
export class Rng {
  #state: bigint;

  constructor(seed: number | bigint) {
    this.#state = BigInt.asUintN(64, BigInt(seed));
  }

  /** The next 64 random bits. */
  nextU64(): bigint {
    this.#state = BigInt.asUintN(64, this.#state + 0x9e3779b97f4a7c15n);
    let z = this.#state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  }

  /** A number in [0, 1) with 53 random bits. */
  next(): number {
    return Number(this.nextU64() >> 11n) / 2 ** 53;
  }

  /** A whole number in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** `length` random bytes. */
  bytes(length: number): Buffer {
    const out = Buffer.alloc(Math.ceil(length / 8) * 8);
    for (let i = 0; i < out.length; i += 8) out.writeBigUInt64LE(this.nextU64(), i);
    return out.subarray(0, length);
  }

  /** An independent generator; the parent moves on by one draw. */
  split(): Rng {
    return new Rng(this.nextU64() ^ 0x5851f42d4c957f2dn);
  }
}

/** Where unpredictable bytes come from: the operating system, or a seeded source in tests. */
export type RandomSource = (length: number) => Buffer;

/** Bytes fit for keys, nonces and names that must not collide. */
export const secureBytes: RandomSource = (length) => randomBytes(length);

/** A replayable source for tests. */
export function seededBytes(seed: number): RandomSource {
  const rng = new Rng(seed);
  return (length) => rng.bytes(length);
}
