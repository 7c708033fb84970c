/** A size of window: the half before and the half that is new, each in rising order. */
type Level = {
  readonly half: number;
  before: Uint16Array;
  fresh: Uint16Array;
  filled: number;
};

/**
 * The last values of a stream at several sizes, each twice the one before. A window of n values is compared with the
 * baseline at every n / 2, by a walk over its two sorted halves: exactly, ties included. Halves are merged on the way up.
 * The distance of a window is at most the mean of those of its halves, which are cheap; where that is less than what
 * could matter, the walk is left out. Nothing is allocated.
 */
export class WindowTower {
  /** Of the sizes compared at the last block: the distance, or where it cannot matter a bound of it; NaN for the others. */
  readonly distances: Float64Array;
  /** By size, the least distance that matters. */
  readonly needed: Float64Array;
  readonly #below: Float64Array;
  /** Distances of the two halves by size. Numbers stay in arrays: returned ones would be put on the heap. */
  readonly #halves: Float64Array;
  readonly #levels: readonly Level[];

  /**
   * @param below shares of the baseline by half of the code, as `DriftBaseline` has them
   * @param half values in a half of the smallest window
   */
  constructor(below: Float64Array, { half, sizes }: { readonly half: number; readonly sizes: number }) {
    this.#below = below;
    this.distances = new Float64Array(sizes).fill(Number.NaN);
    this.needed = new Float64Array(sizes);
    this.#halves = new Float64Array(2 * sizes);
    this.#levels = Array.from({ length: sizes }, (_, level) => {
      const size = half * 2 ** level;
      const halves = { before: new Uint16Array(size), fresh: new Uint16Array(size) };
      return { half: size, ...halves, filled: 0 };
    });
  }

  /** Takes half a window of the smallest size, in any order. Copies it. */
  add(codes: Uint16Array): void {
    this.distances.fill(Number.NaN);
    const bottom = this.#levels[0] as Level;
    bottom.fresh.set(codes);
    bottom.fresh.sort();
    this.#complete(0);
  }

  /** Empties all windows. */
  clear(): void {
    for (const level of this.#levels) level.filled = 0;
    this.distances.fill(Number.NaN);
  }

  isFull(level: number): boolean {
    return (this.#levels[level] as Level).filled >= 2;
  }

  /** The distance of the last window of a size. */
  distanceOf(level: number): number {
    const { before, fresh } = this.#levels[level] as Level;
    const found = new Float64Array(1);
    this.#walkBoth(before, fresh, found, 0);
    return found[0] as number;
  }

  /** Calls back with every code of the last window of a size, in no order. */
  visit(level: number, take: (code: number) => void): void {
    const { before, fresh } = this.#levels[level] as Level;
    for (const code of before) take(code);
    for (const code of fresh) take(code);
  }

  /** The new half of a level is there. */
  #complete(at: number): void {
    const level = this.#levels[at] as Level;
    const { before, fresh } = level;
    this.#walk(fresh, this.#halves, 2 * at + 1);
    if (level.filled > 0) {
      const bound = ((this.#halves[2 * at] as number) + (this.#halves[2 * at + 1] as number)) / 2;
      if (bound < (this.needed[at] as number)) this.distances[at] = bound;
      else this.#walkBoth(before, fresh, this.distances, at);
    }
    level.filled += 1;
    this.#halves[2 * at] = this.#halves[2 * at + 1] as number;
    // The older half is overwritten by the next one.
    level.before = fresh;
    level.fresh = before;
    const above = this.#levels[at + 1];
    // Every other time, so that the halves above do not overlap.
    if (above === undefined || level.filled % 2 === 1) return;
    merge(before, fresh, above.fresh);
    this.#complete(at + 1);
  }

  /** The Kolmogorov-Smirnov distance of sorted codes and the baseline. */
  #walk(codes: Uint16Array, into: Float64Array, at: number): void {
    const below = this.#below;
    const { length } = codes;
    const share = 1 / length;
    let distance = 0;
    for (let i = 0; i < length; ) {
      const code = codes[i] as number;
      const under = (below[code >>> 1] as number) - i * share;
      i += 1;
      while (i < length && codes[i] === code) i += 1;
      const over = i * share - (below[(code + 1) >>> 1] as number);
      if (over > distance) distance = over;
      if (under > distance) distance = under;
    }
    into[at] = distance;
  }

  /** The same of two sorted halves together. */
  #walkBoth(first: Uint16Array, second: Uint16Array, into: Float64Array, at: number): void {
    const below = this.#below;
    const { length } = first;
    const share = 1 / (2 * length);
    let i = 0;
    let j = 0;
    let distance = 0;
    let a = first[0] as number;
    let b = second[0] as number;
    while (i < length || j < length) {
      const code = Math.min(a, b);
      const under = (below[code >>> 1] as number) - (i + j) * share;
      while (a === code) {
        i += 1;
        a = i < length ? (first[i] as number) : END;
      }
      while (b === code) {
        j += 1;
        b = j < length ? (second[j] as number) : END;
      }
      const over = (i + j) * share - (below[(code + 1) >>> 1] as number);
      if (over > distance) distance = over;
      if (under > distance) distance = under;
    }
    into[at] = distance < ROUNDING ? 0 : distance;
  }

  /** What a restart needs; `restore` takes it back. */
  snapshot(): SavedTower {
    return {
      filled: this.#levels.map(({ filled }) => filled),
      halves: this.#levels.flatMap(({ before, fresh }) => [before.slice(), fresh.slice()]),
    };
  }

  /** @returns whether it fits; a tower that was not restored is as before */
  restore({ filled, halves }: SavedTower): boolean {
    const fits =
      filled.length === this.#levels.length &&
      this.#levels.every(({ half }, at) => [0, 1].every((side) => halves[2 * at + side]?.length === half));
    if (!fits) return false;
    this.#levels.forEach((level, at) => {
      level.filled = filled[at] as number;
      level.before.set(halves[2 * at] as Uint16Array);
      level.fresh.set(halves[2 * at + 1] as Uint16Array);
      this.#walk(level.before, this.#halves, 2 * at);
    });
    return true;
  }
}

/** What a tower is after a restart: of each size the two halves. */
export type SavedTower = { readonly filled: readonly number[]; readonly halves: readonly Uint16Array[] };

/** A distance below is none: shares of equal counts may differ in their last digit. */
const ROUNDING = 1e-12;

/** Above every code. */
const END = 0xffffffff;

function merge(first: Uint16Array, second: Uint16Array, into: Uint16Array): void {
  let i = 0;
  let j = 0;
  for (let at = 0; at < into.length; at += 1) {
    const takesFirst =
      j === second.length || (i < first.length && (first[i] as number) <= (second[j] as number));
    into[at] = takesFirst ? (first[i++] as number) : (second[j++] as number);
  }
}
