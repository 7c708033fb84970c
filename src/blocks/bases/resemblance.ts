import { FEATURE_COUNT } from '../../signals/index.ts';
import { NEUTRAL_RATIO } from '../questions.ts';

/** Newest entries looked at per feature. */
const BUCKET_DEPTH = 16;
/** 16 bits are kept of each: two of twelve by chance is one block in 2^26 or so. */
const FEATURE_MASK = 0xffff;
/** Bytes an entry takes: features and links 96, heads 48, the id text about 100, depth and ratio 2. */
export const RESEMBLANCE_ENTRY_BYTES = 256;
const SCRATCH_SLOTS = 1024;
const NONE = -1;

/** What a stored / raw of 0 to 2 is kept as: 8 bits, of which the last value means that it is not known. */
const RATIO_STEPS = 127;
const UNKNOWN_RATIO = 255;
/** Most that one look-up can ask for. */
const MAX_FOUND = 16;

/** A block as the index keeps it. */
export interface IndexedBlock {
  readonly id: string;
  readonly depth: number;
  readonly rawLength: number;
  /** Stored / raw of the record it lies in; unknown until it is encoded. */
  readonly storedRatio?: number | undefined;
}

/** A stored block that shares features with the one asked about. */
export interface Resemblance {
  readonly id: string;
  readonly shared: number;
  readonly depth: number;
  readonly rawLength: number;
  /** Its number in the index: neighbours were stored one after the other. */
  readonly sequence: number;
  /** Entries added since. */
  readonly age: number;
  /** Stored / raw of the record it lies in; 0.5, which no record has, when not known. */
  readonly storedRatio: number;
}

