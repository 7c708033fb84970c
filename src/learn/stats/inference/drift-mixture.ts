import { normalCdf } from '../distributions/normal.ts';

/** Reaches beyond this many standard errors are beyond doubt; squares of more would overflow. */
const farthest = 1e6;

/**
 * A mixture of drifts that are all positive: normal, around `centre`, one standard error of a mean over `tuneCount`
 * values wide, and cut off at 0. Drifts are measured in such standard errors.
 */
export class DriftMixture {
  readonly #centre: number;
  /** Sides that the test spends alpha on. */
  readonly #sides: 1 | 2;

  /** Around the drift that, were it the only alternative, would be found first at `tuneCount` values. */
  constructor(alpha: number, sides: 1 | 2) {
    this.#centre = Math.sqrt(2 * Math.log(sides / alpha));
    this.#sides = sides;
  }

  /** log of the mixture of exp(drift x - drift² time / 2), where x is the sum in units of its deviation at time 1. */
  #logRatio(x: number, time: number): number {
    const centre = this.#centre;
    const spread = 1 + time;
    const exponent = (2 * centre * x + x * x - centre * centre * time) / (2 * spread);
    const kept = normalCdf((centre + x) / Math.sqrt(spread)) / normalCdf(centre);
    return exponent - Math.log(spread) / 2 + Math.log(kept);
  }

  /** log of the evidence for a difference of `z` standard errors. */
  logEvidence(z: number, time: number): number {
    const x = Math.max(-farthest, Math.min(farthest, z)) * Math.sqrt(time);
    const up = this.#logRatio(x, time);
    if (this.#sides === 1) return up;
    const down = this.#logRatio(-x, time);
    const more = Math.max(up, down);
    return more + Math.log1p(Math.exp(Math.min(up, down) - more)) - Math.LN2;
  }

  /** The z from which on the evidence exceeds 1 / alpha. */
  reach(alpha: number, time: number): number {
    const wanted = -Math.log(alpha);
    let [low, high] = [0, 4];
    while (high < farthest && this.logEvidence(high, time) < wanted) [low, high] = [high, 2 * high];
    // To the last digit: the interval and the p-value must not disagree.
    for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
      if (this.logEvidence(middle, time) < wanted) low = middle;
      else high = middle;
    }
    return high;
  }
}
