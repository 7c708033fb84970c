// What lies between the matrix products of a dense net: activations, dropout, batch norm.
import { sigmoid, tanh } from './activations';
import { put, take } from './training-lanes';

// The kinds of activation; ../training-maths.ts has the same numbers.
const RELU: i32 = 1;
const SIGMOID: i32 = 2;

// @ts-ignore: decorator
@inline
function activate4(kind: i32, x: v128): v128 {
  if (kind == RELU) return f32x4.max(x, f32x4.splat(0));
  return kind == SIGMOID ? sigmoid(x) : tanh(x);
}

/** Applies an activation in place. */
export function activate(kind: i32, values: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at = values + (i << 2);
    v128.store(at, activate4(kind, v128.load(at)));
  }
  for (; i < count; i++) {
    const at = values + (i << 2);
    put(at, activate4(kind, take(at, false)), false);
  }
}

/** The slope at an output y of the activation. */
// @ts-ignore: decorator
@inline
function slope4(kind: i32, y: v128): v128 {
  const one = f32x4.splat(1);
  if (kind == RELU) return v128.and(f32x4.gt(y, f32x4.splat(0)), one);
  return kind == SIGMOID ? f32x4.mul(y, f32x4.sub(one, y)) : f32x4.sub(one, f32x4.mul(y, y));
}

/** gradient *= slope at the outputs. */
export function activateBack(kind: i32, outputs: usize, gradient: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at: usize = i << 2;
    v128.store(gradient + at, f32x4.mul(v128.load(gradient + at), slope4(kind, v128.load(outputs + at))));
  }
  for (; i < count; i++) {
    const at: usize = i << 2;
    put(gradient + at, f32x4.mul(take(gradient + at, false), slope4(kind, take(outputs + at, false))), false);
  }
}

/** to = a * b, value by value; `to` may be one of them. */
export function multiply(a: usize, b: usize, to: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at: usize = i << 2;
    v128.store(to + at, f32x4.mul(v128.load(a + at), v128.load(b + at)));
  }
  for (; i < count; i++) {
    const at: usize = i << 2;
    store<f32>(to + at, load<f32>(a + at) * load<f32>(b + at));
  }
}

// @ts-ignore: decorator
@inline
function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

/**
 * mask[i] = the first of `numbers` where a draw of 32 bits is below the second, else 0. Draws: four xoshiro128**
 * generators side by side (Blackman, Vigna 2018), state [4 words][4 lanes]; draw i comes from lane i mod 4.
 */
export function dropoutMask(state: usize, mask: usize, count: i32, numbers: usize): void {
  let a = v128.load(state);
  let b = v128.load(state, 16);
  let c = v128.load(state, 32);
  let d = v128.load(state, 48);
  const kept = f32x4.splat(<f32>load<f64>(numbers));
  const limit = i32x4.splat(<i32>(<u32>load<f64>(numbers, 8)));
  for (let i = 0; i < count; i += 4) {
    const draw = i32x4.mul(rotate(i32x4.mul(b, i32x4.splat(5)), 7), i32x4.splat(9));
    const value = v128.and(i32x4.lt_u(draw, limit), kept);
    const t = i32x4.shl(b, 9);
    c = v128.xor(c, a);
    d = v128.xor(d, b);
    b = v128.xor(b, c);
    a = v128.xor(a, d);
    c = v128.xor(c, t);
    d = rotate(d, 11);
    const at = mask + (i << 2);
    if (i + 4 <= count) v128.store(at, value);
    else {
      store<f32>(at, f32x4.extract_lane(value, 0));
      if (i + 1 < count) store<f32>(at, f32x4.extract_lane(value, 1), 4);
      if (i + 2 < count) store<f32>(at, f32x4.extract_lane(value, 2), 8);
    }
  }
  v128.store(state, a);
  v128.store(state, b, 16);
  v128.store(state, c, 32);
  v128.store(state, d, 48);
}

const EPSILON: f32 = 1e-5;

// @ts-ignore: decorator
@inline
function inverseDeviation(variance: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(variance, f32x4.splat(EPSILON))));
}

