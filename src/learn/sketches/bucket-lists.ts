/** A chunk is 128 bytes: the next chunk, the number of entries here, and up to 15 entries of two words. */
const CHUNK_WORDS = 32;
const NEXT = 0;
const COUNT = 1;
const FIRST = 2;
const CHUNK_ENTRIES = 15;

/**
 * Lists of entries, a slot and a word to judge it by, in a fixed number of buckets: chunks from one pool, only the
 * first of a bucket not full. Scanning a bucket reads memory in order.
 */
export class BucketLists {
  /** Chunk 0 is none. A caller scans `words[at + 2 i]`, the slot, and `words[at + 2 i + 1]`, its word. */
  words = new Uint32Array(CHUNK_WORDS * 64);
  readonly #heads: Uint32Array;
  #chunks = 1;
  /** First of the chunks given back, or 0. */
  #free = 0;

  constructor(buckets: number) {
    this.#heads = new Uint32Array(buckets);
  }

  /** The bucket's first chunk; 0 when it is empty. */
  first(bucket: number): number {
    return this.#heads[bucket] as number;
  }

  /** The chunk after this one; 0 after the last. */
  next(chunk: number): number {
    return this.words[chunk * CHUNK_WORDS + NEXT] as number;
  }

  /** Index in `words` of the chunk's first entry. */
  begin(chunk: number): number {
    return chunk * CHUNK_WORDS + FIRST;
  }

  /** Index in `words` behind its last entry. */
  end(chunk: number): number {
    return this.begin(chunk) + 2 * (this.words[chunk * CHUNK_WORDS + COUNT] as number);
  }

  add(bucket: number, slot: number, word: number): void {
    const head = this.#heads[bucket] as number;
    const full = head === 0 || this.words[head * CHUNK_WORDS + COUNT] === CHUNK_ENTRIES;
    const chunk = full ? this.#take(head) : head;
    this.#heads[bucket] = chunk;
    const at = this.end(chunk);
    this.words[at] = slot;
    this.words[at + 1] = word;
    this.#resize(chunk, 1);
  }

  /** The slot must be in the bucket. The last entry of the first chunk moves into the gap. */
  remove(bucket: number, slot: number): void {
    const gap = this.#indexOf(bucket, slot);
    const head = this.#heads[bucket] as number;
    const last = this.end(head) - 2;
    this.words[gap] = this.words[last] as number;
    this.words[gap + 1] = this.words[last + 1] as number;
    this.#resize(head, -1);
    if (last > this.begin(head)) return;
    this.#heads[bucket] = this.next(head);
    this.words[head * CHUNK_WORDS + NEXT] = this.#free;
    this.#free = head;
  }

  #resize(chunk: number, by: number): void {
    const at = chunk * CHUNK_WORDS + COUNT;
    this.words[at] = (this.words[at] as number) + by;
  }

  #indexOf(bucket: number, slot: number): number {
    let chunk = this.first(bucket);
    let at = this.begin(chunk);
    while (this.words[at] !== slot) {
      at += 2;
      if (at < this.end(chunk)) continue;
      chunk = this.next(chunk);
      at = this.begin(chunk);
    }
    return at;
  }

  /** An empty chunk in front of `next`. */
  #take(next: number): number {
    let chunk = this.#free;
    if (chunk === 0) {
      chunk = this.#chunks;
      this.#chunks += 1;
      if (this.#chunks * CHUNK_WORDS > this.words.length) this.#grow();
    } else this.#free = this.next(chunk);
    this.words[chunk * CHUNK_WORDS + NEXT] = next;
    this.words[chunk * CHUNK_WORDS + COUNT] = 0;
    return chunk;
  }

  #grow(): void {
    const grown = new Uint32Array(this.words.length * 2);
    grown.set(this.words);
    this.words = grown;
  }
}
