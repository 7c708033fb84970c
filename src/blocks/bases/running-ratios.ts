import { NEUTRAL_RATIO, siblingRatioAfter } from '../questions.ts';

/** Keys whose ratio is remembered: outcomes come a few batches behind. */
const REMEMBERED = 64;

/** Running means of ratios by key (a file, a class of names); those heard of longest ago are forgotten. */
export class RunningRatios {
  readonly #ratios = new Map<number, number>();

  /** The mean of a key; 0.5 before its first. */
  of(key: number): number {
    return this.#ratios.get(key) ?? NEUTRAL_RATIO;
  }

  note(key: number, ratio: number): void {
    const before = this.#ratios.get(key);
    // Set anew, so that the oldest entry is the one heard of longest ago.
    this.#ratios.delete(key);
    this.#ratios.set(key, siblingRatioAfter(before, ratio));
    if (this.#ratios.size <= REMEMBERED) return;
    for (const oldest of this.#ratios.keys()) {
      this.#ratios.delete(oldest);
      return;
    }
  }
}
