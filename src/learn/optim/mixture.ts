import type { FastRng } from '../../base/index.ts';
import { normalCdf } from '../stats/index.ts';
import { type Axis, snap } from './space.ts';

/** Kernels are as wide as this share of the distance to the farther neighbour. */
const neighbourShare = 0.5;
/** Middle and width of the prior: nearly even over [0, 1]. */
const priorMean = 0.5;
const priorWidth = 1;

/** Probability that a normal value lies in [0, 1]. */
const massInside = (mean: number, width: number): number =>
  normalCdf((1 - mean) / width) - normalCdf(-mean / width);

const negligible = -40;
const logPriorNorm = -Math.log(priorWidth * massInside(priorMean, priorWidth));

/**
 * A density over the search space: one kernel around each point, the same for all axes of a point together (so that
 * parameters that go together stay together), and a prior with the weight of one point. Kernels are normal, cut off
 * at the ends of [0, 1]; on a choice, most of the weight on the point's own. Widths by axis and point from the
 * distance to the neighbours, as in Hyperopt and Optuna.
 */
export class Mixture {
  readonly #axes: readonly Axis[];
  readonly #count: number;
  /** Centre, 1 / width of kernel k on axis d at [k * axes + d]; the centre of a choice is its number. */
  readonly #centres: Float64Array;
  readonly #inverses: Float64Array;
  /** Logarithm of weight over all widths and masses inside. */
  readonly #logHeights: Float64Array;
  /** Logarithm of √(2π) for each numeric axis. */
  readonly #logRoots: number;
  readonly #scratch: Float64Array;
  readonly #weights: Float64Array;
  readonly #priorWeight: number;
  /** Logarithm of the probability of the point's own choice, and of each other one, by axis. */
  readonly #logHit: Float64Array;
  readonly #logMiss: Float64Array;

  /** `weights` are relative to the prior's weight of 1; no kernel is narrower than `narrowest`. */
  constructor(
    axes: readonly Axis[],
    points: readonly Float64Array[],
    { weights, narrowest }: { readonly weights: Float64Array; readonly narrowest: number },
  ) {
    this.#axes = axes;
    this.#count = points.length;
    const total = weights.reduce((sum, weight) => sum + weight, 1);
    this.#weights = weights.map((weight) => weight / total);
    this.#priorWeight = 1 / total;
    this.#centres = new Float64Array(this.#count * axes.length);
    this.#inverses = new Float64Array(this.#count * axes.length);
    this.#logHeights = this.#weights.map(Math.log);
    this.#logRoots = axes.filter((axis) => axis.choices === 0).length * 0.5 * Math.log(2 * Math.PI);
    this.#scratch = new Float64Array(this.#count);
    for (const [k, point] of points.entries()) this.#centres.set(point, k * axes.length);
    // A pinch of every choice in every kernel, less the more points there are.
    const pinch = 1 / (this.#count + 1);
    this.#logMiss = Float64Array.from(axes, (axis) => Math.log(pinch / (1 + axis.choices * pinch)));
    this.#logHit = this.#logMiss.map((miss) => miss + Math.log(1 + 1 / pinch));
    axes.forEach((axis, d) => {
      // Half a cell at least, or a whole number's neighbours would look impossible.
      if (axis.choices === 0) this.#widen(d, Math.max(narrowest, axis.cell / 2));
    });
  }

  /** Draws a point into `into`, at values that exist. */
  draw(rng: FastRng, into: Float64Array): void {
    const k = this.#pick(rng);
    this.#axes.forEach((axis, d) => {
      if (axis.choices > 0) into[d] = this.#drawChoice(axis, k === -1 ? -1 : k * this.#axes.length + d, rng);
      else into[d] = snap(axis, this.#drawNumber(k === -1 ? -1 : k * this.#axes.length + d, rng));
    });
  }

  /** Natural logarithm of the density at a point; finite in any number of dimensions. */
  logDensity(point: Float64Array): number {
    const [centres, inverses, logs] = [this.#centres, this.#inverses, this.#scratch];
    const [size, count] = [point.length, this.#count];
    const prior = this.#logPrior(point);
    let most = prior;
    for (let k = 0, at = 0; k < count; k += 1) {
      let sum = this.#logHeights[k] as number;
      for (let d = 0; d < size; d += 1, at += 1) {
        const inverse = inverses[at] as number;
        if (inverse > 0) {
          const gap = ((point[d] as number) - (centres[at] as number)) * inverse;
          sum -= 0.5 * gap * gap;
        } else sum += (point[d] === centres[at] ? this.#logHit[d] : this.#logMiss[d]) as number;
      }
      logs[k] = sum;
      if (sum > most) most = sum;
    }
    let total = Math.exp(prior - most);
    for (let k = 0; k < count; k += 1) {
      const below = (logs[k] as number) - most;
      // Less than 1e-17 of the largest, and most kernels are far away: no exponential for them.
      if (below > negligible) total += Math.exp(below);
    }
    return most + Math.log(total) - this.#logRoots;
  }

  #logPrior(point: Float64Array): number {
    let sum = Math.log(this.#priorWeight);
    this.#axes.forEach((axis, d) => {
      if (axis.choices > 0) sum -= Math.log(axis.choices);
      else sum += logPriorNorm - (((point[d] as number) - priorMean) / priorWidth) ** 2 / 2;
    });
    return sum;
  }

  #widen(d: number, least: number): void {
    const size = this.#axes.length;
    const sorted = new Float64Array(this.#count);
    for (let k = 0; k < this.#count; k += 1) sorted[k] = this.#centres[k * size + d] as number;
    sorted.sort();
    for (let k = 0; k < this.#count; k += 1) {
      const at = k * size + d;
      const centre = this.#centres[at] as number;
      const width = Math.max(least, neighbourShare * neighbourGap(sorted, centre));
      this.#inverses[at] = 1 / width;
      this.#logHeights[k] = (this.#logHeights[k] as number) - Math.log(width * massInside(centre, width));
    }
  }

  /** Number of a kernel by weight, -1 for the prior. */
  #pick(rng: FastRng): number {
    let left = rng.next() - this.#priorWeight;
    let k = -1;
    while (left >= 0 && k < this.#count - 1) {
      k += 1;
      left -= this.#weights[k] as number;
    }
    return k;
  }

  /** By rejection: at least a third of a kernel lies inside. */
  #drawNumber(at: number, rng: FastRng): number {
    const centre = at === -1 ? priorMean : (this.#centres[at] as number);
    const width = at === -1 ? priorWidth : 1 / (this.#inverses[at] as number);
    for (;;) {
      const x = centre + width * rng.normal();
      if (x >= 0 && x <= 1) return x;
    }
  }

  #drawChoice(axis: Axis, at: number, rng: FastRng): number {
    const own = 1 / (1 + axis.choices / (this.#count + 1));
    return at !== -1 && rng.next() < own ? (this.#centres[at] as number) : rng.below(axis.choices);
  }
}

/** Distance to the farther of the two neighbours; at either end there is only one. A lone value has the ends. */
function neighbourGap(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [sorted[low - 1], sorted[low + 1]];
  if (before === undefined && after === undefined) return Math.max(value, 1 - value);
  return Math.max(before === undefined ? 0 : value - before, after === undefined ? 0 : after - value);
}
