/** Weight of the newest value in a running mean: the five newest make two thirds of it. */
const NEWEST_WEIGHT = 0.2;
/** Names remembered at once; the one not heard of for longest goes first. */
const REMEMBERED = 65_536;

/** A running mean that starts from what is assumed when nothing is known. */
export class RunningMean {
  value: number;

  constructor(start: number) {
    this.value = start;
  }

  add(value: number): void {
    this.value += NEWEST_WEIGHT * (value - this.value);
  }
}

/**
 * Running mean of the ratios of other blocks. The newest ratio waits until another block is asked about: several events
 * tell of one block, and what the first says is an outcome of the second.
 */
export class EarlierRatios {
  readonly #mean = new RunningMean(0.5);
  #newest: { readonly block: string; readonly ratio: number } | undefined;

  /** The mean as it was before anything about `block`. */
  before(block: string): number {
    if (this.#newest !== undefined && this.#newest.block !== block) {
      this.#mean.add(Math.min(1, this.#newest.ratio));
      this.#newest = undefined;
    }
    return this.#mean.value;
  }

  /** Call after `before` of the same block. */
  note(block: string, ratio: number): void {
    this.#newest = { block, ratio };
  }
}

/** What is known by name, of the names heard of last. */
export class Remembered<Known> {
  readonly #known = new Map<string, Known>();
  readonly #make: () => Known;

  constructor(make: () => Known) {
    this.#make = make;
  }

  /** What is known of `name`; for a name not heard of, what is known of nobody. */
  of(name: string): Known {
    const known = this.#known.get(name) ?? this.#make();
    this.#known.delete(name);
    this.#known.set(name, known);
    if (this.#known.size > REMEMBERED) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    return known;
  }
}
