// Steps of the optimisers over one block of parameters; `count` is a multiple of four.

/**
 * Adam (Kingma, Ba 2015) and AdamW (Loshchilov, Hutter 2019): gradients are multiplied by `scale`, `ridge` times
 * the weight is added (Adam's weight decay), weights are first multiplied by `keep` (AdamW's).
 * `step` is the rate over 1 - beta1^t, `lift` one over sqrt(1 - beta2^t).
 */
export function adam(
  weights: usize, gradients: usize, first: usize, second: usize, count: i32, scale: f32, ridge: f32, keep: f32,
  beta1: f32, beta2: f32, step: f32, lift: f32, epsilon: f32,
): void {
  const scale4 = f32x4.splat(scale);
  const ridge4 = f32x4.splat(ridge);
  const keep4 = f32x4.splat(keep);
  const old1 = f32x4.splat(beta1);
  const new1 = f32x4.splat(1 - beta1);
  const old2 = f32x4.splat(beta2);
  const new2 = f32x4.splat(1 - beta2);
  const step4 = f32x4.splat(step);
  const lift4 = f32x4.splat(lift);
  const epsilon4 = f32x4.splat(epsilon);
  const end: usize = count << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const w = v128.load(weights + at);
    const g = f32x4.add(f32x4.mul(v128.load(gradients + at), scale4), f32x4.mul(w, ridge4));
    const m = f32x4.add(f32x4.mul(v128.load(first + at), old1), f32x4.mul(g, new1));
    const v = f32x4.add(f32x4.mul(v128.load(second + at), old2), f32x4.mul(f32x4.mul(g, g), new2));
    v128.store(first + at, m);
    v128.store(second + at, v);
    const below = f32x4.add(f32x4.mul(f32x4.sqrt(v), lift4), epsilon4);
    v128.store(weights + at, f32x4.sub(f32x4.mul(w, keep4), f32x4.div(f32x4.mul(m, step4), below)));
  }
}

/** Stochastic gradient descent with momentum, as PyTorch has it: v = momentum v + g, w -= rate v. */
export function sgd(
  weights: usize, gradients: usize, velocity: usize, count: i32, scale: f32, ridge: f32, momentum: f32, rate: f32,
): void {
  const scale4 = f32x4.splat(scale);
  const ridge4 = f32x4.splat(ridge);
  const momentum4 = f32x4.splat(momentum);
  const rate4 = f32x4.splat(rate);
  const end: usize = count << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const w = v128.load(weights + at);
    const g = f32x4.add(f32x4.mul(v128.load(gradients + at), scale4), f32x4.mul(w, ridge4));
    const v = f32x4.add(f32x4.mul(v128.load(velocity + at), momentum4), g);
    v128.store(velocity + at, v);
    v128.store(weights + at, f32x4.sub(w, f32x4.mul(v, rate4)));
  }
}

/** Sum of squares in float64: two sums of even and odd places within each half of four, added at the end. */
export function sumSquares(values: usize, count: i32): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const end = values + (count << 2);
  for (let at = values; at < end; at += 16) {
    const x = v128.load(at);
    const a = f64x2.promote_low_f32x4(x);
    const b = f64x2.promote_low_f32x4(v128.shuffle<f64>(x, x, 1, 0));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const sums = f64x2.add(low, high);
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}
