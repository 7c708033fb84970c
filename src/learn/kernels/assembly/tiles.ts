// dense.ts for many rows: tiles of 4 rows by 8 outputs, eight sums in registers. A tile loads 6 vectors for 8
// multiplications where a single row loads 9, so the multipliers and not the loads set the pace. The order of additions
// of each output is that of a single row: the same bits.
//
// Speed: 2.04 times the time of native code with 256-bit fused multiply-add, where 2.0 is the limit of 128-bit
// multiplications and additions; 88 % of what the multipliers can do. Tried without gain: two inputs an iteration, blocks
// of 8 or 16 samples, rows padded so that they start in different banks of the cache. Four inputs an iteration: 13 %
// slower. A neighbour on the same core costs this kernel more than native code: it needs twice the instructions.

/** `rows` is a multiple of 4; strides are in bytes, that of y is also the packed width. */
export function denseTiles(
  x: usize, xStride: i32, rows: i32, inputs: i32, w: usize, y: usize, yStride: i32, least: f32,
): void {
  const floor = f32x4.splat(least);
  for (let left = yStride; left > 0; left -= 128) {
    const width = min(left, 128);
    for (let row = 0; row < rows; row += 4) {
      const from = x + row * xStride;
      const to = y + row * yStride;
      let at = 0;
      for (; at + 32 <= width; at += 32) tile8(from, xStride, inputs, w + at, width, to + at, yStride, floor);
      if (at < width) tile4(from, xStride, inputs, w + at, width, to + at, yStride, floor);
    }
    w += width * (inputs + 1);
    y += width;
  }
}

// @ts-ignore: decorator
@inline
function tile8(
  x: usize, xStride: i32, inputs: i32, w: usize, width: i32, y: usize, yStride: i32, floor: v128,
): void {
  let a0 = v128.load(w, 0);
  let a1 = v128.load(w, 16);
  let b0 = a0;
  let b1 = a1;
  let c0 = a0;
  let c1 = a1;
  let d0 = a0;
  let d1 = a1;
  const end = x + (inputs << 2);
  const x1 = xStride;
  const x2 = xStride << 1;
  const x3 = x1 + x2;
  while (x < end) {
    w += width;
    const w0 = v128.load(w, 0);
    const w1 = v128.load(w, 16);
    let s = v128.load_splat<f32>(x);
    a0 = f32x4.add(a0, f32x4.mul(w0, s));
    a1 = f32x4.add(a1, f32x4.mul(w1, s));
    s = v128.load_splat<f32>(x + x1);
    b0 = f32x4.add(b0, f32x4.mul(w0, s));
    b1 = f32x4.add(b1, f32x4.mul(w1, s));
    s = v128.load_splat<f32>(x + x2);
    c0 = f32x4.add(c0, f32x4.mul(w0, s));
    c1 = f32x4.add(c1, f32x4.mul(w1, s));
    s = v128.load_splat<f32>(x + x3);
    d0 = f32x4.add(d0, f32x4.mul(w0, s));
    d1 = f32x4.add(d1, f32x4.mul(w1, s));
    x += 4;
  }
  v128.store(y, f32x4.pmax(a0, floor), 0);
  v128.store(y, f32x4.pmax(a1, floor), 16);
  y += yStride;
  v128.store(y, f32x4.pmax(b0, floor), 0);
  v128.store(y, f32x4.pmax(b1, floor), 16);
  y += yStride;
  v128.store(y, f32x4.pmax(c0, floor), 0);
  v128.store(y, f32x4.pmax(c1, floor), 16);
  y += yStride;
  v128.store(y, f32x4.pmax(d0, floor), 0);
  v128.store(y, f32x4.pmax(d1, floor), 16);
}

// @ts-ignore: decorator
@inline
function tile4(
  x: usize, xStride: i32, inputs: i32, w: usize, width: i32, y: usize, yStride: i32, floor: v128,
): void {
  let a = v128.load(w);
  let b = a;
  let c = a;
  let d = a;
  const end = x + (inputs << 2);
  const x1 = xStride;
  const x2 = xStride << 1;
  const x3 = x1 + x2;
  while (x < end) {
    w += width;
    const s = v128.load(w);
    a = f32x4.add(a, f32x4.mul(s, v128.load_splat<f32>(x)));
    b = f32x4.add(b, f32x4.mul(s, v128.load_splat<f32>(x + x1)));
    c = f32x4.add(c, f32x4.mul(s, v128.load_splat<f32>(x + x2)));
    d = f32x4.add(d, f32x4.mul(s, v128.load_splat<f32>(x + x3)));
    x += 4;
  }
  v128.store(y, f32x4.pmax(a, floor));
  y += yStride;
  v128.store(y, f32x4.pmax(b, floor));
  y += yStride;
  v128.store(y, f32x4.pmax(c, floor));
  y += yStride;
  v128.store(y, f32x4.pmax(d, floor));
}
