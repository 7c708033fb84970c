import type { FastRng } from '../../../base/index.ts';
import type { Tree } from '../model.ts';
import type { Derivatives } from '../objective.ts';
import type { ResolvedOptions } from '../options.ts';
import type { BinnedMatrix } from './bins.ts';
import { PackedGradients } from './gradients.ts';
import { buildHistogram, type Histogram, histogramFor, subtractHistogram, wordsOf } from './histogram.ts';
import { type GrowingNode, NodeList } from './nodes.ts';
import { type Bounds, type Split, SplitFinder } from './split.ts';

/** What one tree is grown from. */
export type GrowJob = {
  readonly derivatives: Derivatives;
  /** Where the output's own derivatives start: `output * rows`. */
  readonly from: number;
  /** The samples the tree sees; put into another order. */
  readonly rows: Uint32Array;
  /** The features it may ask for, ascending. */
  readonly features: Uint32Array;
  readonly rng: FastRng;
  /** What the trees so far say of every sample; the new tree is added for those it sees. */
  readonly margins: Float64Array;
};

const FREE: Bounds = { lower: -Infinity, upper: Infinity };

/**
 * Grows one tree after the other, depth first, from histograms (Ke et al.: LightGBM, NeurIPS 2017): only the
 * smaller child of a split is summed, the other is its parent without it. All buffers are kept.
 */
export class TreeGrower {
  readonly #x: BinnedMatrix;
  readonly #options: ResolvedOptions;
  readonly #packed: PackedGradients;
  readonly #finder: SplitFinder;
  readonly #histograms: Histogram[] = [];
  readonly #rightRows: Uint32Array;
  readonly #goesLeft = new Uint8Array(256);
  #words: Uint32Array = new Uint32Array(0);
  #nodes = new NodeList();

  constructor(x: BinnedMatrix, options: ResolvedOptions) {
    this.#x = x;
    this.#options = options;
    this.#packed = new PackedGradients(x.rows);
    this.#finder = new SplitFinder(x, options);
    this.#rightRows = new Uint32Array(x.rows);
  }

  /** Grows a tree. Without samples it is a single leaf of value 0. */
  grow(job: GrowJob): Tree {
    const { rows, features } = job;
    const total = this.#packed.pack(job.derivatives, job.from, rows, job.rng);
    this.#finder.scale(this.#packed);
    this.#words = wordsOf(features);
    this.#nodes = new NodeList();
    const root: GrowingNode = { begin: 0, end: rows.length, depth: 0, total, bounds: FREE };
    const histogram = this.#histogram(0);
    this.#build(histogram, job, root);
    this.#growNode(this.#nodes.add(), root, { job, histogram });
    return this.#nodes.toTree();
  }

