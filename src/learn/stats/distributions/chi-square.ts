import { PilotfishError } from '../../../base/index.ts';
import { numberWithin } from '../../contract/index.ts';
import { deviance } from './beta.ts';
import { stirlingError } from './gamma.ts';
import { normalQuantile } from './normal.ts';

const maxTerms = 100_000;
const tiny = 1e-300;

/** x^a e^-x / Γ(a) by Stirling's formula with its error term: no difference of large logarithms. */
function gammaTerm(a: number, x: number): number {
  return Math.sqrt(a / (2 * Math.PI)) * Math.exp(a * deviance(x, a, x - a) - stirlingError(a));
}

/** Lower part P(a, x) over `gammaTerm`: 1/a + x/(a (a+1)) + … (DLMF 8.7.1). */
function lowerSeries(a: number, x: number): number {
  let [sum, term] = [1 / a, 1 / a];
  for (let k = 1; k < maxTerms && term > sum * 1e-17; k += 1) {
    term *= x / (a + k);
    sum += term;
  }
  return sum;
}

/** Upper part Q(a, x) over `gammaTerm`, the continued fraction of DLMF 8.9.2 by Lentz's method. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let upper = 1 / tiny;
  let lower = 1 / b;
  let fraction = lower;
  for (let k = 1; k < maxTerms; k += 1) {
    const step = -k * (k - a);
    b += 2;
    lower = 1 / (step * lower + b);
    upper = b + step / upper;
    fraction *= lower * upper;
    if (Math.abs(lower * upper - 1) < 3e-16) break;
  }
  return fraction;
}

/**
 * Probability that a chi-square value with `freedom` degrees (1 or more) exceeds `x`: the p-value of a chi-square
 * test. Relative error about 1e-13.
 * @throws PilotfishError `USAGE` for less than 1 degree or a negative `x`.
 */
export function chiSquareTail(x: number, freedom: number): number {
  numberWithin('freedom', freedom, [1, 1e9]);
  if (!(x >= 0)) throw new PilotfishError('USAGE', `x is ${x}; a chi-square statistic is 0 or more`);
  if (x === 0) return 1;
  if (x === Infinity) return 0;
  const [a, half] = [freedom / 2, x / 2];
  const term = gammaTerm(a, half);
  return half < a + 1 ? 1 - term * lowerSeries(a, half) : term * upperFraction(a, half);
}

/**
 * The value that a chi-square value with `freedom` degrees exceeds with probability `alpha`: the inverse of
 * `chiSquareTail`, by Newton's method on the logarithm of the tail from Wilson and Hilferty's approximation.
 * @throws PilotfishError `USAGE` unless `alpha` is from 1e-300 to 1 - 1e-6 and there is 1 degree or more.
 */
export function chiSquareCritical(alpha: number, freedom: number): number {
  numberWithin('alpha', alpha, [1e-300, 1 - 1e-6]);
  numberWithin('freedom', freedom, [1, 1e9]);
  const ninth = 2 / (9 * freedom);
  const root = 1 - ninth - normalQuantile(alpha) * Math.sqrt(ninth);
  let x = Math.max(freedom * root ** 3, freedom * 1e-9);
  for (let i = 0; i < 100; i += 1) {
    const tail = chiSquareTail(x, freedom);
    const density = gammaTerm(freedom / 2, x / 2) / x;
    const step = (Math.log(tail / alpha) * tail) / density;
    const next = Math.max(x + step, x / 4);
    if (Math.abs(next - x) <= 1e-14 * x) break;
    x = next;
  }
  return x;
}
