// y = max(floor, bias + x W) for one row x. W is packed in panels of 32 outputs, input by input, each panel led by its
// 32 biases, so that the weights are read once, in order; the last panel is as wide as the outputs that are left,
// a multiple of 4. One chain of additions for each output, in input order: the result does not depend on how the
// outputs are grouped.
//
// Speed: eight sums stay in registers, so a panel needs per input one load to spread x and eight loads, multiplications
// and additions; loads set the pace. V8 unrolls the loop itself; by hand it becomes slower. ReLU and no activation at
// all are one instruction each: the larger of the sum and a floor of 0 or -Infinity.

/** Writes outputs rounded up to a multiple of 4. */
export function dense(x: usize, inputs: i32, w: usize, y: usize, outputs: i32, least: f32): void {
  const floor = f32x4.splat(least);
  const end = x + (inputs << 2);
  let left = (outputs + 3) & ~3;
  while (left >= 32) {
    w = panel32(x, end, w, y, floor);
    y += 128;
    left -= 32;
  }
  const stride = left << 2;
  if (left >= 16) {
    panel16(x, end, w, y, stride, floor);
    w += 64;
    y += 64;
    left -= 16;
  }
  if (left >= 8) {
    panel8(x, end, w, y, stride, floor);
    w += 32;
    y += 32;
    left -= 8;
  }
  if (left >= 4) panel4(x, end, w, y, stride, floor);
}

// @ts-ignore: decorator
@inline
function panel32(x: usize, end: usize, w: usize, y: usize, floor: v128): usize {
  let a = v128.load(w, 0);
  let b = v128.load(w, 16);
  let c = v128.load(w, 32);
  let d = v128.load(w, 48);
  let e = v128.load(w, 64);
  let f = v128.load(w, 80);
  let g = v128.load(w, 96);
  let h = v128.load(w, 112);
  w += 128;
  while (x < end) {
    const s = v128.load_splat<f32>(x);
    a = f32x4.add(a, f32x4.mul(v128.load(w, 0), s));
    b = f32x4.add(b, f32x4.mul(v128.load(w, 16), s));
    c = f32x4.add(c, f32x4.mul(v128.load(w, 32), s));
    d = f32x4.add(d, f32x4.mul(v128.load(w, 48), s));
    e = f32x4.add(e, f32x4.mul(v128.load(w, 64), s));
    f = f32x4.add(f, f32x4.mul(v128.load(w, 80), s));
    g = f32x4.add(g, f32x4.mul(v128.load(w, 96), s));
    h = f32x4.add(h, f32x4.mul(v128.load(w, 112), s));
    x += 4;
    w += 128;
  }
  v128.store(y, f32x4.pmax(a, floor), 0);
  v128.store(y, f32x4.pmax(b, floor), 16);
  v128.store(y, f32x4.pmax(c, floor), 32);
  v128.store(y, f32x4.pmax(d, floor), 48);
  v128.store(y, f32x4.pmax(e, floor), 64);
  v128.store(y, f32x4.pmax(f, floor), 80);
  v128.store(y, f32x4.pmax(g, floor), 96);
  v128.store(y, f32x4.pmax(h, floor), 112);
  return w;
}

// @ts-ignore: decorator
@inline
function panel16(x: usize, end: usize, w: usize, y: usize, stride: usize, floor: v128): void {
  let a = v128.load(w, 0);
  let b = v128.load(w, 16);
  let c = v128.load(w, 32);
  let d = v128.load(w, 48);
  while (x < end) {
    w += stride;
    const s = v128.load_splat<f32>(x);
    a = f32x4.add(a, f32x4.mul(v128.load(w, 0), s));
    b = f32x4.add(b, f32x4.mul(v128.load(w, 16), s));
    c = f32x4.add(c, f32x4.mul(v128.load(w, 32), s));
    d = f32x4.add(d, f32x4.mul(v128.load(w, 48), s));
    x += 4;
  }
  v128.store(y, f32x4.pmax(a, floor), 0);
  v128.store(y, f32x4.pmax(b, floor), 16);
  v128.store(y, f32x4.pmax(c, floor), 32);
  v128.store(y, f32x4.pmax(d, floor), 48);
}

// @ts-ignore: decorator
@inline
function panel8(x: usize, end: usize, w: usize, y: usize, stride: usize, floor: v128): void {
  let a = v128.load(w, 0);
  let b = v128.load(w, 16);
  while (x < end) {
    w += stride;
    const s = v128.load_splat<f32>(x);
    a = f32x4.add(a, f32x4.mul(v128.load(w, 0), s));
    b = f32x4.add(b, f32x4.mul(v128.load(w, 16), s));
    x += 4;
  }
  v128.store(y, f32x4.pmax(a, floor), 0);
  v128.store(y, f32x4.pmax(b, floor), 16);
}

// @ts-ignore: decorator
@inline
function panel4(x: usize, end: usize, w: usize, y: usize, stride: usize, floor: v128): void {
  let a = v128.load(w);
  while (x < end) {
    w += stride;
    a = f32x4.add(a, f32x4.mul(v128.load(w), v128.load_splat<f32>(x)));
    x += 4;
  }
  v128.store(y, f32x4.pmax(a, floor));
}
