import { BinnedBaseline, type BinOptions } from './distances/bins.ts';
import { sortedCopy } from './summary.ts';

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

/**
 * Population stability index: Σ (current - reference) log(current / reference) over quantile bins of the reference.
 * A reference of no more different values than bins (a constant, a category) is binned by value, and everything
 * else falls into one more bin. Empty bins count as a share of 1e-4.
 * @throws PilotfishError `EMPTY`, `NOT_FINITE`, or `USAGE` for a bad number of bins.
 */
export function populationStability(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  options: BinOptions = {},
): PsiResult {
  const baseline = BinnedBaseline.of(sortedCopy('reference', reference), options);
  const now = sortedCopy('current', current);
  const bins = baseline.counts.length;
  return {
    psi: baseline.psiOf(baseline.countsOf(now), now.length),
    expectedWithoutDrift: (bins - 1) * (1 / baseline.count + 1 / now.length),
    bins,
  };
}
