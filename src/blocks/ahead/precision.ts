/** Most candidates that are followed at once. */
const FOLLOWED = 8192;
/** A class is judged by about so many of its latest candidates. */
const MEMORY = 256;
/** Candidates that what is expected beforehand counts for. */
const PRIOR_WEIGHT = 4;
/** What became of blocks that were read says more, for it knows how long the cache keeps them: weights of the two. */
const MAX_FOLLOWED_WEIGHT = 16;
const MAX_READ_WEIGHT = 64;
/** Before any of its blocks was read a class has the benefit of the doubt, for a block or two. */
const DOUBT_WEIGHT = 2;
const DOUBT_SHARE = 0.5;

/**
 * How often the candidates of each class were asked for within the next accesses, lately. Every candidate is followed,
 * whether or not it was read: a source that is not trusted can earn trust.
 */
export class RunningPrecision {
  readonly #share: Float64Array;
  readonly #seen: Uint16Array;
  /** The same of those that were read. */
  readonly #readShare: Float64Array;
  readonly #read: Uint16Array;
  readonly #keys = new Int32Array(FOLLOWED);
  readonly #classes = new Int32Array(FOLLOWED);
  readonly #since = new Float64Array(FOLLOWED);
  readonly #horizon: number;
  #first = 0;
  #count = 0;

  /**
   * @param horizon accesses after which a candidate that was not asked for counts as wrong
   * @param expected share of right candidates of each class before any was seen
   */
  constructor(classes: number, horizon: number, expected: (index: number) => number) {
    this.#horizon = horizon;
    this.#share = Float64Array.from({ length: classes }, (_, index) => expected(index));
    this.#seen = new Uint16Array(classes).fill(PRIOR_WEIGHT);
    this.#readShare = new Float64Array(classes).fill(DOUBT_SHARE);
    this.#read = new Uint16Array(classes).fill(DOUBT_WEIGHT);
  }

  /** Share of the candidates of a class that were asked for in time. */
  of(index: number): number {
    const [read, followed] = [
      this.#read[index] as number,
      Math.min(MAX_FOLLOWED_WEIGHT, this.#seen[index] as number),
    ];
    const sum = read * (this.#readShare[index] as number) + followed * (this.#share[index] as number);
    return sum / (read + followed);
  }

  /** A block of this class that was read was asked for, or evicted before anyone did. */
  became(index: number, wasUsed: boolean): void {
    const read = Math.min(MAX_READ_WEIGHT, (this.#read[index] as number) + 1);
    const before = this.#readShare[index] as number;
    this.#read[index] = read;
    this.#readShare[index] = before + ((wasUsed ? 1 : 0) - before) / read;
  }

  /** A candidate of a class was named at access `now`. */
  follow(key: number, index: number, now: number): void {
    if (this.#count === FOLLOWED) return;
    const at = (this.#first + this.#count) % FOLLOWED;
    this.#keys[at] = key;
    this.#classes[at] = index;
    this.#since[at] = now;
    this.#count += 1;
  }

  /** Judges candidates whose time is over at access `now`; `latest` is when a key was asked for last. */
  settle(now: number, latest: Float64Array): void {
    while (this.#count > 0 && now - (this.#since[this.#first] as number) >= this.#horizon) {
      const at = this.#first;
      const wasAsked = (latest[this.#keys[at] as number] as number) > (this.#since[at] as number);
      const index = this.#classes[at] as number;
      const seen = Math.min(MEMORY, (this.#seen[index] as number) + 1);
      const before = this.#share[index] as number;
      this.#seen[index] = seen;
      this.#share[index] = before + ((wasAsked ? 1 : 0) - before) / seen;
      this.#first = (at + 1) % FOLLOWED;
      this.#count -= 1;
    }
  }
}
