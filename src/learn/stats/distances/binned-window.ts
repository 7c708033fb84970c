import { PilotfishError } from '../../../base/index.ts';
import {
  checkSnapshot,
  finite,
  type Snapshot,
  takeNumbers,
  takeTensor,
  wholeNumber,
} from '../../contract/index.ts';
import { type BinnedBaseline, shareOf } from './bins.ts';

const KIND = 'binned-window';

/** Windows beyond this are samples to compare whole. */
export const MAX_WINDOW = 1_000_000;

/**
 * The last values of a stream, counted in the bins of a baseline: how far the two are apart, at every value. A value
 * costs about 30 ns, the two distances together about as much at 10 bins, and nothing is allocated. The distances are
 * computed from the counts whenever they are asked for: ten bins cost less than keeping sums up to date, and no
 * rounding error builds up over millions of values.
 */
export class BinnedWindow {
  readonly baseline: BinnedBaseline;
  readonly windowSize: number;
  /** Values of the window in each bin of the baseline; it changes with every value, and is for reading only. */
  readonly counts: Uint32Array;
  /** Bins of the window's values, oldest at `#next` once the ring is full. */
  readonly #ring: Uint8Array;
  #next = 0;
  #filled = 0;
  /** Share of the baseline up to and including each bin. */
  readonly #cumulative: Float64Array;
  readonly #shares: Float64Array;
  readonly #logShares: Float64Array;
  /** Of a full window: logarithm of the share that so many values are. Saves the logarithms, half of the time. */
  readonly #logOfCount: Float64Array;
  /** The distance measured last. A number that a long function returned would go on the heap, 16 bytes a value. */
  readonly #measured = new Float64Array(1);

  /** @throws PilotfishError `USAGE` unless `windowSize` is a whole number from 1 to 1 000 000. */
  constructor(baseline: BinnedBaseline, windowSize: number) {
    this.baseline = baseline;
    this.windowSize = wholeNumber('windowSize', windowSize, [1, MAX_WINDOW]);
    this.counts = new Uint32Array(baseline.counts.length);
    this.#ring = new Uint8Array(windowSize);
    let below = 0;
    this.#cumulative = baseline.counts.map((count) => {
      below += count;
      return below / baseline.count;
    });
    this.#shares = baseline.counts.map((count) => shareOf(count, baseline.count));
    this.#logShares = this.#shares.map(Math.log);
    const size = windowSize + 1;
    this.#logOfCount = Float64Array.from({ length: size }, (_, c) => Math.log(shareOf(c, windowSize)));
  }

  /** Values in the window, up to `windowSize`. */
  get filled(): number {
    return this.#filled;
  }

  /** Takes in a value; the oldest leaves a full window. @throws PilotfishError `NOT_FINITE`; the window stays. */
  add(value: number): void {
    this.#put(this.baseline.binOf(finite('value', value)));
  }

  #put(bin: number): void {
    const { counts } = this;
    const at = this.#next;
    if (this.#filled === this.windowSize) {
      const oldest = this.#ring[at] as number;
      counts[oldest] = (counts[oldest] as number) - 1;
    } else this.#filled += 1;
    this.#ring[at] = bin;
    counts[bin] = (counts[bin] as number) + 1;
    this.#next = at + 1 === this.windowSize ? 0 : at + 1;
  }

  /** Empties the window. */
  clear(): void {
    this.counts.fill(0);
    this.#next = 0;
    this.#filled = 0;
  }

  /**
   * Largest distance of the two distribution functions at the edges of the bins: a lower bound of the
   * Kolmogorov-Smirnov distance, short of it by at most the share of one bin, and equal to it for categories (new
   * values counting as the largest). 0 for an empty window.
   */
  ks(): number {
    this.#measureKs();
    return this.#measured[0] as number;
  }

  #measureKs(): void {
    const { counts } = this;
    const filled = this.#filled;
    let sum = 0;
    let distance = 0;
    // At the last edge both are 1.
    for (let bin = 0; bin < counts.length - 1 && filled > 0; bin += 1) {
      sum += counts[bin] as number;
      const gap = Math.abs(sum / filled - (this.#cumulative[bin] as number));
      if (gap > distance) distance = gap;
    }
    this.#measured[0] = distance;
  }

  /** The population stability index, as `populationStability` has it; 0 for an empty window. */
  psi(): number {
    this.#measurePsi();
    return this.#measured[0] as number;
  }

  #measurePsi(): void {
    const { counts } = this;
    const filled = this.#filled;
    const isFull = filled === this.windowSize;
    let psi = 0;
    for (let bin = 0; bin < counts.length && filled > 0; bin += 1) {
      const count = counts[bin] as number;
      const share = shareOf(count, filled);
      const log = isFull ? (this.#logOfCount[count] as number) : Math.log(share);
      psi += (share - (this.#shares[bin] as number)) * (log - (this.#logShares[bin] as number));
    }
    this.#measured[0] = psi;
  }

  /** The window without its baseline, which has its own snapshot. */
  snapshot(): Snapshot {
    const { windowSize } = this;
    const isFull = this.#filled === windowSize;
    const oldest = isFull ? this.#next : 0;
    const data = Uint8Array.from(
      { length: this.#filled },
      (_, i) => this.#ring[(oldest + i) % windowSize] as number,
    );
    return {
      kind: KIND,
      version: 1,
      config: { windowSize, filled: data.length },
      tensors: { bins: { shape: [data.length], data } },
    };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION` or `USAGE` for what is no window over this baseline. */
  static restore(snapshot: Snapshot, baseline: BinnedBaseline): BinnedWindow {
    const { windowSize, filled } = takeNumbers(checkSnapshot(snapshot, KIND, 1), 'windowSize', 'filled');
    const window = new BinnedWindow(baseline, windowSize);
    const bins = takeTensor<Uint8Array>(snapshot, 'bins', { type: Uint8Array, shape: [filled] });
    if (filled > windowSize || bins.some((bin) => bin >= baseline.counts.length))
      throw new PilotfishError('DAMAGED', 'the window was counted in other bins; start an empty one');
    for (const bin of bins) window.#put(bin);
    return window;
  }
}
