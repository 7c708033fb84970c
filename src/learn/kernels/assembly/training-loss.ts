// Losses and their gradients, a row a sample. `weights` holds one weight a row; gradients are multiplied by the
// weight and by a scale, the first of `numbers` (float64, see ../training.ts).
import { exp } from './activations';

/** to = e^(from - maximum) for one row; gives the maximum. */
function exponentials(from: usize, to: usize, columns: i32): f32 {
  let maxima = f32x4.splat(-Infinity);
  let highest: f32 = -Infinity;
  let j = 0;
  for (; j + 4 <= columns; j += 4) maxima = f32x4.max(maxima, v128.load(from + (j << 2)));
  for (; j < columns; j++) highest = max(highest, load<f32>(from + (j << 2)));
  highest = max(highest, max(f32x4.extract_lane(maxima, 0), f32x4.extract_lane(maxima, 1)));
  highest = max(highest, max(f32x4.extract_lane(maxima, 2), f32x4.extract_lane(maxima, 3)));
  const highest4 = f32x4.splat(highest);
  for (j = 0; j + 4 <= columns; j += 4) {
    v128.store(to + (j << 2), exp(f32x4.sub(v128.load(from + (j << 2)), highest4)));
  }
  for (; j < columns; j++) {
    const e = exp(f32x4.sub(v128.load_splat<f32>(from + (j << 2)), highest4));
    store<f32>(to + (j << 2), f32x4.extract_lane(e, 0));
  }
  return highest;
}

/** Sum of a row: four sums side by side, then these, then what is left over. */
function sumRow(at: usize, columns: i32): f32 {
  let sums = f32x4.splat(0);
  let j = 0;
  for (; j + 4 <= columns; j += 4) sums = f32x4.add(sums, v128.load(at + (j << 2)));
  let sum = f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1);
  sum += f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3);
  for (; j < columns; j++) sum += load<f32>(at + (j << 2));
  return sum;
}

function scaleRow(at: usize, columns: i32, factor: f32): void {
  const factors = f32x4.splat(factor);
  let j = 0;
  for (; j + 4 <= columns; j += 4) {
    v128.store(at + (j << 2), f32x4.mul(v128.load(at + (j << 2)), factors));
  }
  for (; j < columns; j++) store<f32>(at + (j << 2), load<f32>(at + (j << 2)) * factor);
}

/**
 * Softmax and cross-entropy with their gradient. parts[i] = sum of e^(logit - maximum), and maximum minus the logit
 * of the label: the loss of row i is log(first) + second.
 */
export function crossEntropy(
  logits: usize, labels: usize, weights: usize, rows: i32, columns: i32, gradient: usize, parts: usize, numbers: usize,
): void {
  const bytes = columns << 2;
  const scale = <f32>load<f64>(numbers);
  for (let i = 0; i < rows; i++) {
    const highest = exponentials(logits, gradient, columns);
    const sum = sumRow(gradient, columns);
    const label: usize = load<i32>(labels + (i << 2)) << 2;
    const weight = load<f32>(weights + (i << 2)) * scale;
    scaleRow(gradient, columns, weight / sum);
    store<f32>(gradient + label, load<f32>(gradient + label) - weight);
    store<f32>(parts + (i << 3), sum);
    store<f32>(parts + (i << 3), highest - load<f32>(logits + label), 4);
    logits += bytes;
    gradient += bytes;
  }
}

/** Softmax of each row. parts[i] = sum of e^(logit - maximum), and the maximum. */
export function softmaxRows(logits: usize, rows: i32, columns: i32, to: usize, parts: usize): void {
  const bytes = columns << 2;
  for (let i = 0; i < rows; i++) {
    const highest = exponentials(logits, to, columns);
    const sum = sumRow(to, columns);
    scaleRow(to, columns, 1 / sum);
    store<f32>(parts + (i << 3), sum);
    store<f32>(parts + (i << 3), highest, 4);
    logits += bytes;
    to += bytes;
  }
}

/** cost + temperature log p of one class; `shift` is the log of the sum of all e^logit. */
// @ts-ignore: decorator
@inline
function tempered(logits: usize, costs: usize, at: i32, shift: f32, temperature: f32): f32 {
  return load<f32>(costs + at) + temperature * (load<f32>(logits + at) - shift);
}

/**
 * Expected cost of a choice drawn from p, less temperature times the entropy of p. `gradient` holds p and becomes the
 * gradient p (a - sum of p a), a = cost + temperature log p; parts[2 i] holds log of the sum of e^logit. The
 * weighted sum replaces the first number; the second is the temperature.
 */
export function expectedCost(
  logits: usize, costs: usize, weights: usize, rows: i32, columns: i32, gradient: usize, parts: usize, numbers: usize,
): void {
  const bytes = columns << 2;
  const scale = <f32>load<f64>(numbers);
  const temperature = <f32>load<f64>(numbers, 8);
  let total: f64 = 0;
  for (let i = 0; i < rows; i++) {
    const shift = load<f32>(parts + (i << 3));
    const weight = load<f32>(weights + (i << 2));
    let expected: f32 = 0;
    for (let at = 0; at < bytes; at += 4) {
      expected += load<f32>(gradient + at) * tempered(logits, costs, at, shift, temperature);
    }
    for (let at = 0; at < bytes; at += 4) {
      const above = tempered(logits, costs, at, shift, temperature) - expected;
      store<f32>(gradient + at, load<f32>(gradient + at) * above * (weight * scale));
    }
    total += <f64>weight * <f64>expected;
    logits += bytes;
    costs += bytes;
    gradient += bytes;
  }
  store<f64>(numbers, total);
}

/**
 * Huber's loss of each value (Huber 1964): d^2 / 2 up to |d| = delta, then straight; an infinite delta gives half
 * the squared error. The weighted sum over all values replaces the first number; the second is delta.
 */
export function robustError(
  outputs: usize, targets: usize, weights: usize, rows: i32, columns: i32, gradient: usize, numbers: usize,
): void {
  const scale = <f32>load<f64>(numbers);
  const delta = <f32>load<f64>(numbers, 8);
  let total: f64 = 0;
  let at: usize = 0;
  for (let i = 0; i < rows; i++) {
    const weight = load<f32>(weights + (i << 2));
    let sum: f64 = 0;
    for (let j = 0; j < columns; j++) {
      const d = load<f32>(outputs + at) - load<f32>(targets + at);
      const size = abs(d);
      const inside = size <= delta;
      sum += inside ? 0.5 * <f64>d * <f64>d : <f64>delta * (<f64>size - 0.5 * <f64>delta);
      store<f32>(gradient + at, (inside ? d : copysign(delta, d)) * (weight * scale));
      at += 4;
    }
    total += <f64>weight * sum;
  }
  store<f64>(numbers, total);
}
