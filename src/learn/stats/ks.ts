import { numberWithin, wholeNumber } from '../contract/index.ts';
import { kolmogorovTail } from './distributions/kolmogorov.ts';
import { sortedCopy } from './summary.ts';

/** Most steps of the exact recursion that `auto` spends: about 10 ms. */
const exactSteps = 4_000_000;

/** Result of a two-sample Kolmogorov-Smirnov test. */
export type KsResult = {
  /** Largest distance between the two empirical distribution functions, in [0, 1]. */
  readonly statistic: number;
  /** Two-sided. Ties make it larger than it need be. */
  readonly pValue: number;
  readonly method: 'exact' | 'asymptotic';
};

/** How the p-value is computed; `auto` is exact where that takes at most about 10 ms. */
export type KsMethod = 'auto' | 'exact' | 'asymptotic';

/** The Kolmogorov-Smirnov distance of two samples in rising order, by one merge; for callers that keep them sorted. */
export function ksDistance(first: ArrayLike<number>, second: ArrayLike<number>): number {
  const [n, m] = [first.length, second.length];
  let [i, j, distance] = [0, 0, 0];
  while (i < n && j < m) {
    const [a, b] = [first[i] as number, second[j] as number];
    const at = Math.min(a, b);
    while (i < n && (first[i] as number) <= at) i += 1;
    while (j < m && (second[j] as number) <= at) j += 1;
    distance = Math.max(distance, Math.abs(i / n - j / m));
  }
  return distance;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** Equal sizes: the reflection principle, 2 Σ (-1)^(k+1) C(2n, n - kh) / C(2n, n), nested from the last term. */
function equalTail(n: number, h: number): number {
  let tail = 0;
  for (let k = Math.floor(n / h); k >= 1; k -= 1) {
    let factor = 1;
    for (let j = 0; j < h; j += 1) factor *= (n - (k - 1) * h - j) / (n + (k - 1) * h + j + 1);
    tail = factor * (1 - tail);
  }
  return 2 * tail;
}

/**
 * Share of the orders of `n` and `m` values whose distance reaches `h` / (n m / gcd): the chance to have left the
 * band, carried from cell to cell, so that nothing cancels (Viehmann, "Numerically more stable computation of the
 * p-values for the two-sample Kolmogorov-Smirnov test", 2021).
 */
function bandTail(n: number, m: number, h: number): number {
  const divisor = greatestDivisor(n, m);
  const [stepN, stepM] = [m / divisor, n / divisor];
  const left = new Float64Array(m + 1).fill(1);
  const inside = (i: number, j: number) => Math.abs(i * stepN - j * stepM) < h;
  for (let j = 0; j <= m && inside(0, j); j += 1) left[j] = 0;
  for (let i = 1; i <= n; i += 1) {
    const from = Math.max(0, Math.floor((i * stepN - h) / stepM) + 1);
    const to = Math.min(m, Math.ceil((i * stepN + h) / stepM) - 1);
    if (from > 0) left[from - 1] = 1;
    for (let j = from; j <= to; j += 1) {
      const before = j === 0 ? 0 : (left[j - 1] as number) * j;
      left[j] = ((left[j] as number) * i + before) / (i + j);
    }
  }
  return left[m] as number;
}

function exactTail(n: number, m: number, distance: number): number {
  const multiple = (n / greatestDivisor(n, m)) * m;
  const h = Math.round(distance * multiple);
  if (h === 0) return 1;
  return n === m ? equalTail(n, h) : bandTail(Math.max(n, m), Math.min(n, m), h);
}

/** Kolmogorov's limit at an argument corrected for the sample size (Vrbik, "Deriving CDF of KS test", 2020). */
function asymptoticTail(n: number, m: number, distance: number): number {
  const root = Math.sqrt((n / (n + m)) * m);
  const x = root * distance;
  return kolmogorovTail(x + 1 / (6 * root) + (x - 1) / (4 * root * root));
}

/**
 * Two-sample Kolmogorov-Smirnov test: do two samples come from the same continuous distribution? Exact p-values
 * have a relative error of about 1e-12; asymptotic ones, which `auto` takes for large samples of unequal size, are
 * there within 3 % of the exact ones down to 1e-3, and within 10 % down to 5e-6.
 * @throws PilotfishError `EMPTY` or `NOT_FINITE`.
 */
export function ksTest(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  method: KsMethod = 'auto',
): KsResult {
  const [a, b] = [sortedCopy('first', first), sortedCopy('second', second)];
  const statistic = ksDistance(a, b);
  const { pValue, isExact } = significance(statistic, [a.length, b.length], method);
  return { statistic, pValue, method: isExact ? 'exact' : 'asymptotic' };
}

/**
 * The p-value of `ksTest` from the distance of two samples and their sizes, for callers that have the distance already.
 * @throws PilotfishError `USAGE` for a size that is none or a distance outside [0, 1].
 */
export function ksPValue(
  distance: number,
  sizes: readonly [number, number],
  method: KsMethod = 'auto',
): number {
  numberWithin('distance', distance, [0, 1]);
  for (const size of sizes) wholeNumber('size', size, [1, Number.MAX_SAFE_INTEGER]);
  return significance(distance, sizes, method).pValue;
}

function significance(distance: number, [n, m]: readonly [number, number], method: KsMethod) {
  const isExact = method === 'exact' || (method === 'auto' && (n === m || n * m <= exactSteps));
  const pValue = isExact ? exactTail(n, m, distance) : asymptoticTail(n, m, distance);
  return { pValue: Math.min(1, Math.max(0, pValue)), isExact };
}
