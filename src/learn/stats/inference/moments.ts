import { PilotfishError } from '../../../base/index.ts';
import { finite, wholeNumber } from '../../contract/index.ts';
import { checkSums, type Summary } from '../summary.ts';

/** What a `RunningMoments` needs to go on: plain numbers, fit for a row of a database. */
export type SavedMoments = {
  readonly count: number;
  readonly mean: number;
  /** Sum of squared distances from the mean. */
  readonly m2: number;
};

/**
 * The summary of a sample of at least two values, checked.
 * @throws PilotfishError `EMPTY` for fewer than two values, `NOT_FINITE` or `USAGE` for moments of no sample.
 */
export function checkSummary(name: string, sample: Summary): Summary {
  wholeNumber(`${name}.count`, sample.count, [0, Number.MAX_SAFE_INTEGER]);
  if (sample.count < 2) {
    throw new PilotfishError(
      'EMPTY',
      `${name} has ${sample.count} values, which show no spread; give two or more`,
    );
  }
  finite(`${name}.mean`, sample.mean);
  if (finite(`${name}.variance`, sample.variance) < 0)
    throw new PilotfishError('USAGE', `${name}.variance is ${sample.variance}; give 0 or more`);
  return sample;
}

/**
 * Count, mean and unbiased variance of a stream, in constant memory (Welford 1962); the moments of two streams
 * merge (Chan, Golub, LeVeque 1979). It is a `Summary` at every moment.
 */
export class RunningMoments implements Summary, SavedMoments {
  #count = 0;
  #mean = 0;
  #m2 = 0;

  get count(): number {
    return this.#count;
  }

  get mean(): number {
    return this.#mean;
  }

  /** Sum of squared distances from the mean. */
  get m2(): number {
    return this.#m2;
  }

  /** Unbiased; 0 for fewer than two values. */
  get variance(): number {
    return this.#count > 1 ? this.#m2 / (this.#count - 1) : 0;
  }

  /** @throws PilotfishError `NOT_FINITE` for NaN, an infinity, or squares that overflow; nothing has changed then. */
  add(value: number): void {
    finite('value', value);
    const gap = value - this.#mean;
    const mean = this.#mean + gap / (this.#count + 1);
    const m2 = this.#m2 + gap * (value - mean);
    if (!Number.isFinite(m2)) checkSums(m2);
    this.#count += 1;
    this.#mean = mean;
    this.#m2 = m2;
  }

  /** Takes in the values of another stream. @throws PilotfishError `NOT_FINITE` when sums overflow. */
  merge({ count, mean, m2 }: RunningMoments): void {
    if (count === 0) return;
    const total = this.#count + count;
    const gap = mean - this.#mean;
    // Of an empty stream nothing is left, to the last bit: a mean weighted by count / count may differ in it.
    const isFirst = this.#count === 0;
    const mergedMean = isFirst ? mean : this.#mean + (gap * count) / total;
    const mergedM2 = isFirst ? m2 : this.#m2 + m2 + gap * ((gap * this.#count * count) / total);
    checkSums(mergedMean, mergedM2);
    this.#count = total;
    this.#mean = mergedMean;
    this.#m2 = mergedM2;
  }

  snapshot(): SavedMoments {
    return { count: this.#count, mean: this.#mean, m2: this.#m2 };
  }

  /** @throws PilotfishError `DAMAGED` for numbers that are the moments of no stream. */
  static restore({ count, mean, m2 }: SavedMoments): RunningMoments {
    const isPossible =
      Number.isSafeInteger(count) && count >= 0 && Number.isFinite(mean) && m2 >= 0 && m2 < Infinity;
    if (!isPossible || (count < 2 && m2 !== 0))
      throw new PilotfishError('DAMAGED', 'the saved moments are those of no stream; restore a copy');
    const moments = new RunningMoments();
    moments.#count = count;
    moments.#mean = mean;
    moments.#m2 = m2;
    return moments;
  }
}
