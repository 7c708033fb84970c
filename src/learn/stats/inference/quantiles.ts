import { PilotfishError } from '../../../base/index.ts';
import { numberWithin, wholeNumber } from '../../contract/index.ts';
import { normalQuantile } from '../distributions/normal.ts';
import type { Summary } from '../summary.ts';

/** A sample whose quantiles can be asked for: sorted values, or a `QuantileSketch`. */
export type Quantiles = {
  readonly count: number;
  quantile(share: number): number;
};

/** How far, in standard errors of the share, the spread is read off on both sides. */
const reach = normalQuantile(0.975);

/**
 * A quantile of one arm, such as its 95th percentile of latency, as a summary that compares like a mean: the
 * standard error comes from how far apart the quantiles lie that the sample cannot tell from it at 95 % (Woodruff,
 * "Confidence intervals for medians and other position measures", 1952). Values must be independent.
 * @param share strictly between 0 and 1
 * @throws PilotfishError `EMPTY` when the sample is too small to see beyond the quantile on both sides (99th
 *   percentiles need 381 values), `USAGE` for a share out of range.
 */
export function quantileSummary(sample: Quantiles, share: number): Summary {
  numberWithin('share', share, [1e-9, 1 - 1e-9]);
  wholeNumber('count', sample.count, [0, Number.MAX_SAFE_INTEGER]);
  const error = Math.sqrt((share * (1 - share)) / sample.count);
  const [low, high] = [share - reach * error, share + reach * error];
  if (!(low > 0 && high < 1)) {
    throw new PilotfishError(
      'EMPTY',
      `${sample.count} values do not show how sure their ${share} quantile is; collect more`,
    );
  }
  const spread = (sample.quantile(high) - sample.quantile(low)) / (2 * reach);
  return { count: sample.count, mean: sample.quantile(share), variance: spread * spread * sample.count };
}
