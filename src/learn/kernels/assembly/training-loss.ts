// Losses and their gradients, a row a sample. `weights` holds one weight a row; gradients are multiplied by the
// weight and by `scale`.
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
  logits: usize, labels: usize, weights: usize, rows: i32, columns: i32, scale: f32, gradient: usize, parts: usize,
): void {
  const bytes = columns << 2;
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

/** Expected cost of a choice drawn from the softmax, with its gradient p (cost - expected). Gives the weighted sum. */
export function expectedCost(
  logits: usize, costs: usize, weights: usize, rows: i32, columns: i32, scale: f32, gradient: usize,
): f64 {
  const bytes = columns << 2;
  let total: f64 = 0;
  for (let i = 0; i < rows; i++) {
    exponentials(logits, gradient, columns);
    scaleRow(gradient, columns, 1 / sumRow(gradient, columns));
    let expected: f32 = 0;
    for (let j = 0; j < columns; j++) expected += load<f32>(gradient + (j << 2)) * load<f32>(costs + (j << 2));
    const weight = load<f32>(weights + (i << 2));
    for (let j = 0; j < columns; j++) {
      const at = gradient + (j << 2);
      store<f32>(at, load<f32>(at) * (load<f32>(costs + (j << 2)) - expected) * (weight * scale));
    }
    total += <f64>weight * <f64>expected;
    logits += bytes;
    costs += bytes;
    gradient += bytes;
  }
  return total;
}

/**
 * Huber's loss of each value (Huber 1964): d^2 / 2 up to |d| = delta, then straight; an infinite delta gives half
 * the squared error. Gives the weighted sum over all values.
 */
export function robustError(
  outputs: usize, targets: usize, weights: usize, rows: i32, columns: i32, scale: f32, delta: f32, gradient: usize,
): f64 {
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
  return total;
}
