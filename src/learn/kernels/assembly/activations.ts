// exp, sigmoid and tanh on four lanes, without a table and without a branch. The twin in ../oracle/activations.ts
// does the same operations in the same order, so that both give the same bits.
//
// exp: clamp to +-87; n = round(x / ln 2) by adding 1.5 * 2^23, whose low bits then hold n; r = x - n ln 2 in two
// pieces (Cody, Waite 1980); a polynomial of degree 5 in r; 2^n by adding n << 23 to the bits. Relative error below
// 2e-7; sigmoid and tanh are built from it, absolute error below 2e-7. NaN stays NaN.

// Constants come from memory: one load each, shared by the vectors in reach. As constants in the code they cost three
// instructions at every use (V8 does not lift them out of loops): an LSTM step took 12 % more time, the module 2 KB.
const TABLE: usize = memory.data<f32>([
  87.0, -87.0, 1.4426950408889634, 12582912.0, 0.693145751953125, 0.000001428606765330187, 0.008289290592074394,
  0.04189782217144966, 0.16667652130126953, 0.4999915063381195, 0.9999997019767761, 1.0, 2.0, -2.0,
], 64);

// @ts-ignore: decorator
@inline
function constant(index: i32): v128 {
  return v128.load_splat<f32>(TABLE + (index << 2));
}

/** exp of four lanes. */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const bounded = f32x4.pmin(f32x4.pmax(x, constant(1)), constant(0));
  const shifted = f32x4.add(f32x4.mul(bounded, constant(2)), constant(3));
  const n = f32x4.sub(shifted, constant(3));
  const r = f32x4.sub(f32x4.sub(bounded, f32x4.mul(n, constant(4))), f32x4.mul(n, constant(5)));
  let p = f32x4.add(f32x4.mul(constant(6), r), constant(7));
  p = f32x4.add(f32x4.mul(p, r), constant(8));
  p = f32x4.add(f32x4.mul(p, r), constant(9));
  p = f32x4.add(f32x4.mul(p, r), constant(10));
  p = f32x4.add(f32x4.mul(p, r), constant(11));
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

/** 1 / (1 + exp(-x)) */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  return f32x4.div(constant(11), f32x4.add(constant(11), exp(f32x4.neg(x))));
}

/** 2 / (1 + exp(-2x)) - 1 */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const e = exp(f32x4.mul(x, constant(13)));
  return f32x4.sub(f32x4.div(constant(12), f32x4.add(constant(11), e)), constant(11));
}
