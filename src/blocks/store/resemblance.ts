import { FEATURE_COUNT } from '../../signals/index.ts';

/** Newest entries looked at per feature. */
const BUCKET_DEPTH = 16;
/** 16 bits are kept of each: two of twelve by chance is one block in 2^26 or so. */
const FEATURE_MASK = 0xffff;
/** Bytes an entry takes: features and links 96, heads 48, the id text about 100, depth 1. */
export const RESEMBLANCE_ENTRY_BYTES = 256;
const SCRATCH_SLOTS = 1024;
const NONE = -1;

/** A stored block that shares features with the one asked about. */
export interface Resemblance {
  readonly id: string;
  readonly shared: number;
  readonly depth: number;
  readonly rawLength: number;
  /** Entries added since. */
  readonly age: number;
}

/**
 * Which stored blocks look like a new one: best of 12 features, each the maximum of a hash over content-defined
 * samples (Odess, DCC 2021). A ring of fixed capacity keeps the newest blocks; per feature a hash chain leads
 * from the newest entry back, and the newest 16 are counted. What falls out of the ring can no longer be found
 * as a base: that costs size, never correctness.
 */
export class ResemblanceIndex {
  readonly #capacity: number;
  readonly #bucketMask: number;
  readonly #features: Uint32Array;
  /** Sequence number of the previous entry in the same bucket. */
  readonly #previous: Int32Array;
  readonly #heads: Int32Array;
  readonly #ids: string[] = [];
  readonly #depths: Uint8Array;
  readonly #rawLengths: Uint32Array;
  readonly #scratchSeq = new Int32Array(SCRATCH_SLOTS).fill(NONE);
  readonly #scratchCount = new Uint8Array(SCRATCH_SLOTS);
  #next = 0;

  constructor(budgetBytes: number) {
    this.#capacity = Math.max(16, Math.floor(budgetBytes / RESEMBLANCE_ENTRY_BYTES));
    const buckets = 2 ** Math.ceil(Math.log2(this.#capacity));
    this.#bucketMask = buckets - 1;
    this.#features = new Uint32Array(this.#capacity * FEATURE_COUNT);
    this.#previous = new Int32Array(this.#capacity * FEATURE_COUNT);
    this.#heads = new Int32Array(buckets * FEATURE_COUNT).fill(NONE);
    this.#depths = new Uint8Array(this.#capacity);
    this.#rawLengths = new Uint32Array(this.#capacity);
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Adds a block; returns its sequence number, with which its depth can be set later. */
  add(features: Uint32Array, block: { id: string; depth: number; rawLength: number }): number {
    const seq = this.#next++;
    const slot = seq % this.#capacity;
    this.#ids[slot] = block.id;
    this.#depths[slot] = block.depth;
    this.#rawLengths[slot] = block.rawLength;
    for (let i = 0; i < FEATURE_COUNT; i++) {
      const feature = (features[i] as number) & FEATURE_MASK;
      const head = (feature & this.#bucketMask) * FEATURE_COUNT + i;
      this.#features[slot * FEATURE_COUNT + i] = feature;
      this.#previous[slot * FEATURE_COUNT + i] = this.#heads[head] as number;
      this.#heads[head] = seq;
    }
    return seq;
  }

  setDepth(seq: number, depth: number): void {
    if (this.#isKept(seq)) this.#depths[seq % this.#capacity] = depth;
  }

  /**
   * The blocks sharing most features, best first, ties to the newest; only those with depth < `depthLimit` and at
   * least `minShared` shared features.
   */
  find(
    features: Uint32Array,
    limits: { count: number; depthLimit: number; minShared: number },
  ): Resemblance[] {
    const touched: number[] = [];
    for (let i = 0; i < FEATURE_COUNT; i++)
      this.#countBucket(i, (features[i] as number) & FEATURE_MASK, touched);
    const found: { seq: number; shared: number }[] = [];
    for (const at of touched) {
      const seq = this.#scratchSeq[at] as number;
      const shared = this.#scratchCount[at] as number;
      this.#scratchSeq[at] = NONE;
      if (shared >= limits.minShared && (this.#depths[seq % this.#capacity] as number) < limits.depthLimit) {
        found.push({ seq, shared });
      }
    }
    found.sort((a, b) => b.shared - a.shared || b.seq - a.seq);
    return found.slice(0, limits.count).map(({ seq, shared }) => this.#describe(seq, shared));
  }

  #describe(seq: number, shared: number): Resemblance {
    const slot = seq % this.#capacity;
    return {
      id: this.#ids[slot] as string,
      shared,
      depth: this.#depths[slot] as number,
      rawLength: this.#rawLengths[slot] as number,
      age: this.#next - seq,
    };
  }

  #countBucket(feature: number, value: number, touched: number[]): void {
    let seq = this.#heads[(value & this.#bucketMask) * FEATURE_COUNT + feature] as number;
    for (let steps = 0; steps < BUCKET_DEPTH && this.#isKept(seq); steps++) {
      const slot = (seq % this.#capacity) * FEATURE_COUNT + feature;
      if (this.#features[slot] === value) this.#count(seq, touched);
      seq = this.#previous[slot] as number;
    }
  }

  /** Counts in a small open-addressed table: at most 12 × 16 entries in 1024 slots, cleared by `find`. */
  #count(seq: number, touched: number[]): void {
    let at = (seq * 0x9e3779b1) >>> 22;
    while (this.#scratchSeq[at] !== NONE && this.#scratchSeq[at] !== seq) at = (at + 1) % SCRATCH_SLOTS;
    if (this.#scratchSeq[at] === NONE) {
      this.#scratchSeq[at] = seq;
      this.#scratchCount[at] = 0;
      touched.push(at);
    }
    this.#scratchCount[at] = (this.#scratchCount[at] as number) + 1;
  }

  #isKept(seq: number): boolean {
    return seq >= 0 && seq >= this.#next - this.#capacity;
  }
}

/** True when a block was long enough to be sampled at all. */
export function hasFeatures(features: Uint32Array): boolean {
  for (let i = 0; i < FEATURE_COUNT; i++) if (features[i] !== 0) return true;
  return false;
}
