import {
  type Batch,
  type Fits,
  type Learner,
  type LearnsOne,
  type Matrix,
  type Predicts,
  predictRows,
  type Snapshot,
  type StreamSample,
} from '../../contract/index.ts';
import { type ConstantFeatures, checkRow, checkSample, checkTraining, sampleOf } from '../checks.ts';
import { indexOfLargest } from '../posterior.ts';
import { ATTEMPTED_AT, HoeffdingLeaf } from './leaf.ts';
import { type HoeffdingOptions, hoeffdingOptions } from './options.ts';
import { HOEFFDING_KIND, type HoeffdingState, putHoeffding, takeHoeffding } from './snapshot.ts';
import { bestSplit, estimateBranches, type Split } from './split.ts';

export type HoeffdingReport = {
  /** Leaves of the tree grown. */
  readonly leaves: number;
};

/** A leaf whose most frequent class holds more than this share of the weight is left alone. */
const PURE_SHARE = 0.99;

/**
 * Decision tree for classes that grows as samples stream by and keeps none of them (Domingos and Hulten, Mining
 * high-speed data streams, KDD 2000). A leaf splits when its best split beats the second best, and no split, by more
 * than the Hoeffding bound `sqrt(R² ln(1/delta) / 2n)`, or when the bound is so small that they tie. Numeric
 * features are observed by one Gaussian a class (Pfahringer, Holmes, Kirkby, PAKDD 2008); leaves answer by naive
 * Bayes where it is more often right (Holmes, Kirkby, Pfahringer 2005). n and the class shares count what the parent
 * handed down. `predict` answers one probability a class, all the same before anything is learnt.
 *
 * Errors: `USAGE` for options or targets out of range, `LIMIT`, `SHAPE`, `NOT_FINITE`; `fit` also as `checkBatch`.
 */
export class HoeffdingTree
  implements
    Learner,
    Predicts,
    LearnsOne<StreamSample>,
    Fits<HoeffdingReport, { readonly constantFeatures?: ConstantFeatures }>
{
  readonly kind = HOEFFDING_KIND;
  readonly features: number;
  readonly classes: number;
  readonly #options: Required<HoeffdingOptions>;
  readonly #answer: Float64Array;
  readonly #scratch: Float64Array;
  #state: HoeffdingState;

  constructor(options: HoeffdingOptions) {
    this.#options = hoeffdingOptions(options);
    this.features = options.features;
    this.classes = options.classes;
    this.#answer = new Float64Array(options.classes);
    this.#scratch = new Float64Array(options.classes);
    this.#state = this.#root();
  }

  /** The inverse of `snapshot`. @throws PilotfishError `DAMAGED`, `NEWER_VERSION`. */
  static restore(snapshot: Snapshot): HoeffdingTree {
    const { options, state } = takeHoeffding(snapshot);
    const tree = new HoeffdingTree(options);
    tree.#state = state;
    return tree;
  }

  /** Leaves grown so far. */
  get leaves(): number {
    return this.#state.leaves.length;
  }

  /** The array is used again by the next call. */
  predict(x: ArrayLike<number>): Float64Array {
    checkRow(x, this.features);
    this.#leafAt(this.#find(x)).answer(x, this.#options.leafPrediction, this.#answer);
    return this.#answer;
  }

  /** `predict` for every row, in a fresh matrix. */
  predictMany(x: Matrix): Matrix {
    return predictRows(x, (row) => this.predict(row));
  }

  learnOne(sample: StreamSample): void {
    const weight = checkSample(sample, this);
    if (weight > 0) this.#learn(sample, weight);
  }

  /** Learns from scratch, the rows in their order. */
  fit(batch: Batch, options: { readonly constantFeatures?: ConstantFeatures } = {}): HoeffdingReport {
    checkTraining(batch, this, options.constantFeatures ?? 'refuse');
    this.#state = this.#root();
    for (let row = 0; row < batch.x.rows; row += 1) {
      const sample = sampleOf(batch, row);
      if (sample.weight > 0) this.#learn(sample, sample.weight);
    }
    return { leaves: this.leaves };
  }

  snapshot(): Snapshot {
    return putHoeffding(this.#options, this.#state);
  }

  #root(): HoeffdingState {
    const leaf = new HoeffdingLeaf(new Float64Array(this.classes), this.features);
    return { feature: [-1], threshold: [0], next: [0], leaves: [leaf] };
  }

  #learn({ x, y }: StreamSample, weight: number): void {
    const { leafPrediction, gracePeriod, maxLeaves } = this.#options;
    const node = this.#find(x);
    const leaf = this.#leafAt(node);
    if (leafPrediction === 'adaptive') leaf.judge(x, y, weight, this.#scratch);
    leaf.learn(x, y, weight);
    const due = leaf.total - (leaf.record[ATTEMPTED_AT] as number) >= gracePeriod;
    if (due && this.leaves < maxLeaves) this.#considerSplit(node, leaf);
  }

  /** The node of the leaf that `x` belongs to. */
  #find(x: ArrayLike<number>): number {
    const { feature, threshold, next } = this.#state;
    let node = 0;
    for (let j = feature[0] as number; j >= 0; j = feature[node] as number) {
      const right = (x[j] as number) > (threshold[node] as number);
      node = (next[node] as number) + (right ? 1 : 0);
    }
    return node;
  }

  #leafAt(node: number): HoeffdingLeaf {
    return this.#state.leaves[this.#state.next[node] as number] as HoeffdingLeaf;
  }

  #considerSplit(node: number, leaf: HoeffdingLeaf): void {
    const { criterion, delta, tieThreshold } = this.#options;
    const { total } = leaf;
    leaf.record[ATTEMPTED_AT] = total;
    if ((leaf.counts[indexOfLargest(leaf.counts)] as number) > PURE_SHARE * total) return;
    const { best, runnerUp } = bestSplit(leaf, criterion);
    if (best === undefined) return;
    const seen = leaf.counts.filter((count) => count > 0).length;
    const range = criterion === 'gini' ? 1 : Math.log2(seen);
    const bound = Math.sqrt((range * range * Math.log(1 / delta)) / (2 * total));
    if (best.gain - runnerUp > bound || bound < tieThreshold) this.#split(node, leaf, best);
  }

  /** The leaf's place goes to the left branch, the right one is new. */
  #split(node: number, leaf: HoeffdingLeaf, split: Split): void {
    const { feature, threshold, next, leaves } = this.#state;
    const left = new Float64Array(this.classes);
    const right = new Float64Array(this.classes);
    estimateBranches(leaf, split, { left, right });
    const place = next[node] as number;
    feature[node] = split.feature;
    threshold[node] = split.threshold;
    next[node] = feature.length;
    feature.push(-1, -1);
    threshold.push(0, 0);
    next.push(place, leaves.length);
    leaves[place] = new HoeffdingLeaf(left, this.features);
    leaves.push(new HoeffdingLeaf(right, this.features));
  }
}
