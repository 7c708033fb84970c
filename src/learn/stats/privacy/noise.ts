import { PilotfishError } from '../../../base/index.ts';
import { type RandomWords, type Rational, survives, uniformBelow } from './exact.ts';

function checkPositive(name: string, { numerator, denominator }: Rational): void {
  if (numerator <= 0n || denominator <= 0n) {
    throw new PilotfishError('USAGE', `${name} is ${numerator} / ${denominator}; give a positive fraction`);
  }
}

/**
 * A whole number x with probability proportional to exp(-|x| / scale), exactly: fair coin flips and whole numbers
 * of any size, no floating point, whose gaps let an observer tell apart what the noise should hide (Mironov 2012).
 * Canonne, Kamath, Steinke, "The discrete Gaussian for differential privacy", 2020, Algorithm 2. The time taken
 * depends on the value drawn.
 * @throws PilotfishError `USAGE` unless `scale` is positive, or when the source gives anything but 32-bit words.
 */
export function discreteLaplace(scale: Rational, words: RandomWords): bigint {
  checkPositive('scale', scale);
  const { numerator: t, denominator: s } = scale;
  for (;;) {
    const low = uniformBelow(t, words);
    if (!survives({ numerator: low, denominator: t }, words)) continue;
    let high = 0n;
    while (survives({ numerator: 1n, denominator: 1n }, words)) high += 1n;
    const size = (low + t * high) / s;
    const negative = uniformBelow(2n, words) === 1n;
    if (negative && size === 0n) continue;
    return negative ? -size : size;
  }
}

/** The largest whole number whose square is at most `value` (Newton's method from above). */
function floorRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/**
 * A whole number x with probability proportional to exp(-x² / (2 variance)), exactly; Algorithm 3 of the same
 * paper. `variance` is the parameter σ²; the variance of the draws is at most that, and hardly less from σ = 1 on.
 * @throws PilotfishError `USAGE` as `discreteLaplace`.
 */
export function discreteGaussian(variance: Rational, words: RandomWords): bigint {
  checkPositive('variance', variance);
  const { numerator: n, denominator: d } = variance;
  const t = floorRoot(n / d) + 1n;
  const bound = 2n * n * d * t * t;
  for (;;) {
    const draw = discreteLaplace({ numerator: t, denominator: 1n }, words);
    const gap = (draw < 0n ? -draw : draw) * d * t - n;
    if (survives({ numerator: gap * gap, denominator: bound }, words)) return draw;
  }
}
