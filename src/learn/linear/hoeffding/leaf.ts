import { GaussianTable } from '../gaussian-table.ts';
import { indexOfLargest, logsInto, sharesInto, softmaxInto } from '../posterior.ts';
import type { LeafPrediction } from './options.ts';

/** How many samples' worth of the leaf's overall variance each class starts from. */
const PRIOR_WEIGHT = 1;

/** What a leaf's record holds: total weight when a split was last looked for. */
export const ATTEMPTED_AT = 0;
/** Weight of the samples that class shares would have got right before they were learnt. */
const MAJORITY_RIGHT = 1;
/** The same for naive Bayes. */
const BAYES_RIGHT = 2;

/** A leaf of a Hoeffding tree: what was seen there, and what it takes to split it. */
export class HoeffdingLeaf {
  /** Weight of each class, with what the parent handed down at its split. */
  readonly counts: Float64Array;
  /** What was seen here, without the parent's. */
  readonly table: GaussianTable;
  /** Smallest and largest value of each class (row) and feature (column) seen here. */
  readonly lowest: Float64Array;
  readonly highest: Float64Array;
  /** By the numbers above. */
  readonly record = new Float64Array(3);

  constructor(counts: Float64Array, features: number) {
    this.counts = counts;
    this.table = new GaussianTable(counts.length, features);
    this.lowest = new Float64Array(counts.length * features).fill(Number.POSITIVE_INFINITY);
    this.highest = new Float64Array(counts.length * features).fill(Number.NEGATIVE_INFINITY);
    this.record[ATTEMPTED_AT] = this.total;
  }

  get total(): number {
    let sum = 0;
    for (let c = 0; c < this.counts.length; c += 1) sum += this.counts[c] as number;
    return sum;
  }

  /** Writes one probability a class. */
  answer(x: ArrayLike<number>, prediction: LeafPrediction, out: Float64Array): void {
    if (prediction === 'bayes' || (prediction === 'adaptive' && this.#bayesLeads)) this.#answerBayes(x, out);
    else sharesInto(this.counts, out);
  }

  /** Notes which way of answering gets a sample right that is not yet learnt; `scratch`: one number a class. */
  judge(x: ArrayLike<number>, y: number, weight: number, scratch: Float64Array): void {
    if (indexOfLargest(this.counts) === y) this.#note(MAJORITY_RIGHT, weight);
    this.#answerBayes(x, scratch);
    if (indexOfLargest(scratch) === y) this.#note(BAYES_RIGHT, weight);
  }

  /** Takes a sample into account; `weight` is positive. */
  learn(x: ArrayLike<number>, y: number, weight: number): void {
    this.counts[y] = (this.counts[y] as number) + weight;
    this.table.add(x, y, weight);
    const { features } = this.table;
    for (let j = 0, at = y * features; j < features; j += 1, at += 1) {
      const value = x[j] as number;
      if (value < (this.lowest[at] as number)) this.lowest[at] = value;
      if (value > (this.highest[at] as number)) this.highest[at] = value;
    }
  }

  get #bayesLeads(): boolean {
    return (this.record[BAYES_RIGHT] as number) >= (this.record[MAJORITY_RIGHT] as number);
  }

  #note(entry: number, weight: number): void {
    this.record[entry] = (this.record[entry] as number) + weight;
  }

  #answerBayes(x: ArrayLike<number>, out: Float64Array): void {
    logsInto(this.counts, out);
    this.table.addLogDensities(x, PRIOR_WEIGHT, out);
    softmaxInto(out, out);
  }
}
