import type { Definition } from '../definition/types.ts';
import { type RangeOf, rangeFinder } from './buckets.ts';
import { type BucketRange, bucketRanges } from './ranges.ts';

/** What an assignment depends on. */
export type AssignmentRule = Pick<Definition, 'hash' | 'salt' | 'arms' | 'namespace' | 'holdout'>;

const PERCENT = 100;

/**
 * Which arm a unit is in: a pure function of the rule and the unit's id, so that every machine and every start of a
 * program gives the same answer and nothing has to be remembered. Costs some hundred nanoseconds.
 */
export class Assigner {
  readonly #arms: readonly BucketRange[];
  readonly #armOf: RangeOf;
  /** Each of them finds a range for who takes part. */
  readonly #gates: readonly { readonly find: RangeOf; readonly ranges: readonly BucketRange[] }[];

  /** @param coverage share of the units that take part, 0 to 1 */
  constructor(rule: AssignmentRule, coverage: number) {
    const { hash, salt, arms } = rule;
    const weights = arms.map(({ trafficPct }) => trafficPct / PERCENT);
    this.#arms = bucketRanges(arms.length, coverage, weights);
    this.#armOf = rangeFinder(hash, salt);
    this.#gates = gatesOf(rule);
  }

  /**
   * The arm of a unit, from 0; -1 for one that takes no part: held out, in another part of the namespace, or not covered.
   * @throws PilotfishError `USAGE` for what is no unit.
   */
  armOf(unit: string): number {
    for (const { find, ranges } of this.#gates) if (find(unit, ranges) < 0) return -1;
    return this.#armOf(unit, this.#arms);
  }
}

function gatesOf({ hash, namespace, holdout }: AssignmentRule) {
  const gates: { readonly find: RangeOf; readonly ranges: readonly BucketRange[] }[] = [];
  if (holdout !== undefined)
    gates.push({
      find: rangeFinder('pilotfish-1', `holdout\0${holdout.name}`),
      ranges: [[holdout.share, 1]],
    });
  if (namespace !== undefined) {
    const { name, from, to } = namespace;
    // GrowthBook's own seed for namespaces, and its version for them.
    const isOurs = hash === 'pilotfish-1';
    const find = isOurs ? rangeFinder(hash, `namespace\0${name}`) : rangeFinder('growthbook-1', `__${name}`);
    gates.push({ find, ranges: [[from, to]] });
  }
  return gates;
}
