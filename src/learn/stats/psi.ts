import { wholeNumber } from '../contract/index.ts';
import { sortedCopy, sortedQuantile } from './summary.ts';

/** How to bin; every field has a default. */
export type PsiOptions = {
  /** Quantile bins of the reference, 2 to 100; 10. */
  readonly bins?: number;
};

/** A population stability index, and what it would be on average if nothing had changed. */
export type PsiResult = {
  readonly psi: number;
  /**
   * (bins - 1) (1 / reference size + 1 / current size): compare with this before any fixed threshold, since 50
   * values against a large reference exceed 0.1 nearly nine times in ten without any drift.
   */
  readonly expectedWithoutDrift: number;
  /** Bins used. */
  readonly bins: number;
};

/** Share given to an empty bin, whose logarithm would be infinite. */
const emptyShare = 1e-4;

/** Upper edges of all bins but the last. Where the reference has few different values, each gets a bin. */
function edgesOf(sorted: Float64Array, bins: number): { edges: Float64Array; exact: boolean } {
  const distinct = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
  if (distinct.length <= bins) return { edges: distinct, exact: true };
  const edges = new Set(Array.from({ length: bins - 1 }, (_, i) => sortedQuantile(sorted, (i + 1) / bins)));
  return { edges: Float64Array.from(edges), exact: false };
}

/** First edge at or above the value; as many as there are edges when all are below. */
function binOf(edges: Float64Array, value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function shares(values: Float64Array, { edges, exact }: ReturnType<typeof edgesOf>): Float64Array {
  const counts = new Float64Array(edges.length + 1);
  for (const value of values) {
    const bin = binOf(edges, value);
    // A value the reference never had is none of its categories, whichever lies next to it.
    const at = exact && edges[bin] !== value ? edges.length : bin;
    counts[at] = (counts[at] as number) + 1;
  }
  return counts.map((count) => Math.max(count / values.length, emptyShare));
}

/**
 * Population stability index: Σ (current - reference) log(current / reference) over quantile bins of the reference.
 * A reference of no more different values than bins (a constant, a category) is binned by value, and everything
 * else falls into one more bin. Empty bins count as a share of 1e-4.
 * @throws PilotfishError `EMPTY`, `NOT_FINITE`, or `USAGE` for a bad number of bins.
 */
export function populationStability(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  options: PsiOptions = {},
): PsiResult {
  const wanted = wholeNumber('bins', options.bins ?? 10, [2, 100]);
  const [before, now] = [sortedCopy('reference', reference), sortedCopy('current', current)];
  const binning = edgesOf(before, wanted);
  const [p, q] = [shares(before, binning), shares(now, binning)];
  let psi = 0;
  q.forEach((share, bin) => {
    const was = p[bin] as number;
    psi += (share - was) * Math.log(share / was);
  });
  return {
    psi,
    expectedWithoutDrift: (q.length - 1) * (1 / before.length + 1 / now.length),
    bins: q.length,
  };
}
