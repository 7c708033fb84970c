import { wholeNumber } from '../../contract/index.ts';
import type { Pruner } from './pruner.ts';

/** Options of successive halving; every field has a default. */
export type HalvingOptions = {
  /** First step at which a trial can stop; 1. */
  readonly minResource?: number;
  /** At each rung one of this many goes on, and the next rung is this many times as far; 4. */
  readonly reductionFactor?: number;
  /** Rungs left out at the start; 0. */
  readonly skippedRungs?: number;
};

/** Where `value` would stand in rising order, before its equals. */
function rankOf(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Asynchronous successive halving (Li et al., "A system for massively parallel hyperparameter tuning", 2020): a
 * trial that reaches a rung goes on only when it is among the best 1 / reductionFactor that have reached it, or the
 * best so far while they are fewer than that. Keeps one number a rung and trial.
 */
export class HalvingPruner implements Pruner {
  readonly #min: number;
  readonly #factor: number;
  readonly #skipped: number;
  /** Next rung of each running trial. */
  readonly #next = new Map<number, number>();
  /** Values of all that reached a rung, in rising order. */
  readonly #rungs: number[][] = [];

  /** @throws PilotfishError `USAGE` for numbers out of range. */
  constructor({ minResource = 1, reductionFactor = 4, skippedRungs = 0 }: HalvingOptions) {
    this.#min = wholeNumber('minResource', minResource, [1, 1e9]);
    this.#factor = wholeNumber('reductionFactor', reductionFactor, [2, 1000]);
    this.#skipped = wholeNumber('skippedRungs', skippedRungs, [0, 100]);
  }

  report(trial: number, step: number, value: number): boolean {
    let rung = this.#next.get(trial) ?? 0;
    while (step >= this.#min * this.#factor ** (this.#skipped + rung)) {
      const reached = this.#rungs[rung] ?? [];
      this.#rungs[rung] = reached;
      const rank = rankOf(reached, value);
      reached.splice(rank, 0, value);
      rung += 1;
      this.#next.set(trial, rung);
      if (rank >= Math.max(1, Math.floor(reached.length / this.#factor))) return true;
    }
    return false;
  }

  finish(trial: number): void {
    this.#next.delete(trial);
  }
}
