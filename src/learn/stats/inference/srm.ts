import { PilotfishError } from '../../../base/index.ts';
import { allFinite, ofLength, wholeNumber } from '../../contract/index.ts';
import { chiSquareTail } from '../distributions/chi-square.ts';
import { Evidence } from './evidence.ts';

const maxArms = 1000;
/** An arm of a smaller share gets nothing in this world, and its logarithms are none. */
const leastShare = 1e-12;

/** Shares of at least two arms as probabilities: positive, divided by their sum. */
function probabilities(shares: readonly number[]): Float64Array {
  if (!(shares?.length >= 2 && shares.length <= maxArms))
    throw new PilotfishError('USAGE', `give the shares of 2 to ${maxArms} arms`);
  allFinite('shares', shares);
  const sum = shares.reduce((total, share) => total + share, 0);
  const bad = shares.find((share) => !(share / sum >= leastShare));
  if (bad !== undefined) {
    throw new PilotfishError(
      'USAGE',
      `a share is ${bad}; leave out arms that get nothing, give the others > 0`,
    );
  }
  return Float64Array.from(shares, (share) => share / sum);
}

/** The chi-square statistic of a split and its p-value. */
export type SplitTest = { readonly statistic: number; readonly pValue: number };

/**
 * Sample-ratio mismatch by Pearson's chi-square test: whether the arms got their shares. For one look; alarm below
 * 0.001 (Fabijan et al. 2019). To look again and again, use `SequentialSrm`.
 * @param counts one an arm
 * @param shares intended, positive; only their ratios count
 * @throws PilotfishError `EMPTY` when nothing was counted, `SHAPE` for unequal lengths, `USAGE` or `NOT_FINITE`.
 */
export function srmTest(counts: readonly number[], shares: readonly number[]): SplitTest {
  const expected = probabilities(shares);
  ofLength('counts', counts, shares.length).forEach((count, i) => {
    wholeNumber(`counts[${i}]`, count, [0, Number.MAX_SAFE_INTEGER]);
  });
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) throw new PilotfishError('EMPTY', 'no arm has a sample; assign some first');
  let statistic = 0;
  counts.forEach((count, i) => {
    const wanted = total * (expected[i] as number);
    statistic += (count - wanted) ** 2 / wanted;
  });
  return { statistic, pValue: chiSquareTail(statistic, shares.length - 1) };
}

/** What a `SequentialSrm` needs to go on: plain JSON. */
export type SavedSplit = {
  readonly shares: readonly number[];
  readonly counts: readonly number[];
  readonly logValue: number;
  readonly highest: number;
};

/** Samples that the prior on the true shares is worth: a split that is off by a few percent is found soonest. */
const priorWeight = 1000;

/**
 * Sample-ratio mismatch, looked at after every assignment: the e-process of a Dirichlet mixture around the intended
 * shares against exactly these shares (Lindon, Malek, "Anytime-valid inference for multinomial count data", 2022).
 * `rejects` at 0.001 is customary. Not for repeated assignments of one unit: count each unit once.
 */
export class SequentialSrm extends Evidence {
  readonly #shares: Float64Array;
  readonly #counts: Float64Array;
  #total = 0;

  /** @param shares intended, positive, one an arm. @throws PilotfishError `USAGE` or `NOT_FINITE` for others. */
  constructor(shares: readonly number[]) {
    super();
    this.#shares = probabilities(shares);
    this.#counts = new Float64Array(shares.length);
  }

  /** Counts one unit that came to `arm` (from 0). @throws PilotfishError `USAGE` for an arm that there is not. */
  add(arm: number): void {
    wholeNumber('arm', arm, [0, this.#shares.length - 1]);
    const share = this.#shares[arm] as number;
    const count = this.#counts[arm] as number;
    const seen = priorWeight * share + count;
    this.grow(Math.log(seen / ((priorWeight + this.#total) * share)));
    this.#counts[arm] = count + 1;
    this.#total += 1;
  }

  /** Units so far. */
  get count(): number {
    return this.#total;
  }

  snapshot(): SavedSplit {
    return {
      shares: [...this.#shares],
      counts: [...this.#counts],
      logValue: this.logValue,
      highest: this.highest,
    };
  }

  /** @throws PilotfishError `DAMAGED` for what is no snapshot of a test. */
  static restore({ shares, counts, logValue, highest }: SavedSplit): SequentialSrm {
    const test = new SequentialSrm(shares);
    const isPossible =
      shares.length === counts.length && counts.every((count) => Number.isSafeInteger(count) && count >= 0);
    if (!isPossible || !test.adopt({ logValue, highest }))
      throw new PilotfishError('DAMAGED', 'the saved split test makes no sense; restore a copy');
    test.#counts.set(counts);
    test.#total = counts.reduce((sum, count) => sum + count, 0);
    return test;
  }
}
