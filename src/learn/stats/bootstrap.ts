import { type FastRng, PilotfishError } from '../../base/index.ts';
import { allFinite, notEmpty, seededRng, shown, wholeNumber } from '../contract/index.ts';
import { normalCdf, normalQuantile } from './distributions/normal.ts';
import { checkLevel, type Interval } from './intervals.ts';
import { checkSums, sortedQuantile } from './summary.ts';

/** A number computed from a sample. The array is only valid during the call; it must not be kept or written. */
export type Statistic = (values: Float64Array) => number;

/** How to resample; every field has a default. */
export type BootstrapOptions = {
  /** 0.95. */
  readonly level?: number;
  /** Resamples drawn, 100 to 1 000 000; 2000. */
  readonly resamples?: number;
  /** 0. */
  readonly seed?: number;
  /** `bca` corrects bias and skewness and costs one more evaluation a value; `bca`. */
  readonly method?: 'bca' | 'percentile';
};

/** An interval with the standard deviation of the statistic over the resamples. */
export type BootstrapInterval = Interval & { readonly standardError: number };

function checkedStatistic(statistic: Statistic, values: Float64Array): number {
  const result = statistic(values);
  if (!Number.isFinite(result)) {
    throw new PilotfishError(
      'NOT_FINITE',
      `the statistic of a resample is ${result}; it must be finite for every one`,
    );
  }
  return result;
}

function resampled(values: Float64Array, statistic: Statistic, draws: { resamples: number; rng: FastRng }) {
  const { rng } = draws;
  const scratch = new Float64Array(values.length);
  return Float64Array.from({ length: draws.resamples }, () => {
    for (let i = 0; i < scratch.length; i += 1) scratch[i] = values[rng.below(values.length)] as number;
    return checkedStatistic(statistic, scratch);
  }).sort();
}

/** Skewness of the statistic's influence, from leaving out each value in turn. */
function acceleration(values: Float64Array, statistic: Statistic): number {
  const without = values.slice(1);
  const left = new Float64Array(values.length);
  for (let i = 0; i < values.length; i += 1) {
    if (i > 0) without[i - 1] = values[i - 1] as number;
    left[i] = checkedStatistic(statistic, without);
  }
  const mean = left.reduce((sum, value) => sum + value, 0) / left.length;
  let [squares, cubes] = [0, 0];
  for (const value of left) {
    squares += (mean - value) ** 2;
    cubes += (mean - value) ** 3;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

/** Share of resamples below the estimate (ties count half), kept off 0 and 1, where no correction exists. */
function shareBelow(sorted: Float64Array, estimate: number): number {
  let [below, upTo] = [0, 0];
  for (const value of sorted) {
    if (value < estimate) below += 1;
    if (value <= estimate) upTo += 1;
  }
  const half = 0.5 / sorted.length;
  return Math.min(1 - half, Math.max(half, (below + upTo) / (2 * sorted.length)));
}

/**
 * Confidence interval for any statistic by resampling (Efron 1987; percentile or bias-corrected and accelerated).
 * Same seed, same interval.
 * @throws PilotfishError `EMPTY` for fewer than two values, `NOT_FINITE` for values or statistics that are not
 *   finite, `USAGE` for bad options.
 */
export function bootstrap(
  values: ArrayLike<number>,
  statistic: Statistic,
  options: BootstrapOptions = {},
): BootstrapInterval {
  const level = checkLevel(options.level ?? 0.95);
  const resamples = wholeNumber('resamples', options.resamples ?? 2000, [100, 1_000_000]);
  const { method = 'bca' } = options;
  if (method !== 'bca' && method !== 'percentile') {
    throw new PilotfishError('USAGE', `method is ${shown(method)}; give 'bca' or 'percentile'`);
  }
  const rng = seededRng(options.seed ?? 0);
  allFinite('values', notEmpty('values', values));
  if (values.length < 2) throw new PilotfishError('EMPTY', 'one value shows no spread; give at least two');
  const data = Float64Array.from(values);
  const estimate = checkedStatistic(statistic, data);
  const sorted = resampled(data, statistic, { resamples, rng });
  const mean = sorted.reduce((sum, value) => sum + value, 0) / resamples;
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (resamples - 1);
  checkSums(mean, variance);
  let ends = [(1 - level) / 2, (1 + level) / 2] as const;
  if (method === 'bca') {
    const bias = normalQuantile(shareBelow(sorted, estimate));
    const bend = acceleration(data, statistic);
    checkSums(bend);
    const corrected = (p: number) => {
      const z = bias + normalQuantile(p);
      return normalCdf(bias + z / (1 - bend * z));
    };
    ends = [corrected(ends[0]), corrected(ends[1])];
  }
  const [low, high] = ends.map((p) => sortedQuantile(sorted, p)) as [number, number];
  return { estimate, low, high, standardError: Math.sqrt(variance) };
}
