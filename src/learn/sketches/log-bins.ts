/**
 * Counts of whole-numbered bins, dense, at most `limit` of them: when they would be more, the lowest share one. What
 * it holds depends on what was added, not on the order.
 */
export class LogBins {
  readonly #limit: number;
  #counts = new Float64Array(0);
  #lowest = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Number of the lowest bin. */
  get lowest(): number {
    return this.#lowest;
  }

  /** Counts from the lowest bin to the highest; shares memory. */
  get counts(): Float64Array {
    return this.#counts;
  }

  add(bin: number, count: number): void {
    const highest = this.#lowest + this.#counts.length - 1;
    if (this.#counts.length === 0) this.#cover(bin, bin);
    else if (bin > highest) this.#cover(this.#lowest, bin);
    else if (bin < this.#lowest) this.#cover(bin, highest);
    const at = Math.max(bin - this.#lowest, 0);
    this.#counts[at] = (this.#counts[at] as number) + count;
  }

  /** Bins from `from`, or as far down as the limit allows, to `to`. */
  #cover(from: number, to: number): void {
    const lowest = Math.max(from, to - this.#limit + 1);
    const [counts, shift] = [this.#counts, this.#lowest - lowest];
    if (shift === 0 && counts.length === to - lowest + 1) return;
    this.#counts = new Float64Array(to - lowest + 1);
    this.#lowest = lowest;
    counts.forEach((count, i) => {
      const at = Math.max(i + shift, 0);
      this.#counts[at] = (this.#counts[at] as number) + count;
    });
  }
}
