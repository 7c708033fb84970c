/** Decisions that wait in one line. */
const PLACES = 32_768;

/** Counts a decision. */
export type Count = (isModel: boolean, share: number, value: number) => void;

/**
 * Decisions whose cost is known late, and at an age that depends on what was decided: counted in the order they were made.
 * In the order they become known, a look in between would see more of the cheap ones of one side. When the line is full,
 * decisions of either side are left out until there is place again. Nothing is allocated.
 */
export class LateLine {
  readonly #ids = new Float64Array(PLACES);
  readonly #isModel = new Uint8Array(PLACES);
  readonly #shares = new Float64Array(PLACES);
  /** NaN: not known yet. */
  readonly #values = new Float64Array(PLACES);
  /** Places, modulo their number: the next to be counted, and the next to be taken. */
  #first = 0;
  #end = 0;

  /** Waits for what a decision comes to; of greater ids than those before. */
  open(decisionId: number, isModel: boolean, share: number): void {
    if (this.#end - this.#first >= PLACES) return;
    const at = this.#end % PLACES;
    this.#ids[at] = decisionId;
    this.#isModel[at] = isModel ? 1 : 0;
    this.#shares[at] = share;
    this.#values[at] = Number.NaN;
    this.#end += 1;
  }

  /** What a decision came to; the first time counts, and one that does not wait is none. */
  settle(decisionId: number, value: number, count: Count): void {
    const at = this.#placeOf(decisionId);
    if (at === undefined || !Number.isNaN(this.#values[at])) return;
    this.#values[at] = value;
    for (; this.#first < this.#end; this.#first += 1) {
      const next = this.#first % PLACES;
      const known = this.#values[next] as number;
      if (Number.isNaN(known)) return;
      count(this.#isModel[next] === 1, this.#shares[next] as number, known);
    }
  }

  #placeOf(decisionId: number): number | undefined {
    let [low, high] = [this.#first, this.#end];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#ids[middle % PLACES] as number) < decisionId) low = middle + 1;
      else high = middle;
    }
    return low < this.#end && this.#ids[low % PLACES] === decisionId ? low % PLACES : undefined;
  }
}
