/** Counters up to 2^32: more shingles than a typed array holds. */
const PLANES = 32;

/**
 * Counts for each of 32 bit positions in how many words the bit is set. Bit-sliced: plane p holds bit p of all 32
 * counters, so that one addition serves them all, and full adders take four words at a time (Harley, Seal; in Warren,
 * Hacker's Delight, 5-1).
 */
export class BitVotes {
  readonly #planes = new Int32Array(PLANES);

  clear(): void {
    this.#planes.fill(0);
  }

  addOne(word: number): void {
    this.#carry(word, 0);
  }

  addFour(a: number, b: number, c: number, d: number): void {
    const planes = this.#planes;
    const ones = planes[0] as number;
    const onesAndA = ones ^ a;
    const firstTwos = (ones & a) | (onesAndA & b);
    const threeOnes = onesAndA ^ b;
    const fourOnes = threeOnes ^ c;
    const secondTwos = (threeOnes & c) | (fourOnes & d);
    planes[0] = fourOnes ^ d;
    const twos = planes[1] as number;
    const mixed = twos ^ firstTwos;
    planes[1] = mixed ^ secondTwos;
    this.#carry((twos & firstTwos) | (mixed & secondTwos), 2);
  }

  #carry(word: number, from: number): void {
    const planes = this.#planes;
    let carry = word;
    for (let p = from; carry !== 0; p += 1) {
      const plane = planes[p] as number;
      planes[p] = plane ^ carry;
      carry &= plane;
    }
  }

  /** The bits that were set more than `limit` times, as an unsigned word: all counters are compared plane by plane. */
  above(limit: number): number {
    let above = 0;
    let equal = -1;
    for (let p = PLANES - 1; p >= 0; p -= 1) {
      const plane = this.#planes[p] as number;
      const bit = -((limit >>> p) & 1);
      above |= equal & plane & ~bit;
      equal &= ~(plane ^ bit);
    }
    return above >>> 0;
  }
}