  #growNode(
    node: number,
    state: GrowingNode,
    { job, histogram }: { job: GrowJob; histogram: Histogram | undefined },
  ): void {
    if (histogram === undefined || this.#finder.find(histogram, job.features, state).gain === 0) {
      this.#settle(node, state, job);
      return;
    }
    const split = this.#finder.best;
    const cuts = this.#x.cuts[split.feature] as Float32Array;
    const left = this.#nodes.split(node, split, cuts[split.bin] as number);
    const middle = this.#partition(job.rows, state, split);
    const [leftState, rightState] = this.#childrenOf(state, split, middle);
    const leftFirst = middle - state.begin <= state.end - middle;
    const [small, large] = leftFirst ? [leftState, rightState] : [rightState, leftState];
    const own = this.#histogram(small.depth);
    if (this.#maySplit(small) || this.#maySplit(large)) this.#build(own, job, small);
    if (this.#maySplit(large)) subtractHistogram(histogram, own);
    const [smallNode, largeNode] = leftFirst ? [left, left + 1] : [left + 1, left];
    this.#growNode(smallNode, small, { job, histogram: this.#maySplit(small) ? own : undefined });
    this.#growNode(largeNode, large, { job, histogram: this.#maySplit(large) ? histogram : undefined });
  }

  #maySplit({ depth, total }: GrowingNode): boolean {
    return depth < this.#options.maxDepth && this.#finder.maySplit(total);
  }

  /** A node at `depth` needs this one until its own children are done; its sibling keeps its parent's. */
  #histogram(depth: number): Histogram {
    this.#histograms[depth] ??= histogramFor(this.#x);
    return this.#histograms[depth];
  }

  #build(histogram: Histogram, { rows }: GrowJob, { begin, end }: GrowingNode): void {
    const source = { x: this.#x, words: this.#words, packed: this.#packed.values };
    buildHistogram(histogram, source, rows, [begin, end]);
  }

  #childrenOf(state: GrowingNode, split: Split, middle: number): [GrowingNode, GrowingNode] {
    const { begin, end, depth, total, bounds } = state;
    const right = total - split.left;
    const [lower, upper] = this.#childBounds(bounds, split, right);
    return [
      { begin, end: middle, depth: depth + 1, total: split.left, bounds: lower },
      { begin: middle, end, depth: depth + 1, total: right, bounds: upper },
    ];
  }

  /** Below a monotone split the two sides stay on their side of the middle between their weights. */
  #childBounds(bounds: Bounds, split: Split, right: number): [Bounds, Bounds] {
    const sign = this.#options.monotone[split.feature] ?? 0;
    if (sign === 0) return [bounds, bounds];
    const middle = (this.#finder.weight(split.left, bounds) + this.#finder.weight(right, bounds)) / 2;
    const below = { lower: bounds.lower, upper: middle };
    const above = { lower: middle, upper: bounds.upper };
    return sign > 0 ? [below, above] : [above, below];
  }

  /** Moves the samples that go left before the others, each side in its old order; returns where they part. */
  #partition(rows: Uint32Array, { begin, end }: GrowingNode, { feature, bin, missingLeft }: Split): number {
    const table = this.#goesLeft.fill(1, 0, bin + 1).fill(0, bin + 1);
    if (this.#x.hasMissing[feature]) {
      table[(this.#x.cuts[feature] as Float32Array).length] = missingLeft ? 1 : 0;
    }
    const first = (feature >> 2) * this.#x.rows;
    const shift = (feature & 3) * 8;
    const { words } = this.#x;
    const right = this.#rightRows;
    let middle = begin;
    let others = 0;
    for (let i = begin; i < end; i += 1) {
      const row = rows[i] as number;
      const goesLeft = table[((words[first + row] as number) >>> shift) & 255] as number;
      rows[middle] = row;
      right[others] = row;
      middle += goesLeft;
      others += 1 - goesLeft;
    }
    for (let i = 0; i < others; i += 1) rows[middle + i] = right[i] as number;
    return middle;
  }

  /** A leaf answers by the derivatives themselves, not by their packed approximations. */
  #settle(
    node: number,
    { begin, end, bounds }: GrowingNode,
    { derivatives, from, rows, margins }: GrowJob,
  ): void {
    const { gradient, hessian } = derivatives;
    let g = 0;
    let h = 0;
    for (let i = begin; i < end; i += 1) {
      const at = from + (rows[i] as number);
      g += gradient[at] as number;
      h += hessian[at] as number;
    }
    const { lambda, alpha, learningRate } = this.#options;
    const unit = this.#packed.hessianScale / this.#packed.gradientScale;
    const free = h + lambda > 0 ? (-Math.sign(g) * Math.max(0, Math.abs(g) - alpha)) / (h + lambda) : 0;
    const weight = Math.min(bounds.upper * unit, Math.max(bounds.lower * unit, free));
    const value = Math.fround(weight * learningRate);
    this.#nodes.settle(node, value, h);
    for (let i = begin; i < end; i += 1) {
      const row = rows[i] as number;
      margins[row] = (margins[row] as number) + value;
    }
  }
}
