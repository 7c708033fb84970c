import type { Quantiles } from '../../../learn/index.ts';

/** Bins a factor of e: each is half a percent wide. */
const PER_LOG = 200;
/** Beyond the bin of the largest float64, so that signs do not meet. */
const OFFSET = 200_000;
/** Values nearer to zero than any measurement count as zero. */
const SMALLEST = 1e-300;

/** The bin of a value: a whole number, greater for a greater value. */
export function binOf(value: number): number {
  const size = Math.abs(value);
  if (size < SMALLEST) return 0;
  const bin = OFFSET + Math.ceil(Math.log(size) * PER_LOG);
  return value < 0 ? -bin : bin;
}

/** The ends of a bin, the lower first. */
function endsOf(bin: number): readonly [number, number] {
  if (bin === 0) return [0, 0];
  const upper = Math.exp((Math.abs(bin) - OFFSET) / PER_LOG);
  const lower = upper * Math.exp(-1 / PER_LOG);
  return bin < 0 ? [-upper, -lower] : [lower, upper];
}

/** How many values fell into a bin. */
export type BinCount = { readonly bin: number; readonly count: number };

/** Quantiles of binned values, straight between the ends of a bin: off by half a percent of themselves at most. */
export class BinnedQuantiles implements Quantiles {
  readonly count: number;
  readonly #bins: readonly BinCount[];

  constructor(bins: readonly BinCount[]) {
    this.#bins = bins.toSorted((a, b) => a.bin - b.bin);
    this.count = bins.reduce((sum, { count }) => sum + count, 0);
  }

  /** @param share 0 to 1; 0 without values */
  quantile(share: number): number {
    let rest = share * this.count;
    for (const { bin, count } of this.#bins) {
      const [lower, upper] = endsOf(bin);
      if (rest <= count) return lower + ((upper - lower) * rest) / count;
      rest -= count;
    }
    return endsOf(this.#bins.at(-1)?.bin ?? 0)[1];
  }
}
