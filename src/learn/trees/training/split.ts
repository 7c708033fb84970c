import type { ResolvedOptions } from '../options.ts';
import type { BinnedMatrix } from './bins.ts';
import { gradientOf, HESSIAN_ROOM, type PackedGradients } from './gradients.ts';
import type { Histogram } from './histogram.ts';

/** Leaf weights a node may take, in packed units: monotone splits above it set them apart. */
export type Bounds = { readonly lower: number; readonly upper: number };

/** The best split found so far; reused from node to node. */
export type Split = {
  /** How much it lowers the loss, in real units; 0 when there is none worth making. */
  gain: number;
  feature: number;
  /** Bins up to this one go left. */
  bin: number;
  /** Where missing values go; the heavier side when the node has none to learn from. */
  missingLeft: boolean;
  /** Packed sum of the samples that go left. */
  left: number;
};

/** A node to be split: the packed sum of its samples, and what its children may weigh. */
export type SplitQuestion = { readonly total: number; readonly bounds: Bounds };

// XGBoost's own least gain.
const LEAST_GAIN = 1e-6;

/**
 * The cells of one feature in the order they are tried: forwards the near side, summed up so far, is the left one
 * and missing values are on the right; backwards it is the other way round.
 */
type Candidates = { feature: number; first: number; from: number; to: number; step: 1 | -1 };

/**
 * Finds the split of a node that lowers the loss most (Chen, Guestrin: XGBoost, KDD 2016, equation 7 and
 * algorithm 3). Works in the whole-number units of the packed gradients and scales the penalties instead.
 */
export class SplitFinder {
  readonly best: Split = { gain: 0, feature: 0, bin: 0, missingLeft: false, left: 0 };
  readonly #x: BinnedMatrix;
  readonly #options: ResolvedOptions;
  readonly #candidates: Candidates = { feature: 0, first: 0, from: 0, to: 0, step: 1 };
  #rule = new WeightRule(0, 0);
  #minHessian = 1;
  #gainUnit = 1;
  // The best score as a fraction: comparing crosswise needs no division, and equal splits compare equal.
  #bestOver = 0;
  #bestUnder = 1;

  constructor(x: BinnedMatrix, options: ResolvedOptions) {
    this.#x = x;
    this.#options = options;
  }

  /** Takes over the units of the tree about to grow. */
  scale({ gradientScale, hessianScale }: PackedGradients): void {
    const { lambda, alpha, minChildWeight } = this.#options;
    this.#rule = new WeightRule(lambda * hessianScale, alpha * gradientScale);
    this.#minHessian = Math.max(1, minChildWeight * hessianScale);
    this.#gainUnit = hessianScale / gradientScale ** 2;
  }

  /** The weight a leaf with this packed sum would have, in packed units. */
  weight(packed: number, bounds: Bounds): number {
    const gradient = gradientOf(packed);
    return this.#rule.weight(gradient, hessianOf(packed), bounds);
  }

  /** False when no split could leave enough on both sides. */
  maySplit(packed: number): boolean {
    return hessianOf(packed) >= 2 * this.#minHessian;
  }

