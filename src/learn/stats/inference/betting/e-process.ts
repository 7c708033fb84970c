import { PilotfishError } from '../../../../base/index.ts';
import { finite } from '../../../contract/index.ts';
import { Evidence } from '../evidence.ts';

/** Values lie in [low, high]. */
export type Bounds = { readonly low: number; readonly high: number };

/** What a `BettingEProcess` tests: whether values in [low, high] have a mean above `mean`. */
export type BettingOptions = Bounds & {
  /** Claimed to be the mean at most; strictly between `low` and `high`. */
  readonly mean: number;
};

/** What a `BettingEProcess` needs to go on: plain numbers. */
export type SavedBets = BettingOptions & {
  readonly count: number;
  /** Of the values, scaled to [0, 1]. */
  readonly sum: number;
  readonly squares: number;
  readonly logValue: number;
  readonly highest: number;
};

/** Share of the stake that can be lost at one value: never all of it, so that one surprise ends nothing. */
export const greatestStake = 0.75;

/** @throws PilotfishError `NOT_FINITE`, or `USAGE` unless low < high with a finite distance. */
export function checkBounds({ low, high }: Bounds): Bounds {
  finite('low', low);
  finite('high', high);
  if (!(low < high && high - low < Infinity))
    throw new PilotfishError('USAGE', `low is ${low} and high is ${high}; give bounds with low < high`);
  return { low, high };
}

/** The value as a share of its bounds. @throws PilotfishError `NOT_FINITE`, or `USAGE` outside of them. */
export function scaled(value: number, { low, high }: Bounds): number {
  finite('value', value);
  if (value < low || value > high)
    throw new PilotfishError('USAGE', `the value ${value} leaves ${low} to ${high}; widen the bounds`);
  return (value - low) / (high - low);
}

/**
 * Evidence against "the mean of these values, given all earlier ones, is at most `mean`", by betting: a capital that
 * starts at 1, stakes a part of itself on every value being above the mean, and under the claim reaches 1 / alpha
 * with probability alpha at most, however long it runs and whenever one stops (Ville 1939; Waudby-Smith, Ramdas,
 * "Estimating means of bounded random variables by betting", 2024, stakes as aGRAPA there). Exact for bounded
 * values; the values need neither be independent nor identically distributed. Constant time and memory a value.
 */
export class BettingEProcess extends Evidence {
  readonly #options: BettingOptions;
  /** The claim, scaled to (0, 1). */
  readonly #claim: number;
  #count = 0;
  #sum = 0;
  #squares = 0;

  /** @throws PilotfishError `NOT_FINITE`, or `USAGE` unless low < mean < high. */
  constructor({ low, high, mean }: BettingOptions) {
    super();
    this.#claim = scaled(mean, checkBounds({ low, high }));
    if (!(this.#claim > 0 && this.#claim < 1))
      throw new PilotfishError('USAGE', `mean is ${mean}; give one strictly between ${low} and ${high}`);
    this.#options = { low, high, mean };
  }

  /**
   * Bets on one more value, and returns the natural logarithm of the capital after it.
   * @throws PilotfishError `NOT_FINITE`, or `USAGE` for a value out of bounds; nothing has changed then.
   */
  add(value: number): number {
    const x = scaled(value, this.#options);
    this.grow(Math.log1p(this.#stake() * (x - this.#claim)));
    this.#count += 1;
    this.#sum += x;
    this.#squares += x * x;
    return this.logValue;
  }

  /** The stake that would have grown fastest on the values so far, to second order; a prior value of 1/2 ± 1/2. */
  #stake(): number {
    const weight = this.#count + 1;
    const mean = (this.#sum + 0.5) / weight;
    const variance = Math.max(0, (this.#squares + 0.5) / weight - mean * mean);
    const gain = mean - this.#claim;
    if (gain <= 0) return 0;
    return Math.min(gain / (variance + gain * gain), greatestStake / this.#claim);
  }

  get count(): number {
    return this.#count;
  }

  snapshot(): SavedBets {
    return {
      ...this.#options,
      count: this.#count,
      sum: this.#sum,
      squares: this.#squares,
      logValue: this.logValue,
      highest: this.highest,
    };
  }

  /** @throws PilotfishError `DAMAGED` for what is no snapshot of bets. */
  static restore({ count, sum, squares, logValue, highest, ...options }: SavedBets): BettingEProcess {
    const bets = new BettingEProcess(options);
    const isPossible =
      Number.isSafeInteger(count) && squares >= 0 && squares <= sum * (1 + 1e-9) && sum <= count;
    if (!isPossible || !bets.adopt({ logValue, highest }))
      throw new PilotfishError('DAMAGED', 'the saved bets make no sense; restore a copy');
    bets.#count = count;
    bets.#sum = sum;
    bets.#squares = squares;
    return bets;
  }
}
