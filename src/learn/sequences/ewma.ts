import { PilotfishError } from '../../base/index.ts';
import {
  checkSnapshot,
  finite,
  type Learner,
  type LearnsOne,
  numberWithin,
  type Predicts,
  type Snapshot,
  takeNumbers,
} from '../contract/index.ts';

export type EwmaOptions = {
  /** Weight of the newest value, above 0 to 1. Default 0.3. */
  readonly weight?: number;
};

const WEIGHT_RANGE = [1e-9, 1] as const;

/**
 * Exponentially weighted moving average (Roberts 1959): predicts that the next value is the average of the past, of
 * which each value weighs `1 - weight` of the one after it. The first value counts whole.
 */
export class Ewma implements Learner, Predicts<void, number>, LearnsOne<number> {
  readonly kind = 'ewma';
  readonly #weight: number;
  #mean = 0;
  #known = false;

  /** @throws PilotfishError `USAGE` for a weight out of range. */
  constructor({ weight = 0.3 }: EwmaOptions = {}) {
    this.#weight = numberWithin('weight', weight, WEIGHT_RANGE);
  }

  /** @throws PilotfishError `UNTRAINED` before the first value. */
  predict(): number {
    if (!this.#known) throw new PilotfishError('UNTRAINED', 'no value yet; learn one before you predict');
    return this.#mean;
  }

  /** @throws PilotfishError `NOT_FINITE` for NaN or an infinity. */
  learnOne(value: number): void {
    finite('value', value);
    // Both products instead of a difference: the largest values do not overflow, and weight 1 forgets to the last bit.
    this.#mean = this.#known ? (1 - this.#weight) * this.#mean + this.#weight * value : value;
    this.#known = true;
  }

  snapshot(): Snapshot {
    const config = { weight: this.#weight, mean: this.#mean, values: this.#known ? 1 : 0 };
    return { kind: this.kind, version: 1, config, tensors: {} };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION` or `USAGE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): Ewma {
    checkSnapshot(snapshot, 'ewma', 1);
    const { weight, mean, values } = takeNumbers(snapshot, 'weight', 'mean', 'values');
    const learner = new Ewma({ weight });
    if (values > 0) learner.learnOne(mean);
    return learner;
  }
}

/** Persistence: predicts the last value again. It is the average that weighs nothing else. */
export function persistence(): Ewma {
  return new Ewma({ weight: 1 });
}