// @ts-ignore: decorator
@inline
function moments4(x: usize, row: i32, rows: i32, mean: usize, variance: usize, whole: bool): void {
  const size = f32x4.splat(<f32>rows);
  let sum = f32x4.splat(0);
  for (let i = 0; i < rows; i++) sum = f32x4.add(sum, take(x + i * row, whole));
  const middle = f32x4.div(sum, size);
  let squares = f32x4.splat(0);
  for (let i = 0; i < rows; i++) {
    const d = f32x4.sub(take(x + i * row, whole), middle);
    squares = f32x4.add(squares, f32x4.mul(d, d));
  }
  put(mean, middle, whole);
  put(variance, f32x4.div(squares, size), whole);
}

/** Mean and (biased) variance of each column of x [rows][columns]. */
export function columnMoments(x: usize, rows: i32, columns: i32, mean: usize, variance: usize): void {
  const row = columns << 2;
  let j = 0;
  for (; j + 4 <= columns; j += 4) {
    const at: usize = j << 2;
    moments4(x + at, row, rows, mean + at, variance + at, true);
  }
  for (; j < columns; j++) {
    const at: usize = j << 2;
    moments4(x + at, row, rows, mean + at, variance + at, false);
  }
}

// @ts-ignore: decorator
@inline
function normalise4(
  x: usize, row: i32, rows: i32, mean: v128, inverse: v128, scale: v128, shift: v128, unit: usize, whole: bool,
): void {
  for (let i = 0; i < rows; i++) {
    const u = f32x4.mul(f32x4.sub(take(x, whole), mean), inverse);
    put(unit, u, whole);
    put(x, f32x4.add(f32x4.mul(u, scale), shift), whole);
    x += row;
    unit += row;
  }
}

/**
 * Batch norm in place (Ioffe, Szegedy 2015): unit = (x - mean) / sqrt(variance + 1e-5), x = unit * scale + shift,
 * column by column.
 */
export function normalise(
  x: usize, rows: i32, columns: i32, mean: usize, variance: usize, scale: usize, shift: usize, unit: usize,
): void {
  const row = columns << 2;
  for (let j = 0; j < columns;) {
    const at: usize = j << 2;
    const whole = j + 4 <= columns;
    const m = take(mean + at, whole);
    const inverse = inverseDeviation(take(variance + at, whole));
    const s = take(scale + at, whole);
    const o = take(shift + at, whole);
    if (whole) normalise4(x + at, row, rows, m, inverse, s, o, unit + at, true);
    else normalise4(x + at, row, rows, m, inverse, s, o, unit + at, false);
    j += whole ? 4 : 1;
  }
}

/**
 * Backward through batch norm: `gradient` becomes that of the input, and the gradients of scale and shift are added
 * to theirs. With `frozen`, mean and variance were constants.
 */
export function normaliseBack(
  gradient: usize, unit: usize, rows: i32, columns: i32, variance: usize, scale: usize,
  scaleGradient: usize, shiftGradient: usize, frozen: i32,
): void {
  const row = columns << 2;
  const size = f32x4.splat(<f32>rows);
  for (let j = 0; j < columns;) {
    const at: usize = j << 2;
    const whole = j + 4 <= columns;
    let sum = f32x4.splat(0);
    let dot = f32x4.splat(0);
    for (let i = 0; i < rows; i++) {
      const g = take(gradient + i * row + at, whole);
      sum = f32x4.add(sum, g);
      dot = f32x4.add(dot, f32x4.mul(g, take(unit + i * row + at, whole)));
    }
    put(scaleGradient + at, f32x4.add(take(scaleGradient + at, whole), dot), whole);
    put(shiftGradient + at, f32x4.add(take(shiftGradient + at, whole), sum), whole);
    const factor = f32x4.mul(take(scale + at, whole), inverseDeviation(take(variance + at, whole)));
    const meanSum = frozen ? f32x4.splat(0) : f32x4.div(sum, size);
    const meanDot = frozen ? f32x4.splat(0) : f32x4.div(dot, size);
    for (let i = 0; i < rows; i++) {
      const place = gradient + i * row + at;
      const along = f32x4.mul(take(unit + i * row + at, whole), meanDot);
      put(place, f32x4.mul(factor, f32x4.sub(f32x4.sub(take(place, whole), meanSum), along)), whole);
    }
    j += whole ? 4 : 1;
  }
}
