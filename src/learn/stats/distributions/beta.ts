import { numberWithin, wholeNumber } from '../../contract/index.ts';
import { stirlingError } from './gamma.ts';

const tiny = 1e-300;
const maxTerms = 100_000;

/** log(x / mean) - (x - mean) / mean, where `gap` is x - mean: free of cancellation when x is near the mean. */
export function deviance(x: number, mean: number, gap: number): number {
  if (Math.abs(gap) > 0.1 * mean) return Math.log(x / mean) - gap / mean;
  const v = gap / (x + mean);
  let [sum, power] = [(-v * gap) / mean, 2 * v];
  // |v| < 0.06: seven terms reach the last digit.
  for (let odd = 3; odd < 17; odd += 2) {
    power *= v * v;
    sum += power / odd;
  }
  return sum;
}

/** x^a y^b / B(a, b) where y = 1 - x, as a saddle-point form: no difference of large logarithms. */
function betaTerm(x: number, y: number, a: number, b: number): number {
  const [meanX, meanY] = [a / (a + b), b / (a + b)];
  const gap = x < y ? x - meanX : meanY - y;
  const stirling = stirlingError(a + b) - stirlingError(a) - stirlingError(b);
  const exponent = a * deviance(x, meanX, gap) + b * deviance(y, meanY, -gap) + stirling;
  return Math.sqrt((a * b) / (2 * Math.PI * (a + b))) * Math.exp(exponent);
}

const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);

/** The continued fraction of DLMF 8.17.22 by Lentz's method; converges for x < (a + 1) / (a + b + 2). */
function betaFraction(x: number, a: number, b: number): number {
  let upper = 1;
  let lower = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = lower;
  for (let m = 1; m < maxTerms; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    lower = 1 / away(1 + even * lower);
    upper = away(1 + even / upper);
    fraction *= lower * upper;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    lower = 1 / away(1 + odd * lower);
    upper = away(1 + odd / upper);
    fraction *= lower * upper;
    if (Math.abs(lower * upper - 1) < 3e-16) break;
  }
  return fraction;
}

/** `incompleteBeta` for callers that know 1 - x (as `y`) better than it can be computed from x. */
export function incompleteBetaOf(x: number, y: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const term = betaTerm(x, y, a, b);
  if (x <= (a + 1) / (a + b + 2)) return (term * betaFraction(x, a, b)) / a;
  return 1 - (term * betaFraction(y, b, a)) / b;
}

/**
 * The regularised incomplete beta function I_x(a, b): probability that a Beta(a, b) value is at most `x`.
 * Relative error at most 1e-13 for a and b up to 1e5 and 1e-12 up to 1e6 (absolute where the result is near 1).
 * @throws PilotfishError `USAGE` unless `x` is in [0, 1], `a` and `b` in [1e-100, 1e9].
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  numberWithin('x', x, [0, 1]);
  numberWithin('a', a, [1e-100, 1e9]);
  numberWithin('b', b, [1e-100, 1e9]);
  return incompleteBetaOf(x, 1 - x, a, b);
}

/**
 * Probability of at most `successes` in `trials` independent tries that each succeed with probability `p`; accuracy
 * as `incompleteBeta`.
 * @throws PilotfishError `USAGE` unless `trials` is a whole number up to 1e9, `successes` whole, `p` in [0, 1].
 */
export function binomialCdf(successes: number, trials: number, p: number): number {
  wholeNumber('trials', trials, [0, 1e9]);
  wholeNumber('successes', successes, [-1, 1e9]);
  numberWithin('p', p, [0, 1]);
  if (successes < 0) return 0;
  if (successes >= trials) return 1;
  return incompleteBetaOf(1 - p, p, trials - successes, successes + 1);
}
