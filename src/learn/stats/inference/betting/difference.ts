import { PilotfishError } from '../../../../base/index.ts';
import { numberWithin, shown } from '../../../contract/index.ts';
import { type Bounds, checkBounds, scaled } from './e-process.ts';
import { BettingSequence, type BettingSequenceOptions } from './sequence.ts';

/** How to watch the difference of two bounded means. */
export type BettingDifferenceOptions = BettingSequenceOptions & {
  /** Probability that a unit gets the treatment, drawn for each unit by itself; strictly between 0 and 1. */
  readonly treatmentShare: number;
};

/**
 * Exact confidence sequence for the effect of a treatment on bounded values, treatment minus control: with
 * probability 1 - alpha it holds the effect at all times, from the first value on, whatever the values are. It needs
 * no central limit theorem, no spread and no steady world; only that units are assigned at random with a known
 * share, and that the mean effect stays the same. A `BettingSequence` of each unit's inverse-propensity estimate
 * around the mean of all values before it (as Howard, Ramdas, McAuliffe, Sekhon, "Time-uniform, nonparametric,
 * nonasymptotic confidence sequences", 2021, for other sequences). At `tuneCount` values it is as narrow as
 * `differenceSequence`; before that it is wider. Every value costs a pass over the
 * candidates left.
 */
export class BettingDifference {
  readonly #bounds: Bounds;
  readonly #share: number;
  readonly #effects: BettingSequence;
  #sum = 0.5;

  /**
   * `steps` divide the range of one unit's estimate: 2 (high - low) over the smaller of both shares; 4000.
   * `tuneCount` is of both arms together; 20 000.
   * @throws PilotfishError `NOT_FINITE` or `USAGE` for bad options.
   */
  constructor({
    low,
    high,
    treatmentShare,
    steps = 4000,
    tuneCount = 20_000,
    ...options
  }: BettingDifferenceOptions) {
    this.#bounds = checkBounds({ low, high });
    this.#share = numberWithin('treatmentShare', treatmentShare, [1e-3, 1 - 1e-3]);
    const reach = (high - low) / Math.min(treatmentShare, 1 - treatmentShare);
    this.#effects = new BettingSequence({ ...options, low: -reach, high: reach, steps, tuneCount });
  }

  /** Units of both arms. */
  get count(): number {
    return this.#effects.count;
  }

  /** In the units of the values. */
  get lower(): number {
    return this.#effects.lower;
  }

  get upper(): number {
    return this.#effects.upper;
  }

  /**
   * Takes the value of one more unit, in the order in which they were assigned.
   * @throws PilotfishError `NOT_FINITE`, or `USAGE` out of bounds; nothing has changed then.
   */
  add(value: number, isTreated: boolean): void {
    if (typeof isTreated !== 'boolean')
      throw new PilotfishError('USAGE', `isTreated is ${shown(isTreated)}; give true or false`);
    const x = scaled(value, this.#bounds);
    const centred = x - this.#sum / (this.count + 1);
    const range = this.#bounds.high - this.#bounds.low;
    this.#effects.add((range * centred) / (isTreated ? this.#share : this.#share - 1));
    this.#sum += x;
  }
}
