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

type Candidates = { feature: number; first: number; last: number; left: number };

/**
 * Finds the split of a node that lowers the loss most (Chen, Guestrin: XGBoost, KDD 2016, equation 7 and
 * algorithm 3). Works in the whole-number units of the packed gradients and scales the penalties instead.
 */
export class SplitFinder {
  readonly best: Split = { gain: 0, feature: 0, bin: 0, missingLeft: false, left: 0 };
  readonly #x: BinnedMatrix;
  readonly #options: ResolvedOptions;
  readonly #candidates: Candidates = { feature: 0, first: 0, last: 0, left: 0 };
  #rule = new WeightRule(0, 0);
  #minHessian = 1;
  #gainUnit = 1;
  #bestScore = 0;

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
    const gradient = gradientOf(total);
    const before = this.#rule.score(gradient, hessianOf(total), bounds);
    const leastGain = Math.max(LEAST_GAIN, this.#options.gamma);
    this.best.gain = 0;
    this.#bestScore = before + leastGain / this.#gainUnit;
    const threshold = this.#bestScore;
    for (let i = 0; i < features.length; i += 1) this.#tryFeature(histogram, features[i] as number, question);
    if (this.#bestScore > threshold) this.best.gain = (this.#bestScore - before) * this.#gainUnit;
    if (!this.#missingHere(histogram, this.best.feature))
      this.best.missingLeft = isHeavier(this.best.left, total);
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
    const first = feature << this.#x.binBits;
    const missing = this.#missingHere(histogram, feature);
    const candidates = this.#candidates;
    candidates.feature = feature;
    candidates.first = first;
    candidates.left = 0;
    // The last cut has every value on its left: it parts the present from the missing.
    candidates.last = first + values - (missing === 0 ? 2 : 1);
    this.#scan(histogram, question);
    if (missing === 0) return;
    candidates.left = missing;
    candidates.last = first + values - 2;
    this.#scan(histogram, question);
  }

  #scan(histogram: Histogram, question: SplitQuestion): void {
    const { monotone, alpha } = this.#options;
    if (alpha > 0 || monotone.length > 0) this.#scanBounded(histogram, question);
    else this.#scanFree(histogram, question.total);
  }

  /** Without L1 and monotone constraints the score of both children needs one division. */
  #scanFree(histogram: Histogram, total: number): void {
    const { first, last } = this.#candidates;
    const lambda = this.#rule.lambda;
    const least = this.#minHessian;
    const gradient = gradientOf(total);
    const hessian = hessianOf(total);
    let left = this.#candidates.left;
    let bestOver = this.#bestScore;
    let bestUnder = 1;
    for (let at = first; at <= last; at += 1) {
      const here = histogram[at] as number;
      if (here === 0) continue;
      left += here;
      const gl = Math.floor(left * (1 / HESSIAN_ROOM));
      const hl = left - gl * HESSIAN_ROOM;
      const hr = hessian - hl;
      if (hl < least) continue;
      if (hr < least) break;
      const gr = gradient - gl;
      const a = hl + lambda;
      const b = hr + lambda;
      const over = gl * gl * b + gr * gr * a;
      const under = a * b;
      if (over * bestUnder <= bestOver * under) continue;
      bestOver = over;
      bestUnder = under;
      this.#take(at, left, over / under);
    }
  }

  #scanBounded(histogram: Histogram, { total, bounds }: SplitQuestion): void {
    const { feature, first, last } = this.#candidates;
    const sign = this.#options.monotone[feature] ?? 0;
    const rule = this.#rule;
    const gradient = gradientOf(total);
    const hessian = hessianOf(total);
    let left = this.#candidates.left;
    for (let at = first; at <= last; at += 1) {
      const here = histogram[at] as number;
      if (here === 0) continue;
      left += here;
      const gl = gradientOf(left);
      const hl = left - gl * HESSIAN_ROOM;
      const hr = hessian - hl;
      if (hl < this.#minHessian) continue;
      if (hr < this.#minHessian) break;
      const gr = gradient - gl;
      if (sign !== 0 && sign * (rule.weight(gr, hr, bounds) - rule.weight(gl, hl, bounds)) < 0) continue;
      const score = rule.score(gl, hl, bounds) + rule.score(gr, hr, bounds);
      if (score > this.#bestScore) this.#take(at, left, score);
    }
  }

  #take(at: number, left: number, score: number): void {
    const { feature, first } = this.#candidates;
    this.#bestScore = score;
    this.best.feature = feature;
    this.best.bin = at - first;
    this.best.missingLeft = this.#candidates.left !== 0;
    this.best.left = left;
  }
}

const hessianOf = (packed: number): number => packed - gradientOf(packed) * HESSIAN_ROOM;

const isHeavier = (left: number, total: number): boolean => 2 * hessianOf(left) >= hessianOf(total);

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
