/** A chunk is 64 bytes, a cache line: the next chunk, how many slots are in this one, and up to 14 slots. */
const CHUNK_WORDS = 16;
const CHUNK_SLOTS = 14;
const NEXT = 0;
const COUNT = 1;
const FIRST = 2;

/** Lists of numbers in a fixed number of buckets: chunks from one pool, only the first of a bucket not full. */
export class BucketLists {
  /** Chunk 0 is none. `words[chunk * 16]` is the next chunk, then the count, then the slots. */
  words = new Uint32Array(CHUNK_WORDS * 64);
  readonly #heads: Uint32Array;
  #chunks = 1;
  #free = 0;

  constructor(buckets: number) {
    this.#heads = new Uint32Array(buckets);
  }

  /** Index in `words` of the bucket's first chunk; 0 when it is empty. */
  first(bucket: number): number {
    return (this.#heads[bucket] as number) * CHUNK_WORDS;
  }

  /** Index of the chunk after the one at `at`; 0 after the last. */
  next(at: number): number {
    return (this.words[at + NEXT] as number) * CHUNK_WORDS;
  }

  /** Where the slots of the chunk at `at` end; they begin at `at + 2`. */
  end(at: number): number {
    return at + FIRST + (this.words[at + COUNT] as number);
  }

  add(bucket: number, slot: number): void {
    const head = this.#heads[bucket] as number;
    const full = head === 0 || this.words[head * CHUNK_WORDS + COUNT] === CHUNK_SLOTS;
    const chunk = full ? this.#take() : head;
    const at = chunk * CHUNK_WORDS;
    if (full) {
      this.words[at + NEXT] = head;
      this.words[at + COUNT] = 0;
      this.#heads[bucket] = chunk;
    }
    const count = this.words[at + COUNT] as number;
    this.words[at + FIRST + count] = slot;
    this.words[at + COUNT] = count + 1;
  }

  /** The last slot of the bucket's first chunk moves into the gap. */
  remove(bucket: number, slot: number): void {
    const gap = this.#indexOf(bucket, slot);
    const head = this.#heads[bucket] as number;
    const at = head * CHUNK_WORDS;
    const count = (this.words[at + COUNT] as number) - 1;
    this.words[gap] = this.words[at + FIRST + count] as number;
    this.words[at + COUNT] = count;
    if (count > 0) return;
    this.#heads[bucket] = this.words[at + NEXT] as number;
    this.words[at + NEXT] = this.#free;
    this.#free = head;
  }

  #indexOf(bucket: number, slot: number): number {
    for (let at = this.first(bucket); ; at = this.next(at)) {
      const found = this.words.subarray(at + FIRST, this.end(at)).indexOf(slot);
      if (found >= 0) return at + FIRST + found;
    }
  }

  #take(): number {
    if (this.#free !== 0) {
      const chunk = this.#free;
      this.#free = this.words[chunk * CHUNK_WORDS + NEXT] as number;
      return chunk;
    }
    if ((this.#chunks + 1) * CHUNK_WORDS > this.words.length) {
      const grown = new Uint32Array(this.words.length * 2);
      grown.set(this.words);
      this.words = grown;
    }
    this.#chunks += 1;
    return this.#chunks - 1;
  }
}
