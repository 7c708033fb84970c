import { ratioSummary, type Summary } from '../../../learn/index.ts';

/** The sums of an arm in one metric, over its units; what a row of `ab_sums` holds. */
export type SavedSums = {
  readonly units: number;
  readonly numerator: number;
  readonly denominator: number;
  readonly numeratorM2: number;
  readonly denominatorM2: number;
  readonly comoment: number;
};

export const NO_SUMS: SavedSums = {
  ...{ units: 0, numerator: 0, denominator: 0, numeratorM2: 0, denominatorM2: 0, comoment: 0 },
};

/**
 * Means, squares and products of the totals of units, where a unit's total may change later: it is taken out and put in
 * again. Welford's recurrence and its inverse, so that a large offset costs no precision.
 */
export class UnitSums {
  #units: number;
  #numerator: number;
  #denominator: number;
  #numeratorM2: number;
  #denominatorM2: number;
  #comoment: number;

  constructor(saved: SavedSums = NO_SUMS) {
    this.#units = saved.units;
    this.#numerator = saved.numerator;
    this.#denominator = saved.denominator;
    this.#numeratorM2 = saved.numeratorM2;
    this.#denominatorM2 = saved.denominatorM2;
    this.#comoment = saved.comoment;
  }

  get units(): number {
    return this.#units;
  }

  /** A new unit with these totals. */
  add(numerator: number, denominator: number): void {
    this.#units += 1;
    const [a, b] = [numerator - this.#numerator, denominator - this.#denominator];
    this.#numerator += a / this.#units;
    this.#denominator += b / this.#units;
    this.#numeratorM2 += a * (numerator - this.#numerator);
    this.#denominatorM2 += b * (denominator - this.#denominator);
    this.#comoment += a * (denominator - this.#denominator);
  }

  /** Takes a unit out that was added with these totals. */
  remove(numerator: number, denominator: number): void {
    if (this.#units === 1) {
      this.#reset();
      return;
    }
    const left = this.#units - 1;
    const before = this.#numerator - (numerator - this.#numerator) / left;
    const beforeDenominator = this.#denominator - (denominator - this.#denominator) / left;
    this.#comoment -= (numerator - before) * (denominator - this.#denominator);
    this.#numeratorM2 -= (numerator - before) * (numerator - this.#numerator);
    this.#denominatorM2 -= (denominator - beforeDenominator) * (denominator - this.#denominator);
    this.#numerator = before;
    this.#denominator = beforeDenominator;
    this.#units = left;
  }

  #reset(): void {
    this.#units = 0;
    this.#numerator = 0;
    this.#denominator = 0;
    this.#numeratorM2 = 0;
    this.#denominatorM2 = 0;
    this.#comoment = 0;
  }

  saved(): SavedSums {
    return {
      ...{ units: this.#units, numerator: this.#numerator, denominator: this.#denominator },
      ...{ numeratorM2: this.#numeratorM2, denominatorM2: this.#denominatorM2, comoment: this.#comoment },
    };
  }
}

/**
 * The ratio of the sums, with the variance of units. Where every unit has the denominator 1 these are the mean and the
 * unbiased variance of the units.
 */
export function summaryOf(sums: SavedSums): Summary {
  const { units, numerator, denominator } = sums;
  if (units === 0) return { count: 0, mean: 0, variance: 0 };
  if (units === 1) return { count: 1, mean: numerator / denominator, variance: 0 };
  // What was taken out again may leave a hair less than nothing, or more than two values can have in common.
  const [first, second] = [sums.numeratorM2, sums.denominatorM2].map(
    (m2) => Math.max(0, m2) / (units - 1),
  ) as [number, number];
  const most = Math.sqrt(first * second);
  return ratioSummary({
    first: { count: units, mean: numerator, variance: first },
    second: { count: units, mean: denominator, variance: second },
    covariance: Math.min(most, Math.max(-most, sums.comoment / (units - 1))),
  });
}
