/** Sum of `count` float32 values at `pointer`. */
export function placeholder(pointer: usize, count: i32): f32 {
  let sum: f32 = 0;
  for (let i = 0; i < count; i++) sum += load<f32>(pointer + (i << 2));
  return sum;
}
