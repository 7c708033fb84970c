/** Share of the blocks asked for that may be read ahead and never used. */
export const WASTE_SHARE = 0.1;
/** Accesses over which the share holds, besides the whole run. */
export const WINDOW = 4096;
/** So many blocks may always be under way: a run of 80 blocks would else have no more than a run of one. */
const LEAST_BLOCKS = 8;

/**
 * Keeps wasted blocks within a share of those asked for, over the run and over every window of it. What was issued and
 * is not yet used counts as wasted: whatever becomes of it, the share holds.
 */
export class WasteBudget {
  /** Wasted at each of the latest accesses. */
  readonly #recent = new Uint16Array(WINDOW);
  #demand = 0;
  #wasted = 0;
  #wastedLately = 0;
  #pending = 0;

  /** A block was asked for. */
  demand(): void {
    this.#demand += 1;
    const at = this.#demand % WINDOW;
    this.#wastedLately -= this.#recent[at] as number;
    this.#recent[at] = 0;
  }

  issued(): void {
    this.#pending += 1;
  }

  used(): void {
    this.#pending -= 1;
  }

  waste(): void {
    this.#pending -= 1;
    this.#wasted += 1;
    this.#wastedLately += 1;
    const at = this.#demand % WINDOW;
    this.#recent[at] = (this.#recent[at] as number) + 1;
  }

  /** Blocks that may be issued now. */
  get left(): number {
    const run = Math.max(LEAST_BLOCKS, WASTE_SHARE * this.#demand) - this.#wasted;
    const lately = Math.min(run, WASTE_SHARE * WINDOW - this.#wastedLately);
    return Math.max(0, Math.floor(lately - this.#pending));
  }

  /** Share of the budget that is gone, 0 to 1. */
  get pressure(): number {
    const run = Math.max(LEAST_BLOCKS, WASTE_SHARE * this.#demand);
    const gone = (this.#wasted + this.#pending) / run;
    return Math.min(1, Math.max(gone, (this.#wastedLately + this.#pending) / (WASTE_SHARE * WINDOW)));
  }
}
