import { PilotfishError } from '../../../base/index.ts';
import { numberWithin } from '../../contract/index.ts';
import { incompleteBetaOf } from './beta.ts';
import { stirlingError } from './gamma.ts';
import { normalCdf, normalQuantile } from './normal.ts';

/** Degrees of freedom from which Hill's expansion is as good as the incomplete beta function, and faster. */
const nearlyNormal = 1000;

function checkNumber(t: number): number {
  if (Number.isNaN(t)) throw new PilotfishError('NOT_FINITE', 't is NaN; give a number');
  return t;
}

const checkFreedom = (freedom: number): number => {
  if (!(freedom >= 1)) throw new PilotfishError('USAGE', `freedom is ${freedom}; give at least 1 degree`);
  return freedom;
};

/** The normal deviate with the same tail as `t` (Hill, "Algorithm 395: Student's t-distribution", 1970). */
function normalDeviate(t: number, freedom: number): number {
  const a = freedom - 0.5;
  const b = 48 * a * a;
  const y = a * Math.log1p((t / freedom) * t);
  const correction = (((-0.4 * y - 3.3) * y - 24) * y - 85.5) / (0.8 * y * y + 100 + b);
  return ((correction + y + 3) / b + 1) * Math.sqrt(y);
}

/** Probability of a value beyond `t` >= 0. */
function upperTail(t: number, freedom: number): number {
  if (freedom === Infinity) return normalCdf(-t);
  if (freedom > nearlyNormal) return normalCdf(-normalDeviate(t, freedom));
  const square = (t / freedom) * t;
  return incompleteBetaOf(1 / (1 + square), 1 / (1 + 1 / square), freedom / 2, 0.5) / 2;
}

/** The logarithm, since the density itself is beyond float64 long before the quantile is. */
function logDensity(t: number, freedom: number): number {
  // Γ((ν + 1) / 2) / (Γ(ν / 2) √(ν / 2)) by Stirling's formula with its error terms.
  const half = freedom / 2;
  const scale = half * Math.log1p(0.5 / half) - 0.5 + stirlingError(half + 0.5) - stirlingError(half);
  return scale - (half + 0.5) * Math.log1p((t / freedom) * t) - Math.log(2 * Math.PI) / 2;
}

/**
 * Probability that a value of Student's distribution with `freedom` >= 1 degrees (not necessarily whole; Infinity
 * is the normal distribution) is at most `t`. Relative error at most 1e-13 in the lower tail (checked down to 1e-100).
 * @throws PilotfishError `USAGE` for less than 1 degree, `NOT_FINITE` when `t` is NaN.
 */
export function studentCdf(t: number, freedom: number): number {
  checkFreedom(freedom);
  const tail = upperTail(Math.abs(checkNumber(t)), freedom);
  return t < 0 ? tail : 1 - tail;
}

/**
 * Probability of a value as far from 0 as `t` or farther: the two-sided p-value of a t-test.
 * @throws PilotfishError as `studentCdf`.
 */
export function studentTwoSided(t: number, freedom: number): number {
  return Math.min(1, 2 * upperTail(Math.abs(checkNumber(t)), checkFreedom(freedom)));
}

/**
 * The value that Student's distribution stays below with probability `p`: the inverse of `studentCdf`, by Newton's
 * method on the logarithms of tail and value, where every tail is nearly a line. Relative error about 1e-12.
 * -Infinity at 0, Infinity at 1, and infinite where it is beyond 1e150.
 * @throws PilotfishError `USAGE` for less than 1 degree, or `p` outside [0, 1].
 */
export function studentQuantile(p: number, freedom: number): number {
  numberWithin('p', p, [0, 1]);
  checkFreedom(freedom);
  const tail = Math.min(p, 1 - p);
  if (tail === 0) return p === 0 ? -Infinity : Infinity;
  if (tail === 0.5) return 0;
  let t = -normalQuantile(tail);
  if (freedom !== Infinity) {
    for (let i = 0; i < 60; i += 1) {
      const reached = upperTail(t, freedom);
      if (!(reached > 0)) return p < 0.5 ? -Infinity : Infinity;
      const slope = Math.exp(Math.log(t) + logDensity(t, freedom) - Math.log(reached));
      const step = Math.log(reached / tail) / slope;
      t *= Math.exp(step);
      if (Math.abs(step) < 1e-15) break;
    }
  }
  return p < 0.5 ? -t : t;
}
