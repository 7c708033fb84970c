// Steps of the optimisers over one block of parameters; `count` is a multiple of four. Their settings are `numbers`
// (float64, see ../training.ts).

// @ts-ignore: decorator
@inline
function setting(numbers: usize, index: i32): f32 {
  return <f32>load<f64>(numbers + (index << 3));
}

/**
 * Adam (Kingma, Ba 2015) and AdamW (Loshchilov, Hutter 2019). Settings: 0 scale of the gradients, 1 ridge, times the
 * weight added to them (Adam's weight decay), 2 keep, by which weights are first multiplied (AdamW's), 3 beta1,
 * 4 beta2, 5 step, the rate over 1 - beta1^t, 6 lift, one over sqrt(1 - beta2^t), 7 epsilon.
 */
export function adam(
  weights: usize, gradients: usize, first: usize, second: usize, count: i32, numbers: usize,
): void {
  const scale4 = f32x4.splat(setting(numbers, 0));
  const ridge4 = f32x4.splat(setting(numbers, 1));
  const keep4 = f32x4.splat(setting(numbers, 2));
  const beta1 = setting(numbers, 3);
  const beta2 = setting(numbers, 4);
  const old1 = f32x4.splat(beta1);
  const new1 = f32x4.splat(1 - beta1);
  const old2 = f32x4.splat(beta2);
  const new2 = f32x4.splat(1 - beta2);
  const step4 = f32x4.splat(setting(numbers, 5));
  const lift4 = f32x4.splat(setting(numbers, 6));
  const epsilon4 = f32x4.splat(setting(numbers, 7));
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

/**
 * Stochastic gradient descent with momentum, as PyTorch has it: v = momentum v + g, w -= rate v. Settings: 0 scale,
 * 1 ridge, 2 momentum, 3 rate.
 */
export function sgd(weights: usize, gradients: usize, velocity: usize, count: i32, numbers: usize): void {
  const scale4 = f32x4.splat(setting(numbers, 0));
  const ridge4 = f32x4.splat(setting(numbers, 1));
  const momentum4 = f32x4.splat(setting(numbers, 2));
  const rate4 = f32x4.splat(setting(numbers, 3));
  const end: usize = count << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const w = v128.load(weights + at);
    const g = f32x4.add(f32x4.mul(v128.load(gradients + at), scale4), f32x4.mul(w, ridge4));
    const v = f32x4.add(f32x4.mul(v128.load(velocity + at), momentum4), g);
    v128.store(velocity + at, v);
    v128.store(weights + at, f32x4.sub(w, f32x4.mul(v, rate4)));
  }
}

/** Sum of squares in float64, into the first number: a sum for each place in four, (0 + 2) + (1 + 3) at the end. */
export function sumSquares(values: usize, count: i32, numbers: usize): void {
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
  store<f64>(numbers, f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1));
}
