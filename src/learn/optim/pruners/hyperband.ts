import { PilotfishError } from '../../../base/index.ts';
import { wholeNumber } from '../../contract/index.ts';
import { trialRng } from '../sampler.ts';
import { HalvingPruner } from './halving.ts';
import type { Pruner } from './pruner.ts';

/** Options of Hyperband. */
export type HyperbandOptions = {
  /** First step at which a trial can stop; 1. */
  readonly minResource?: number;
  /** Last step of a whole trial. */
  readonly maxResource: number;
  /** 3. */
  readonly reductionFactor?: number;
};

/** Keeps the brackets of trials apart from what the sampler draws for them. */
const salt = 0x9e3779b97f4a7c15n;

/**
 * Hyperband (Li et al. 2018) as a mixture of successive halvings that differ in how early they stop a trial, for
 * when it is unknown how soon values tell. Each trial belongs to one bracket, drawn in proportion to the trials that
 * Hyperband's first algorithm gives it.
 */
export class HyperbandPruner implements Pruner {
  readonly #brackets: readonly HalvingPruner[];
  /** Trials of brackets up to this one, in every round. */
  readonly #shares: readonly number[];
  readonly #seed: bigint;

  /** @throws PilotfishError `USAGE` for numbers out of range. */
  constructor({ minResource = 1, maxResource, reductionFactor = 3 }: HyperbandOptions, seed: number) {
    wholeNumber('maxResource', maxResource, [1, 1e9]);
    wholeNumber('minResource', minResource, [1, 1e9]);
    wholeNumber('reductionFactor', reductionFactor, [2, 1000]);
    if (minResource > maxResource) throw new PilotfishError('USAGE', 'minResource is more than maxResource');
    let count = 1;
    while (minResource * reductionFactor ** count <= maxResource) count += 1;
    this.#brackets = Array.from(
      { length: count },
      (_, skippedRungs) => new HalvingPruner({ minResource, reductionFactor, skippedRungs }),
    );
    let sum = 0;
    this.#shares = this.#brackets.map((_, i) => {
      const later = count - 1 - i;
      sum += Math.ceil((count * reductionFactor ** later) / (later + 1));
      return sum;
    });
    this.#seed = BigInt(seed) ^ salt;
  }

  report(trial: number, step: number, value: number): boolean {
    return this.#bracketOf(trial).report(trial, step, value);
  }

  finish(trial: number): void {
    this.#bracketOf(trial).finish(trial);
  }

  #bracketOf(trial: number): HalvingPruner {
    const draw = trialRng(this.#seed, trial).below(this.#shares.at(-1) as number);
    return this.#brackets[this.#shares.findIndex((upTo) => draw < upTo)] as HalvingPruner;
  }
}
