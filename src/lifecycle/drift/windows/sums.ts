import { type DriftBaseline, HISTOGRAM_BINS } from './baseline.ts';

/** Sums of one block: of deviations, their squares and their products with the one before, least, most, bins. */
const FIELDS = 5;
const WIDTH = FIELDS + HISTOGRAM_BINS;
/** What lies further off the mean counts as so far in moments: sums of squares of a window of these are still numbers. */
const FARTHEST = 1e140;

/** What sums of several blocks say. */
export type SumsOfWindow = {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
  readonly min: number;
  readonly max: number;
  readonly histogram: number[];
  /** Correlation of a value with the one before it. */
  readonly autocorrelation: number;
};

/** Moments and histograms of the last blocks of a stream, in a ring. */
export class BlockSums {
  readonly #baseline: DriftBaseline;
  readonly #half: number;
  readonly #ring: Float64Array;
  #blocks = 0;
  #last = 0;

  constructor(baseline: DriftBaseline, { half, blocks }: { readonly half: number; readonly blocks: number }) {
    this.#baseline = baseline;
    this.#half = half;
    this.#ring = new Float64Array(blocks * WIDTH);
  }

  /** Takes a block of `half` values; the oldest of a full ring goes. Allocates nothing. */
  add(values: Float64Array): void {
    const baseline = this.#baseline;
    const ring = this.#ring;
    const at = (this.#blocks * WIDTH) % ring.length;
    const { mean } = baseline;
    let sum = 0;
    let squares = 0;
    let products = 0;
    let last = this.#last;
    let min = Infinity;
    let max = -Infinity;
    ring.fill(0, at, at + WIDTH);
    for (let i = 0; i < values.length; i += 1) {
      const value = values[i] as number;
      const deviation = Math.max(-FARTHEST, Math.min(value - mean, FARTHEST));
      sum += deviation;
      squares += deviation * deviation;
      products += deviation * last;
      last = deviation;
      if (value < min) min = value;
      if (value > max) max = value;
      const bin = at + FIELDS + baseline.binOf(value);
      ring[bin] = (ring[bin] as number) + 1;
    }
    this.#last = last;
    ring[at] = sum;
    ring[at + 1] = squares;
    ring[at + 2] = products;
    ring[at + 3] = min;
    ring[at + 4] = max;
    this.#blocks += 1;
  }

  /** Sum of the values of the last blocks: of zeros and ones, how many ones. */
  sumOf(blocks: number): number {
    return this.#total(0, blocks) + blocks * this.#half * this.#baseline.mean;
  }

  of(blocks: number): SumsOfWindow {
    const count = blocks * this.#half;
    const shift = this.#total(0, blocks) / count;
    const squares = this.#total(1, blocks) - count * shift * shift;
    const field = (at: number): number[] =>
      this.#starts(blocks).map((start) => this.#ring[start + at] as number);
    return {
      ...{
        count,
        mean: this.#baseline.mean + shift,
        variance: Math.max(0, squares / Math.max(1, count - 1)),
      },
      ...{ min: Math.min(...field(3)), max: Math.max(...field(4)) },
      histogram: Array.from({ length: HISTOGRAM_BINS }, (_, bin) => this.#total(FIELDS + bin, blocks)),
      autocorrelation: this.#autocorrelation(blocks),
    };
  }

  /** About the mean of each block, so that a shift between blocks does not count. */
  #autocorrelation(blocks: number): number {
    let products = 0;
    let squares = 0;
    for (const start of this.#starts(blocks)) {
      const centre = (this.#ring[start] as number) ** 2 / this.#half;
      products += (this.#ring[start + 2] as number) - centre;
      squares += (this.#ring[start + 1] as number) - centre;
    }
    return squares > 0 ? Math.max(-1, Math.min(1, products / squares)) : 0;
  }

  snapshot(): Float64Array {
    return Float64Array.of(this.#blocks, this.#last, ...this.#ring);
  }

  /** @returns whether it fits */
  restore(saved: Float64Array): boolean {
    if (saved.length !== this.#ring.length + 2) return false;
    this.#blocks = saved[0] as number;
    this.#last = saved[1] as number;
    this.#ring.set(saved.subarray(2));
    return true;
  }

  #total(field: number, blocks: number): number {
    let total = 0;
    for (let back = 1; back <= blocks; back += 1) total += this.#ring[this.#start(back) + field] as number;
    return total;
  }

  #starts(blocks: number): number[] {
    return Array.from({ length: blocks }, (_, i) => this.#start(i + 1));
  }

  /** Where the block lies that was the `back`-th from the end. */
  #start(back: number): number {
    return ((this.#blocks - back) * WIDTH) % this.#ring.length;
  }
}
