/**
 * The twins of assembly/activations.ts: the same float32 operations in the same order, so that both give the same
 * bits. Slow; for tests, and to read what the kernels compute.
 */
const float = Math.fround;

const LOG2E = float(Math.LOG2E);
/** 1.5 * 2^23: adding it rounds to a whole number, which then stands in the low bits. */
const MAGIC = 12582912;
/** ln 2 in two pieces; products of the first with whole numbers below 256 are exact. */
const LN2_HIGH = 0.693145751953125;
const LN2_LOW = float(0.000001428606765330187);
/** exp(r) on |r| <= ln 2 / 2, highest power first. */
const POLYNOMIAL = [
  0.008289290592074394, 0.04189782217144966, 0.16667652130126953, 0.4999915063381195, 0.9999997019767761, 1,
].map(float);

const bits = new Int32Array(1);
const value = new Float32Array(bits.buffer);

/** e^x for a float32 `x`, clamped to |x| <= 87; relative error below 2e-7. */
export function exp(x: number): number {
  const bounded = Math.min(Math.max(x, -87), 87);
  const shifted = float(float(bounded * LOG2E) + MAGIC);
  const n = float(shifted - MAGIC);
  const r = float(float(bounded - float(n * LN2_HIGH)) - float(n * LN2_LOW));
  let p = POLYNOMIAL[0] as number;
  for (let i = 1; i < POLYNOMIAL.length; i += 1) p = float(float(p * r) + (POLYNOMIAL[i] as number));
  value[0] = shifted;
  const exponent = (bits[0] as number) << 23;
  value[0] = p;
  bits[0] = (bits[0] as number) + exponent;
  return value[0];
}

/** 1 / (1 + e^-x) */
export function sigmoid(x: number): number {
  return float(1 / float(1 + exp(-x)));
}

/** 2 / (1 + e^-2x) - 1 */
export function tanh(x: number): number {
  return float(float(2 / float(1 + exp(float(x * -2)))) - 1);
}

/** e^(v - max v) / sum; the sum has four chains, value i in chain i mod 4, added as (0 + 1) + (2 + 3). */
export function softmax(values: Float32Array): Float32Array {
  const highest = values.reduce((a, b) => Math.max(a, b));
  const raised = values.map((v) => exp(float(v - highest)));
  const total = sumOfLanes(raised, [0, 0, 0, 0]);
  return raised.map((v) => v / total);
}

/** Adds values to four chains in turn, then the chains. */
export function sumOfLanes(values: Float32Array, start: readonly [number, number, number, number]): number {
  const lanes = Float32Array.from(start);
  values.forEach((v, i) => {
    lanes[i % 4] = (lanes[i % 4] as number) + v;
  });
  const [a, b, c, d] = lanes as unknown as [number, number, number, number];
  return float(float(a + b) + float(c + d));
}
