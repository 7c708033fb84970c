import { PilotfishError } from '../../../base/index.ts';
import {
  allFinite,
  checkSnapshot,
  type Snapshot,
  takeCounts,
  takeTensor,
  wholeNumber,
} from '../../contract/index.ts';
import { firstAtOrAbove, sortedCopy, sortedQuantile } from '../summary.ts';

/** How to bin; every field has a default. */
export type BinOptions = {
  /** Quantile bins of the baseline, 2 to 100; 10. */
  readonly bins?: number;
};

const KIND = 'binned-baseline';
const MAX_BINS = 100;

/** Share given to an empty bin, whose logarithm would be infinite. */
const EMPTY_SHARE = 1e-4;

/** A share as the stability index takes it. */
export const shareOf = (count: number, total: number): number => Math.max(count / total, EMPTY_SHARE);

/** Upper edges of all bins but the last. */
function quantileEdges(sorted: Float64Array, bins: number): Float64Array {
  const edges = new Set(Array.from({ length: bins - 1 }, (_, i) => sortedQuantile(sorted, (i + 1) / bins)));
  return Float64Array.from(edges);
}

/**
 * A sample reduced to counts in quantile bins of its own. A sample of no more different values than bins (a constant,
 * a category) is binned by value, and whatever it never had falls into one more bin, the last.
 */
export class BinnedBaseline {
  /** Bin `i` holds the values above edge `i - 1` up to edge `i`; of categories, the value that equals edge `i`. */
  readonly edges: Float64Array;
  readonly isCategorical: boolean;
  /** Values in each bin; one more bin than edges. */
  readonly counts: Float64Array;
  /** Values in all bins. */
  readonly count: number;

  private constructor(edges: Float64Array, isCategorical: boolean, counts: Float64Array) {
    this.edges = edges;
    this.isCategorical = isCategorical;
    this.counts = counts;
    this.count = counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Bins a sample, which is not kept.
   * @throws PilotfishError `EMPTY`, `NOT_FINITE`, or `USAGE` for a bad number of bins.
   */
  static of(values: ArrayLike<number>, options: BinOptions = {}): BinnedBaseline {
    const bins = wholeNumber('bins', options.bins ?? 10, [2, MAX_BINS]);
    const sorted = sortedCopy('baseline', values);
    const distinct = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
    const isCategorical = distinct.length <= bins;
    const edges = isCategorical ? distinct : quantileEdges(sorted, bins);
    const empty = new BinnedBaseline(edges, isCategorical, new Float64Array(edges.length + 1));
    return new BinnedBaseline(edges, isCategorical, empty.countsOf(sorted));
  }

  /** The bin of a finite value, from 0. */
  binOf(value: number): number {
    const { edges } = this;
    const bin = firstAtOrAbove(edges, value);
    // A value the baseline never had is none of its categories, whichever lies next to it.
    return this.isCategorical && edges[bin] !== value ? edges.length : bin;
  }

  /** How many of the values, all finite, fall into each bin. */
  countsOf(values: ArrayLike<number>): Float64Array {
    const counts = new Float64Array(this.edges.length + 1);
    for (let i = 0; i < values.length; i += 1) {
      const bin = this.binOf(values[i] as number);
      counts[bin] = (counts[bin] as number) + 1;
    }
    return counts;
  }

  /** The population stability index of `total` values, counted by bin. */
  psiOf(counts: Float64Array, total: number): number {
    let psi = 0;
    counts.forEach((count, bin) => {
      const now = shareOf(count, total);
      const was = shareOf(this.counts[bin] as number, this.count);
      psi += (now - was) * Math.log(now / was);
    });
    return psi;
  }

  snapshot(): Snapshot {
    const [edges, counts] = [this.edges, this.counts];
    return {
      kind: KIND,
      version: 1,
      config: { edges: edges.length, isCategorical: this.isCategorical },
      tensors: {
        edges: { shape: [edges.length], data: edges.slice() },
        counts: { shape: [counts.length], data: counts.slice() },
      },
    };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION` or `NOT_FINITE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): BinnedBaseline {
    const { edges: size, isCategorical } = checkSnapshot(snapshot, KIND, 1).config;
    if (typeof size !== 'number' || !(size >= 1 && size <= MAX_BINS) || typeof isCategorical !== 'boolean')
      throw damaged();
    const edges = takeTensor<Float64Array>(snapshot, 'edges', { type: Float64Array, shape: [size] });
    const counts = takeCounts(snapshot, 'counts', [size + 1]);
    const rises = allFinite('edges', edges).every((edge, i) => i === 0 || edge > (edges[i - 1] as number));
    const baseline = new BinnedBaseline(edges, isCategorical, counts);
    if (!rises || !counts.every(Number.isInteger) || baseline.count === 0) throw damaged();
    return baseline;
  }
}

const damaged = () =>
  new PilotfishError('DAMAGED', 'the snapshot holds no bins of a baseline; bin the baseline anew');
