import { SMALLEST_VARIANCE } from './moments.ts';

/**
 * A Gaussian for each class and feature, and for all classes together: running weights, means and sums of squared
 * distances by Welford's rule. Row c of each table is class c, the last row all classes; one column a feature.
 * Unchecked: its users check.
 */
export class GaussianTable {
  readonly classes: number;
  readonly features: number;
  /** Weight seen of each class, and of all. */
  readonly weight: Float64Array;
  readonly mean: Float64Array;
  readonly squares: Float64Array;

  constructor(classes: number, features: number) {
    this.classes = classes;
    this.features = features;
    this.weight = new Float64Array(classes + 1);
    this.mean = new Float64Array((classes + 1) * features);
    this.squares = new Float64Array((classes + 1) * features);
  }

  /** Takes a row of class `y` into account; `weight` is positive. */
  add(x: ArrayLike<number>, y: number, weight: number): void {
    this.#addTo(y, x, weight);
    this.#addTo(this.classes, x, weight);
  }

  /**
   * Adds to `scores` the log density of `x` under each class, less what is the same for all. A class's variance is
   * drawn to the feature's overall variance as if by `priorWeight` more samples; an unseen class has the overall
   * Gaussian. Features without any spread say nothing.
   */
  addLogDensities(x: ArrayLike<number>, priorWeight: number, scores: Float64Array): void {
    const { classes, features, weight, mean, squares } = this;
    const overall = classes * features;
    const perWeight = priorWeight / (weight[classes] as number);
    for (let c = 0; c < classes; c += 1) {
      const seen = weight[c] as number;
      const row = seen > 0 ? c * features : overall;
      const perSeen = 1 / (seen + priorWeight);
      let sum = 0;
      for (let j = 0; j < features; j += 1) {
        const prior = (squares[overall + j] as number) * perWeight;
        if (!(prior > SMALLEST_VARIANCE)) continue;
        const spread = seen > 0 ? (squares[row + j] as number) : 0;
        const variance = (spread + prior) * perSeen;
        const distance = (x[j] as number) - (mean[row + j] as number);
        sum += Math.log(variance) + (distance * distance) / variance;
      }
      scores[c] = (scores[c] as number) - sum / 2;
    }
  }

  reset(): void {
    for (const values of [this.weight, this.mean, this.squares]) values.fill(0);
  }

  #addTo(row: number, x: ArrayLike<number>, weight: number): void {
    const { features, mean, squares } = this;
    const total = (this.weight[row] as number) + weight;
    const share = weight / total;
    this.weight[row] = total;
    for (let j = 0, at = row * features; j < features; j += 1, at += 1) {
      const value = x[j] as number;
      const delta = value - (mean[at] as number);
      const moved = (mean[at] as number) + delta * share;
      mean[at] = moved;
      squares[at] = (squares[at] as number) + weight * delta * (value - moved);
    }
  }
}
