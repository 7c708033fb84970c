// exp(v - max v) / sum. The sum has four chains, one a lane, added as (0 + 1) + (2 + 3).
import { exp } from './activations';

/** Of `count` values; `target` has room for a multiple of 4 and may be where the values are. */
export function softmax(values: usize, count: i32, target: usize): void {
  let top = -f32.MAX_VALUE;
  for (let at = values, end = values + (count << 2); at < end; at += 4) top = max(top, load<f32>(at));
  const highest = f32x4.splat(top);
  let sums = f32x4.splat(0);
  const bytes = count << 2;
  for (let at = 0; at < bytes; at += 16) {
    let e = exp(f32x4.sub(v128.load(values + at), highest));
    if (at + 16 > bytes) e = v128.and(e, lanesBelow(count & 3));
    v128.store(target + at, e);
    sums = f32x4.add(sums, e);
  }
  const pair = f32x4.add(sums, v128.shuffle<f32>(sums, sums, 1, 0, 3, 2));
  const total = f32x4.add(pair, v128.shuffle<f32>(pair, pair, 2, 3, 0, 1));
  for (let at = 0; at < bytes; at += 16) v128.store(target + at, f32x4.div(v128.load(target + at), total));
}

/** All bits set in the lanes 0 to count - 1. */
// @ts-ignore: decorator
@inline
function lanesBelow(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}
