/** Buckets from the first, inclusive, to the second, exclusive. */
export type BucketRange = readonly [number, number];

const SUM_TOLERANCE = 0.01;

/**
 * The buckets of each arm: every arm begins where its weight begins and takes the share `coverage` of it, so that a
 * growing coverage moves nobody from one arm to another. Weights that do not sum to 1, or are not one an arm, count as
 * equal; coverage is brought into [0, 1] (both as in GrowthBook's SDKs).
 */
export function bucketRanges(arms: number, coverage = 1, weights: readonly number[] = []): BucketRange[] {
  const covered = Math.min(1, Math.max(0, coverage));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const isUsable = weights.length === arms && Math.abs(sum - 1) <= SUM_TOLERANCE;
  let from = 0;
  return Array.from({ length: arms }, (_, arm) => {
    const weight = isUsable ? (weights[arm] as number) : 1 / arms;
    const range = [from, from + covered * weight] as const;
    from += weight;
    return range;
  });
}

/** The place of the range that holds a bucket; -1 for none. */
export function rangeAt(ranges: readonly BucketRange[], bucket: number): number {
  for (let at = 0; at < ranges.length; at += 1) {
    const range = ranges[at] as BucketRange;
    if (bucket >= range[0] && bucket < range[1]) return at;
  }
  return -1;
}
