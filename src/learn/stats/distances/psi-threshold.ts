import { allFinite, numberWithin, wholeNumber } from '../../contract/index.ts';
import { chiSquareCritical } from '../distributions/chi-square.ts';
import { logGamma } from '../distributions/gamma.ts';
import { shareOf } from './bins.ts';

/** What a threshold of the population stability index depends on. */
export type PsiSizes = {
  readonly baselineCount: number;
  readonly windowCount: number;
  /** How many equally filled bins, or how often the baseline has each (bins it has not count for nothing). */
  readonly bins: number | ArrayLike<number>;
  /** Chance to exceed the threshold without any drift, at a single look; 1e-9 to 0.5. */
  readonly alpha: number;
};

/** Windows up to here are computed exactly: in larger ones the limit is short by at most 3 % at 1e-3. */
const EXACT_WINDOW = 500;
const CELLS = 512;
const COUNTS = [1, 1e15] as const;

/**
 * What the population stability index exceeds with probability `alpha` when nothing has changed, instead of a fixed
 * 0.1 or 0.25: small windows exceed those often (50 values in 10 bins: nearly always), large ones never. For windows
 * of up to 500 values from the distribution of the index itself, empty bins included (0.1 s at 10 bins, 1 s at 100;
 * those of equal bins are remembered); above from its limit, (1 / baselineCount + 1 / windowCount) times chi-square (Yurdakul, Naranjo,
 * "Statistical properties of the population stability index", 2020). 0 when there is only one bin.
 * @throws PilotfishError `USAGE` for counts below 1, less than 1 or more than 101 bins, or an `alpha` out of range.
 */
export function psiThreshold({ baselineCount, windowCount, bins, alpha }: PsiSizes): number {
  wholeNumber('baselineCount', baselineCount, COUNTS);
  wholeNumber('windowCount', windowCount, COUNTS);
  numberWithin('alpha', alpha, [1e-9, 0.5]);
  const kinds = wholeNumber('bins', typeof bins === 'number' ? bins : bins.length, [1, 101]);
  const counts = typeof bins === 'number' ? new Float64Array(kinds).fill(1) : Float64Array.from(bins);
  const present = allFinite('bins', counts).filter((count) => count > 0);
  const total = present.reduce((sum, count) => sum + count, 0);
  if (present.length < 2) return 0;
  const limit = chiSquareCritical(alpha, present.length - 1);
  // The baseline is a sample too: its own chance adds to that of the window.
  const widened = 1 / windowCount + 1 / baselineCount;
  if (windowCount > EXACT_WINDOW) return limit * widened;
  const shares = present.map((count) => count / total);
  const key = typeof bins === 'number' ? `${bins} ${windowCount} ${alpha}` : undefined;
  const quantile = remembered(key, () =>
    exactQuantile({ shares, windowCount, alpha }, (2 * limit) / windowCount),
  );
  return quantile * windowCount * widened;
}

/** The latest answers: streams of the same sizes ask for the same one, at every alarm. */
const known = new Map<string, number>();
const MAX_KNOWN = 256;

function remembered(key: string | undefined, compute: () => number): number {
  const before = key === undefined ? undefined : known.get(key);
  if (before !== undefined) return before;
  const found = compute();
  if (known.size >= MAX_KNOWN) known.clear();
  if (key !== undefined) known.set(key, found);
  return found;
}

type Sizes = { readonly shares: Float64Array; readonly windowCount: number; readonly alpha: number };

/** The quantile of the index, on grids that grow until it lies inside. */
function exactQuantile(sizes: Sizes, firstTop: number): number {
  for (let top = firstTop; ; top *= 2) {
    const found = quantileBelow(top, sizes);
    if (found !== undefined) return found;
  }
}

/**
 * Bin counts are independent Poisson counts given their sum, so the distribution of (values so far, index so far) is
 * carried from bin to bin, the index on a grid up to `top`. Undefined when the quantile lies above.
 */
function quantileBelow(top: number, { shares, windowCount, alpha }: Sizes): number | undefined {
  const width = top / (CELLS - 1);
  const negligible = alpha * 1e-9;
  let rows: (Float64Array | undefined)[] = [Float64Array.of(1, ...new Float64Array(CELLS - 1))];
  for (const share of shares) {
    const next: (Float64Array | undefined)[] = [];
    for (let count = 0; count <= windowCount; count += 1) {
      const weight = poisson(count, windowCount * share);
      if (weight < negligible) continue;
      const now = shareOf(count, windowCount);
      const was = shareOf(share, 1);
      const step = Math.round(((now - was) * Math.log(now / was)) / width);
      addShifted(rows, next, { count, weight, step, limit: windowCount });
    }
    rows = next;
  }
  const last = rows[windowCount] as Float64Array;
  const wanted = alpha * last.reduce((sum, chance) => sum + chance, 0);
  let above = 0;
  for (let cell = CELLS - 1; cell >= 0; cell -= 1) {
    above += last[cell] as number;
    // The next cell's start, as the index was rounded on its way: a single bin count may have much of the chance.
    if (above > wanted) return cell === CELLS - 1 ? undefined : (cell + 1) * width;
  }
  return 0;
}

type Shift = {
  readonly count: number;
  readonly weight: number;
  readonly step: number;
  readonly limit: number;
};

/** Adds every row to the row `count` further on, moved by `step` cells; what leaves the grid gathers in the last. */
function addShifted(
  rows: readonly (Float64Array | undefined)[],
  next: (Float64Array | undefined)[],
  { count, weight, step, limit }: Shift,
): void {
  for (let sum = 0; sum < rows.length && sum + count <= limit; sum += 1) {
    const row = rows[sum];
    if (row === undefined) continue;
    const to = next[sum + count] ?? new Float64Array(CELLS);
    next[sum + count] = to;
    const inside = Math.max(0, CELLS - 1 - step);
    for (let cell = 0; cell < inside; cell += 1) {
      to[cell + step] = (to[cell + step] as number) + weight * (row[cell] as number);
    }
    let beyond = 0;
    for (let cell = inside; cell < CELLS; cell += 1) beyond += row[cell] as number;
    to[CELLS - 1] = (to[CELLS - 1] as number) + weight * beyond;
  }
}

function poisson(count: number, mean: number): number {
  return Math.exp(count * Math.log(mean) - mean - logGamma(count + 1));
}