  /** The best split over `features`; its gain is 0 when none reaches `gamma`. */
  find(histogram: Histogram, features: Uint32Array, question: SplitQuestion): Split {
    const { total, bounds } = question;
    const before = this.#rule.score(gradientOf(total), hessianOf(total), bounds);
    const least = before + Math.max(LEAST_GAIN, this.#options.gamma) / this.#gainUnit;
    this.#bestOver = least;
    this.#bestUnder = 1;
    for (let i = 0; i < features.length; i += 1) this.#tryFeature(histogram, features[i] as number, question);
    const score = this.#bestOver / this.#bestUnder;
    this.best.gain = score > least ? (score - before) * this.#gainUnit : 0;
    if (this.#missingHere(histogram, this.best.feature) === 0) {
      this.best.missingLeft = 2 * hessianOf(this.best.left) >= hessianOf(total);
    }
    return this.best;
  }

  /** Packed sum of the samples without a value of the feature; 0 means none, since hessians are positive. */
  #missingHere(histogram: Histogram, feature: number): number {
    if (!this.#x.hasMissing[feature]) return 0;
    const values = (this.#x.cuts[feature] as Float32Array).length;
    return histogram[(feature << this.#x.binBits) + values] as number;
  }

  #tryFeature(histogram: Histogram, feature: number, question: SplitQuestion): void {
    const values = (this.#x.cuts[feature] as Float32Array).length;
    if (values === 0) return;
    const first = feature << this.#x.binBits;
    const isMissing = this.#missingHere(histogram, feature) !== 0;
    const candidates = this.#candidates;
    candidates.feature = feature;
    candidates.first = first;
    candidates.from = first;
    // The last cut has every value on its left: it parts the present from the missing.
    candidates.to = first + values - (isMissing ? 0 : 1);
    candidates.step = 1;
    this.#scan(histogram, question);
    if (!isMissing) return;
    candidates.from = first + values - 1;
    candidates.to = first;
    candidates.step = -1;
    this.#scan(histogram, question);
  }

  #scan(histogram: Histogram, question: SplitQuestion): void {
    const { monotone, alpha } = this.#options;
    if (alpha > 0 || monotone.length > 0) this.#scanBounded(histogram, question);
    else this.#scanFree(histogram, question.total);
  }

  /** Without L1 penalty and constraints: both scores on one fraction line. */
  #scanFree(histogram: Histogram, total: number): void {
    const { from, to, step } = this.#candidates;
    const lambda = this.#rule.lambda;
    const least = this.#minHessian;
    const gradient = gradientOf(total);
    const hessian = hessianOf(total);
    let near = 0;
    let bestOver = this.#bestOver;
    let bestUnder = this.#bestUnder;
    for (let at = from; at !== to; at += step) {
      const here = histogram[at] as number;
      if (here === 0) continue;
      near += here;
      const g = Math.floor(near * (1 / HESSIAN_ROOM));
      const h = near - g * HESSIAN_ROOM;
      if (h < least) continue;
      if (hessian - h < least) break;
      const a = h + lambda;
      const b = hessian - h + lambda;
      const over = g * g * b + (gradient - g) * (gradient - g) * a;
      const under = a * b;
      if (over * bestUnder <= bestOver * under) continue;
      bestOver = over;
      bestUnder = under;
      this.#take(at, step > 0 ? near : total - near);
    }
    this.#bestOver = bestOver;
    this.#bestUnder = bestUnder;
  }

  #scanBounded(histogram: Histogram, { total, bounds }: SplitQuestion): void {
    const { feature, from, to, step } = this.#candidates;
    // The weight must rise with the feature, so towards the far side when going forwards.
    const rise = step * (this.#options.monotone[feature] ?? 0);
    const rule = this.#rule;
    let near = 0;
    for (let at = from; at !== to; at += step) {
      const here = histogram[at] as number;
      if (here === 0) continue;
      near += here;
      const far = total - near;
      const [g, h] = [gradientOf(near), hessianOf(near)];
      const [gFar, hFar] = [gradientOf(far), hessianOf(far)];
      if (h < this.#minHessian) continue;
      if (hFar < this.#minHessian) break;
      if (rise * (rule.weight(gFar, hFar, bounds) - rule.weight(g, h, bounds)) < 0) continue;
      const score = rule.score(g, h, bounds) + rule.score(gFar, hFar, bounds);
      if (score <= this.#bestOver) continue;
      this.#bestOver = score;
      this.#take(at, step > 0 ? near : far);
    }
  }

  #take(at: number, left: number): void {
    const { feature, first, step } = this.#candidates;
    this.best.feature = feature;
    this.best.bin = at - first - (step > 0 ? 0 : 1);
    this.best.missingLeft = step < 0;
    this.best.left = left;
  }
}

const hessianOf = (packed: number): number => packed - gradientOf(packed) * HESSIAN_ROOM;

/** The best weight of a leaf under L2 and L1 penalties and bounds, and by how much it lowers the loss. */
class WeightRule {
  readonly lambda: number;
  readonly #alpha: number;

  constructor(lambda: number, alpha: number) {
    this.lambda = lambda;
    this.#alpha = alpha;
  }

  weight(gradient: number, hessian: number, { lower, upper }: Bounds): number {
    const curvature = hessian + this.lambda;
    if (!(curvature > 0)) return Math.min(upper, Math.max(lower, 0));
    const shrunk = Math.sign(gradient) * Math.max(0, Math.abs(gradient) - this.#alpha);
    return Math.min(upper, Math.max(lower, -shrunk / curvature));
  }

  score(gradient: number, hessian: number, bounds: Bounds): number {
    const weight = this.weight(gradient, hessian, bounds);
    return -(
      2 * gradient * weight +
      (hessian + this.lambda) * weight ** 2 +
      2 * this.#alpha * Math.abs(weight)
    );
  }
}
