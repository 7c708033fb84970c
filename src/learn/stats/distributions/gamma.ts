import { PilotfishError } from '../../../base/index.ts';

// Bernoulli numbers over 2k(2k - 1): the Stirling series in 1 / x (Abramowitz, Stegun 6.1.41).
const stirlingTerms = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -691 / 360360,
  1 / 156,
  -3617 / 122400,
] as const;
const seriesFrom = 12;

/**
 * What Stirling's formula lacks: log Γ(x) - ((x - 1/2) log x - x + log √(2π)), for x > 0. Tends to 1 / (12 x).
 * Absolute error about 1e-15. The terms of beta functions cancel when they are computed from these instead of
 * from log Γ (Loader, "Fast and accurate computation of binomial probabilities", 2000).
 */
export function stirlingError(x: number): number {
  let [shifted, carried] = [x, 0];
  for (; shifted < seriesFrom; shifted += 1) carried += (shifted + 0.5) * Math.log1p(1 / shifted) - 1;
  const inverseSquare = 1 / (shifted * shifted);
  let series = 0;
  for (let i = stirlingTerms.length - 1; i >= 0; i -= 1) {
    series = series * inverseSquare + (stirlingTerms[i] as number);
  }
  return carried + series / shifted;
}

/**
 * Natural logarithm of Γ(x), for x > 0.
 * Error at most 4e-15 times the greater of 1 and the result.
 * @throws PilotfishError `USAGE` unless `x` is positive and finite.
 */
export function logGamma(x: number): number {
  if (!(x > 0 && x < Infinity)) throw new PilotfishError('USAGE', `x is ${x}; give a positive finite number`);
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + stirlingError(x);
}
