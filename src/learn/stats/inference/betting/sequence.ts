import { wholeNumber } from '../../../contract/index.ts';
import { checkAlpha } from '../difference.ts';
import { type Bounds, checkBounds, greatestStake, scaled } from './e-process.ts';

/** How to watch a bounded mean. */
export type BettingSequenceOptions = Bounds & {
  /** Probability that the interval ever misses the mean; 0.05. */
  readonly alpha?: number;
  /** Steps between `low` and `high` that the ends are rounded to, outwards, 10 to 10 000; 200. */
  readonly steps?: number;
  /** Values after which the interval is to be tightest; 1000. */
  readonly tuneCount?: number;
};

/**
 * Confidence sequence for the mean of bounded values by betting against every candidate on a grid (hedged capital of
 * Waudby-Smith, Ramdas 2024): with probability 1 - alpha it holds the mean at all times. Exact, like
 * `BettingEProcess`, for a mean that stays the same. The ends only ever come nearer.
 */
export class BettingSequence {
  readonly #bounds: Bounds;
  readonly #alpha: number;
  readonly #steps: number;
  readonly #tuneCount: number;
  /** Log capital of the bets that the mean is above, and below, each candidate k / steps. */
  readonly #above: Float64Array;
  readonly #below: Float64Array;
  /** Candidates not yet excluded. */
  #first = 0;
  #last: number;
  #count = 0;
  #sum = 0;
  #squares = 0;

  /** @throws PilotfishError `NOT_FINITE` or `USAGE` for bad options. */
  constructor(options: BettingSequenceOptions) {
    this.#bounds = checkBounds(options);
    this.#alpha = checkAlpha(options.alpha ?? 0.05);
    this.#steps = wholeNumber('steps', options.steps ?? 200, [10, 10_000]);
    this.#tuneCount = wholeNumber('tuneCount', options.tuneCount ?? 1000, [1, 1e12]);
    this.#above = new Float64Array(this.#steps + 1);
    this.#below = new Float64Array(this.#steps + 1);
    this.#last = this.#steps;
  }

  get count(): number {
    return this.#count;
  }

  /** In the units of the values. */
  get lower(): number {
    return this.#valueAt(Math.max(0, this.#first - 1));
  }

  get upper(): number {
    return this.#valueAt(Math.min(this.#steps, this.#last + 1));
  }

  /** Takes one more value. @throws PilotfishError `NOT_FINITE`, or `USAGE` out of bounds; nothing has changed then. */
  add(value: number): void {
    const x = scaled(value, this.#bounds);
    const stake = this.#stake();
    for (let k = this.#first; k <= this.#last; k += 1) {
      const candidate = k / this.#steps;
      const gain = x - candidate;
      const up = Math.min(stake, greatestStake / candidate);
      const down = Math.min(stake, greatestStake / (1 - candidate));
      this.#above[k] = (this.#above[k] as number) + Math.log1p(up * gain);
      this.#below[k] = (this.#below[k] as number) + Math.log1p(-down * gain);
    }
    this.#count += 1;
    this.#sum += x;
    this.#squares += x * x;
    this.#exclude();
  }

  /**
   * The stake that is best for `tuneCount` values of the variance so far, whatever the candidate; from then on it
   * falls as the empirical-Bernstein rule has it, so that the interval never stops closing in.
   */
  #stake(): number {
    const weight = this.#count + 1;
    const mean = (this.#sum + 0.5) / weight;
    const variance = Math.max(1e-9, (this.#squares + 0.5) / weight - mean * mean);
    const beyond = (weight * Math.log1p(weight)) / Math.log1p(this.#tuneCount);
    return Math.sqrt((2 * Math.log(2 / this.#alpha)) / (variance * Math.max(this.#tuneCount, beyond)));
  }

  /**
   * The capital above falls, and the one below rises, with the candidate: what is excluded is a run from either end.
   * Half a unit was laid on each side.
   */
  #exclude(): void {
    const limit = Math.log(2 / this.#alpha);
    while (this.#first < this.#last && (this.#above[this.#first] as number) >= limit) this.#first += 1;
    while (this.#last > this.#first && (this.#below[this.#last] as number) >= limit) this.#last -= 1;
  }

  #valueAt(step: number): number {
    const { low, high } = this.#bounds;
    return low + (step / this.#steps) * (high - low);
  }
}
