import type { FastRng } from '../../../base/index.ts';

/** A number in (0, 1) with 32 random bits: half the cost of 53, and enough to choose an arm by. */
const drawPart = (rng: FastRng): number => (rng.nextU32() + 0.5) / 4294967296;

/** Two independent standard normal draws, of which most callers need one. */
const pair = new Float64Array(2);

/** Marsaglia's polar method. */
function drawPair(rng: FastRng): void {
  for (;;) {
    const u = 2 * drawPart(rng) - 1;
    const v = 2 * drawPart(rng) - 1;
    const s = u * u + v * v;
    if (s >= 1) continue;
    const stretch = Math.sqrt((-2 * Math.log(s)) / s);
    pair[0] = u * stretch;
    pair[1] = v * stretch;
    return;
  }
}

/** A standard normal draw, for choices among arms. */
export function drawNormal(rng: FastRng): number {
  drawPair(rng);
  return pair[0] as number;
}

/** A Gamma(shape, 1) draw for `shape` from 0.1 (Marsaglia, Tsang 2000); a normal draw at hand may start it. */
export function drawGamma(rng: FastRng, shape: number, first = drawNormal(rng)): number {
  if (shape < 1) return drawGamma(rng, shape + 1, first) * drawPart(rng) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (let x = first; ; x = drawNormal(rng)) {
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    const u = drawPart(rng);
    const square = x * x;
    if (u < 1 - 0.0331 * square * square) return d * v;
    if (Math.log(u) < 0.5 * square + d * (1 - v + Math.log(v))) return d * v;
  }
}

/** A Beta(a, b) draw for parameters from 0.1. */
export function drawBeta(rng: FastRng, a: number, b: number): number {
  drawPair(rng);
  const second = pair[1] as number;
  const x = drawGamma(rng, a, pair[0]);
  return x / (x + drawGamma(rng, b, second));
}
