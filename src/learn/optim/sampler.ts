import { FastRng } from '../../base/index.ts';
import { type Axis, snap } from './space.ts';

/** A finished trial as samplers see it; lower is better. */
export type Observation = {
  readonly coordinates: Float64Array;
  /** The value of a complete trial; of a pruned one, the last reported. */
  readonly value: number;
  /** Last reported step of a pruned trial (-1 for none); Infinity for a complete one. */
  readonly step: number;
};

/** Proposes the next point. A proposal depends on the seed, the trial's number and what was observed, in order. */
export type Sampler = {
  /** @throws PilotfishError `EMPTY` when there is nothing left to try. */
  propose(trial: number, pending: readonly Float64Array[]): Float64Array;
  observe(observation: Observation): void;
};

/** Chance for one trial: the same after a resumed study as in one that never stopped. */
export const trialRng = (seed: number | bigint, trial: number): FastRng =>
  new FastRng((BigInt(seed) << 32n) + BigInt(trial));

/** A point drawn evenly. */
export function randomPoint(axes: readonly Axis[], rng: FastRng): Float64Array {
  return Float64Array.from(axes, (axis) =>
    axis.choices > 0 ? rng.below(axis.choices) : snap(axis, rng.next()),
  );
}

/** Draws every trial evenly from the space. */
export class RandomSampler implements Sampler {
  readonly #axes: readonly Axis[];
  readonly #seed: number;

  constructor(axes: readonly Axis[], seed: number) {
    this.#axes = axes;
    this.#seed = seed;
  }

  propose(trial: number): Float64Array {
    return randomPoint(this.#axes, trialRng(this.#seed, trial));
  }

  observe(): void {}
}
