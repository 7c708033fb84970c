/** Numbers that JSON can hold. */
export type ArmSnapshot = { readonly count: number; readonly mean: number; readonly m2: number };

/** What an arm is taken to be before it was seen: as many observations of this variance, in squares of the range. */
const PRIOR_COUNT = 8;
export const PRIOR_VARIANCE = 1 / 16;

/** Running mean and variance of what one side came to (Welford 1962), shrunk to a prior while there is little. */
export class Arm {
  count = 0;
  mean = 0;
  m2 = 0;

  add(x: number): void {
    this.count += 1;
    const delta = x - this.mean;
    this.mean += delta / this.count;
    this.m2 += delta * (x - this.mean);
  }

  expected(prior: number): number {
    return (this.count * this.mean + PRIOR_COUNT * prior) / (this.count + PRIOR_COUNT);
  }

  variance(prior: number): number {
    return (this.m2 + PRIOR_COUNT * prior) / (this.count + PRIOR_COUNT);
  }

  snapshot(): ArmSnapshot {
    return { count: this.count, mean: this.mean, m2: this.m2 };
  }
}
