import { finite, wholeNumber } from '../../contract/index.ts';
import { firstAtOrAbove, sortedCopy } from '../summary.ts';
import { MAX_WINDOW } from './binned-window.ts';
import { PrefixTree } from './prefix-tree.ts';

/** A value above the whole baseline: both distribution functions are 1 there, so it is not counted. */
const BEYOND = -1;

/**
 * The exact Kolmogorov-Smirnov distance of the last values of a stream to a baseline, at every value. The distance is
 * the extreme running sum, over the values of the baseline, of baseline size × window count - window size × baseline
 * count, divided by both sizes; a tree keeps that extreme. A value changes two leaves, so it costs some hundred
 * nanoseconds whatever the size of the window, where merging two sorted samples costs tens of microseconds. Whole
 * numbers throughout: nothing drifts. Nothing is allocated.
 */
export class SlidingKs {
  readonly windowSize: number;
  /** Values of the baseline. */
  readonly baselineSize: number;
  /** Different values of the baseline, rising, and how often each occurs. */
  readonly #values: Float64Array;
  readonly #times: Uint32Array;
  /** Window values between the baseline value before and this one, and equal to this one: even and odd places. */
  readonly #counts: Uint32Array;
  /** Places in `#counts` of the window's values; the oldest at `#next` once the ring is full. */
  readonly #ring: Int32Array;
  readonly #tree: PrefixTree;
  /** The distance measured last: what a long function returned would go on the heap. */
  readonly #measured = new Float64Array(1);
  #next = 0;
  #filled = 0;
  /** The tree is for windows of this size; 0 before the first is built. */
  #treeSize = 0;

  /**
   * `baseline` in any order; it is copied.
   * @throws PilotfishError `EMPTY` or `NOT_FINITE` for the baseline, `USAGE` unless `windowSize` is a whole number
   *   from 1 to 1 000 000.
   */
  constructor(baseline: ArrayLike<number>, windowSize: number) {
    this.windowSize = wholeNumber('windowSize', windowSize, [1, MAX_WINDOW]);
    const sorted = sortedCopy('baseline', baseline);
    this.baselineSize = sorted.length;
    this.#values = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
    this.#times = new Uint32Array(this.#values.length);
    for (const value of sorted) bump(this.#times, firstAtOrAbove(this.#values, value), 1);
    this.#counts = new Uint32Array(2 * this.#values.length);
    this.#ring = new Int32Array(windowSize);
    this.#tree = new PrefixTree(this.#values.length);
  }

  /** Values in the window, up to `windowSize`. */
  get filled(): number {
    return this.#filled;
  }

  /** Takes in a value; the oldest leaves a full window. @throws PilotfishError `NOT_FINITE`; the window stays. */
  add(value: number): void {
    const place = this.#placeOf(finite('value', value));
    const at = this.#next;
    if (this.#filled === this.windowSize) this.#change(this.#ring[at] as number, -1);
    else this.#filled += 1;
    this.#ring[at] = place;
    this.#next = at + 1 === this.windowSize ? 0 : at + 1;
    this.#change(place, 1);
  }

  /**
   * The distance of the values in the window to the baseline, in [0, 1]; 0 for an empty window. At once for a full
   * window; while it fills, every size of the window needs a new tree (some 10 ns a baseline value).
   */
  get distance(): number {
    this.#measure();
    return this.#measured[0] as number;
  }

  #measure(): void {
    const filled = this.#filled;
    if (this.#treeSize !== filled) this.#build(filled);
    this.#measured[0] = filled === 0 ? 0 : this.#tree.reach / (filled * this.baselineSize);
  }

  #build(size: number): void {
    this.#treeSize = size;
    for (let leaf = 0; leaf < this.#values.length; leaf += 1) this.#putLeaf(leaf);
    this.#tree.joinAll();
  }

  #change(place: number, by: number): void {
    if (place === BEYOND) return;
    bump(this.#counts, place, by);
    if (this.#treeSize !== this.windowSize) return;
    const leaf = place >> 1;
    this.#putLeaf(leaf);
    this.#tree.joinAbove(leaf);
  }

  /** Two steps: to just below the baseline value, where the window's function may have risen, and at the value. */
  #putLeaf(leaf: number): void {
    const between = this.#counts[2 * leaf] as number;
    const equal = this.#counts[2 * leaf + 1] as number;
    const baseline = this.#times[leaf] as number;
    const { steps } = this.#tree;
    steps[2 * leaf] = between * this.baselineSize;
    steps[2 * leaf + 1] = equal * this.baselineSize - baseline * this.#treeSize;
  }

  #placeOf(value: number): number {
    const leaf = firstAtOrAbove(this.#values, value);
    if (leaf === this.#values.length) return BEYOND;
    return this.#values[leaf] === value ? 2 * leaf + 1 : 2 * leaf;
  }
}

function bump(counts: Uint32Array, at: number, by: number): void {
  counts[at] = (counts[at] as number) + by;
}
