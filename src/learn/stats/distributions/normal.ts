import { PilotfishError } from '../../../base/index.ts';

/** Evaluates a polynomial; coefficients from the constant term upwards. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i -= 1) sum = sum * x + (coefficients[i] as number);
  return sum;
}

const ratio = (above: readonly number[], below: readonly number[], x: number): number =>
  polynomial(above, x) / polynomial(below, x);

// Rational Chebyshev approximations of erf on [0, 0.46875], erfc on [0.46875, 4] and beyond: Cody, "Rational
// Chebyshev approximations for the error function", Mathematics of Computation 23 (1969).
const erfAbove = [
  3209.3775891384694, 377.485237685302, 113.86415415105016, 3.1611237438705655, 0.18577770618460315,
];
const erfBelow = [2844.236833439171, 1282.6165260773723, 244.02463793444417, 23.601290952344122, 1];
const midAbove = [
  1230.3393547979972, 2051.0783778260716, 1712.0476126340707, 881.952221241769, 298.6351381974001,
  66.11919063714163, 8.883149794388377, 0.5641884969886701, 2.1531153547440383e-8,
];
const midBelow = [
  1230.3393548037495, 3439.3676741437216, 4362.619090143247, 3290.7992357334597, 1621.3895745666903,
  537.1811018620099, 117.6939508913125, 15.744926110709835, 1,
];
const farAbove = [
  0.0006587491615298378, 0.016083785148742275, 0.12578172611122926, 0.36034489994980445, 0.30532663496123236,
  0.016315387137302097,
];
const farBelow = [
  0.0023352049762686918, 0.06051834131244132, 0.5279051029514285, 1.8729528499234604, 2.568520192289822, 1,
];

/** exp(-y²) for y >= 0 without the rounding error of y² in the exponent: y is split at a sixteenth. */
function gaussian(y: number): number {
  const head = Math.trunc(y * 16) / 16;
  return Math.exp(-head * head) * Math.exp(-(y - head) * (y + head));
}

/** The complementary error function for y >= 0. */
function erfcPositive(y: number): number {
  if (y <= 0.46875) return 1 - y * ratio(erfAbove, erfBelow, y * y);
  if (y > 28) return 0;
  if (y <= 4) return gaussian(y) * ratio(midAbove, midBelow, y);
  const inverse = 1 / (y * y);
  const correction = inverse * ratio(farAbove, farBelow, inverse);
  return (gaussian(y) * (1 / Math.sqrt(Math.PI) - correction)) / y;
}

/**
 * Probability that a standard normal value is at most `x`.
 *
 * Relative error at most 1e-14 for x >= -5 and 1e-13 in the whole lower tail (checked down to x = -37, 1e-300).
 * @throws PilotfishError `NOT_FINITE` when `x` is NaN.
 */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) throw new PilotfishError('NOT_FINITE', 'x is NaN; give a number');
  const tail = erfcPositive(Math.abs(x) * Math.SQRT1_2) / 2;
  return x < 0 ? tail : 1 - tail;
}

// Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988).
const centreAbove = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
  67265.7709270087, 33430.57558358813, 2509.0809287301227,
];
const centreBelow = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
  28729.085735721943, 5226.495278852854,
];
const sideAbove = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
  0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
];
const sideBelow = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];
const edgeAbove = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 0.000027115555687434876, 2.0103343992922881e-7,
];
const edgeBelow = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
  0.000018463183175100548, 1.421511758316446e-7, 2.0442631033899397e-15,
];

/**
 * The value that a standard normal variable stays below with probability `p`: the inverse of `normalCdf`.
 * Relative error about 1e-15. -Infinity at 0 and Infinity at 1.
 * @throws PilotfishError `USAGE` unless `p` is in [0, 1].
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) {
    throw new PilotfishError('USAGE', `p is ${p}; give a probability from 0 to 1`);
  }
  const fromCentre = p - 0.5;
  if (Math.abs(fromCentre) <= 0.425) {
    return fromCentre * ratio(centreAbove, centreBelow, 0.180625 - fromCentre * fromCentre);
  }
  const tail = fromCentre < 0 ? p : 1 - p;
  if (tail === 0) return fromCentre < 0 ? -Infinity : Infinity;
  const depth = Math.sqrt(-Math.log(tail));
  const size = depth <= 5 ? ratio(sideAbove, sideBelow, depth - 1.6) : ratio(edgeAbove, edgeBelow, depth - 5);
  return fromCentre < 0 ? -size : size;
}
