import type { Definition } from '../definition/types.ts';
import { type BucketOf, bucketsOf } from './buckets.ts';
import { armAt, type BucketRange, bucketRanges } from './ranges.ts';

/** What an assignment depends on. */
export type AssignmentRule = Pick<Definition, 'hash' | 'salt' | 'arms' | 'namespace' | 'holdout'>;

const PERCENT = 100;

/**
 * Which arm a unit is in: a pure function of the rule and the unit's id, so that every machine and every start of a
 * program gives the same answer and nothing has to be remembered. Costs some hundred nanoseconds.
 */
export class Assigner {
  readonly #ranges: readonly BucketRange[];
  readonly #bucketOf: BucketOf;
  readonly #namespaceOf: BucketOf | undefined;
  readonly #namespace: BucketRange;
  readonly #holdoutOf: BucketOf | undefined;
  readonly #heldOut: number;

  /** @param coverage share of the units that take part, 0 to 1 */
  constructor(rule: AssignmentRule, coverage: number) {
    const { hash, salt, arms, namespace, holdout } = rule;
    const weights = arms.map(({ trafficPct }) => trafficPct / PERCENT);
    this.#ranges = bucketRanges(arms.length, coverage, weights);
    this.#bucketOf = bucketsOf(hash, salt);
    // GrowthBook's own seed for namespaces, and its version for them.
    const isOurs = hash === 'pilotfish-1';
    this.#namespaceOf =
      namespace &&
      (isOurs
        ? bucketsOf(hash, `namespace\0${namespace.name}`)
        : bucketsOf('growthbook-1', `__${namespace.name}`));
    this.#namespace = namespace === undefined ? [0, 1] : [namespace.from, namespace.to];
    this.#holdoutOf = holdout && bucketsOf('pilotfish-1', `holdout\0${holdout.name}`);
    this.#heldOut = holdout?.share ?? 0;
  }

  /**
   * The arm of a unit, from 0; -1 for one that takes no part: held out, in another part of the namespace, or not covered.
   * @throws PilotfishError `USAGE` for what is no unit.
   */
  armOf(unit: string): number {
    if (this.#holdoutOf !== undefined && this.#holdoutOf(unit) < this.#heldOut) return -1;
    if (this.#namespaceOf !== undefined) {
      const place = this.#namespaceOf(unit);
      if (place < this.#namespace[0] || place >= this.#namespace[1]) return -1;
    }
    return armAt(this.#ranges, this.#bucketOf(unit));
  }
}
