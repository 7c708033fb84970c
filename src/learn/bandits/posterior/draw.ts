import type { FastRng } from '../../../base/index.ts';

/** A Gamma(shape, 1) draw for `shape` from 0.1 (Marsaglia, Tsang 2000). */
export function drawGamma(rng: FastRng, shape: number): number {
  // 1 - next() is never 0, so the power stays above the smallest number for shapes from 0.1.
  if (shape < 1) return drawGamma(rng, shape + 1) * (1 - rng.next()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    const u = 1 - rng.next();
    const square = x * x;
    if (u < 1 - 0.0331 * square * square) return d * v;
    if (Math.log(u) < 0.5 * square + d * (1 - v + Math.log(v))) return d * v;
  }
}

/** A Beta(a, b) draw for parameters from 0.1. */
export function drawBeta(rng: FastRng, a: number, b: number): number {
  const x = drawGamma(rng, a);
  return x / (x + drawGamma(rng, b));
}