/** A class, so that the engine knows the kind of each field and writes numbers in place. */
class Found implements Resemblance {
  id = '';
  shared = 0;
  depth = 0;
  rawLength = 0;
  sequence = NONE;
  age = 0;
  storedRatio = NEUTRAL_RATIO;
}
const NONE_FOUND: readonly Resemblance[] = [];

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
  readonly #ratios: Uint8Array;
  readonly #scratchSeq = new Int32Array(SCRATCH_SLOTS).fill(NONE);
  readonly #scratchCount = new Uint8Array(SCRATCH_SLOTS);
  /** Slots of the scratch table in use during a look-up. */
  readonly #touched = new Uint16Array(FEATURE_COUNT * BUCKET_DEPTH);
  #touchedCount = 0;
  /** The best so far: sequence numbers and shared features. */
  readonly #bestSeq = new Int32Array(MAX_FOUND);
  readonly #bestShared = new Uint8Array(MAX_FOUND);
  /** Reused for every answer. */
  readonly #pool = Array.from({ length: MAX_FOUND }, () => new Found());
  readonly #found: Found[] = [];
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
    this.#ratios = new Uint8Array(this.#capacity);
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Adds a block; returns its sequence number, with which its depth can be set later. */
  add(features: Uint32Array, block: IndexedBlock): number {
    const seq = this.#next++;
    const slot = seq % this.#capacity;
    this.#ids[slot] = block.id;
    this.#depths[slot] = block.depth;
    this.#rawLengths[slot] = block.rawLength;
    this.#ratios[slot] = ratioByte(block.storedRatio);
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

  /** Sets what a block and the record it lies in came to, stored / raw. */
  setStoredRatio(seq: number, storedRatio: number): void {
    if (this.#isKept(seq)) this.#ratios[seq % this.#capacity] = ratioByte(storedRatio);
  }

  /**
   * The blocks sharing most features, best first, ties to the newest; only those with depth < `depthLimit` and at
   * least `minShared` shared features, at most `count` and never more than 16. The answer is valid until the next
   * look-up; asking allocates nothing.
   */
  find(
    features: Uint32Array,
    limits: { count: number; depthLimit: number; minShared: number },
  ): readonly Resemblance[] {
    this.#touchedCount = 0;
    for (let i = 0; i < FEATURE_COUNT; i++) this.#countBucket(i, (features[i] as number) & FEATURE_MASK);
    const most = Math.min(limits.count, MAX_FOUND);
    let count = 0;
    for (let i = 0; i < this.#touchedCount; i++) {
      const at = this.#touched[i] as number;
      const seq = this.#scratchSeq[at] as number;
      const shared = this.#scratchCount[at] as number;
      this.#scratchSeq[at] = NONE;
      if (shared >= limits.minShared && (this.#depths[seq % this.#capacity] as number) < limits.depthLimit) {
        count = this.#keepBest(seq, shared, count, most);
      }
    }
    return this.#describeAll(count);
  }

  /** Puts an entry in its place among the best; returns how many there are then. */
  #keepBest(seq: number, shared: number, count: number, most: number): number {
    let at = count;
    while (at > 0 && this.#isBetter(seq, shared, at - 1)) at -= 1;
    if (at === most) return count;
    const kept = Math.min(count + 1, most);
    this.#bestSeq.copyWithin(at + 1, at, kept - 1);
    this.#bestShared.copyWithin(at + 1, at, kept - 1);
    this.#bestSeq[at] = seq;
    this.#bestShared[at] = shared;
    return kept;
  }

  #isBetter(seq: number, shared: number, than: number): boolean {
    const other = this.#bestShared[than] as number;
    return shared > other || (shared === other && seq > (this.#bestSeq[than] as number));
  }

  /** An array that is emptied gives its memory back: this one is only ever cut to what is found. */
  #describeAll(count: number): readonly Resemblance[] {
    if (count === 0) return NONE_FOUND;
    const found = this.#found;
    for (let i = 0; i < count; i++) found[i] = this.#describe(i);
    found.length = count;
    return found;
  }

  #describe(place: number): Resemblance {
    const seq = this.#bestSeq[place] as number;
    const slot = seq % this.#capacity;
    const found = this.#pool[place] as Found;
    const ratio = this.#ratios[slot] as number;
    found.id = this.#ids[slot] as string;
    found.shared = this.#bestShared[place] as number;
    found.depth = this.#depths[slot] as number;
    found.rawLength = this.#rawLengths[slot] as number;
    found.sequence = seq;
    found.age = this.#next - seq;
    // Two branches and no `? :`, whose result the engine would box.
    if (ratio === UNKNOWN_RATIO) found.storedRatio = NEUTRAL_RATIO;
    else found.storedRatio = ratio / RATIO_STEPS;
    return found;
  }

  #countBucket(feature: number, value: number): void {
    let seq = this.#heads[(value & this.#bucketMask) * FEATURE_COUNT + feature] as number;
    for (let steps = 0; steps < BUCKET_DEPTH && this.#isKept(seq); steps++) {
      const slot = (seq % this.#capacity) * FEATURE_COUNT + feature;
      if (this.#features[slot] === value) this.#count(seq);
      seq = this.#previous[slot] as number;
    }
  }

  /** Counts in a small open-addressed table: at most 12 × 16 entries in 1024 slots, cleared by `find`. */
  #count(seq: number): void {
    let at = (seq * 0x9e3779b1) >>> 22;
    while (this.#scratchSeq[at] !== NONE && this.#scratchSeq[at] !== seq) at = (at + 1) % SCRATCH_SLOTS;
    if (this.#scratchSeq[at] === NONE) {
      this.#scratchSeq[at] = seq;
      this.#scratchCount[at] = 0;
      this.#touched[this.#touchedCount++] = at;
    }
    this.#scratchCount[at] = (this.#scratchCount[at] as number) + 1;
  }

  #isKept(seq: number): boolean {
    return seq >= 0 && seq >= this.#next - this.#capacity;
  }
}

const ratioByte = (ratio: number | undefined): number =>
  ratio === undefined ? UNKNOWN_RATIO : Math.min(2 * RATIO_STEPS, Math.round(ratio * RATIO_STEPS));

/** True when a block was long enough to be sampled at all. */
export function hasFeatures(features: Uint32Array): boolean {
  for (let i = 0; i < FEATURE_COUNT; i++) if (features[i] !== 0) return true;
  return false;
}
