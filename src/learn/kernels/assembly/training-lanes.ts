// The same code for four values and for the ones left over: `whole` is a constant at every call, so that the compiler
// drops the branch.

/** Loads four values, or the one at `at` into every lane. */
// @ts-ignore: decorator
@inline
export function take(at: usize, whole: bool): v128 {
  return whole ? v128.load(at) : v128.load_splat<f32>(at);
}

/** Stores four values, or the first only. */
// @ts-ignore: decorator
@inline
export function put(at: usize, value: v128, whole: bool): void {
  if (whole) v128.store(at, value);
  else store<f32>(at, f32x4.extract_lane(value, 0));
}
