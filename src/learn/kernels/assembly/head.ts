// The output layer of a model with a large vocabulary: all outputs, or only those of a list, and the highest of them.
//
// The plan, written by ../head.ts, 32-bit words:
//   0 inputs   4 outputs   8 x   12 logits   16 top   20 ids of the top   24 their logits
//   28 candidates   32 their logits   36 bytes from the panels to the rows
// The weights lie there twice: in panels for the whole layer (dense.ts), and output by output for single ones, each row
// [bias, 0, 0, 0, inputs rounded up to 4].
//
// Speed: all of 10,000 outputs run as fast as memory gives the weights, 1.1 times native. A candidate's weights lie
// together, so its sum has four chains; to keep one chain would need eight shuffles for every four multiplications.
import { dense } from './dense';
import { enter, leave } from './weights';

/** All logits, and the top of them. 1 before the first load, else 0. */
export function head(plan: usize, control: usize): i32 {
  const weights = enter(control);
  if (weights == 0) return 1;
  const outputs = load<i32>(plan, 4);
  const logits = load<usize>(plan, 12);
  dense(load<usize>(plan, 8), load<i32>(plan, 0), weights, logits, outputs, -Infinity);
  leave(control);
  takeTop(plan, logits, outputs, 0);
  return 0;
}

/** The logits of `count` candidates, and the top of them. 1 before the first load, 2 for an id out of range, else 0. */
export function candidates(plan: usize, control: usize, count: i32): i32 {
  const ids = load<usize>(plan, 28);
  const logits = load<usize>(plan, 32);
  const outputs = load<u32>(plan, 4);
  const inputs = load<i32>(plan, 0);
  for (let at = ids, end = ids + (count << 2); at < end; at += 4) if (load<u32>(at) >= outputs) return 2;
  // Rows are taken in fours; the surplus repeats the last one.
  const last = ids + ((count - 1) << 2);
  const weights = enter(control);
  if (weights == 0) return 1;
  const rows = weights + load<usize>(plan, 36);
  const rowBytes = ((inputs + 3) & ~3) + 4 << 2;
  const x = load<usize>(plan, 8);
  for (let at = ids; at <= last; at += 16) {
    const a = rows + load<i32>(at) * rowBytes;
    const b = rows + load<i32>(min(at + 4, last)) * rowBytes;
    const c = rows + load<i32>(min(at + 8, last)) * rowBytes;
    const d = rows + load<i32>(min(at + 12, last)) * rowBytes;
    v128.store(logits + (at - ids), dots(x, a, b, c, d, rowBytes - 16));
  }
  leave(control);
  takeTop(plan, logits, count, ids);
  return 0;
}

/** x times four rows: four chains for each, added as (0 + 1) + (2 + 3). */
// @ts-ignore: decorator
@inline
function dots(x: usize, a: usize, b: usize, c: usize, d: usize, bytes: i32): v128 {
  let s = v128.load(a);
  let t = v128.load(b);
  let u = v128.load(c);
  let v = v128.load(d);
  for (const end = x + bytes; x < end; ) {
    const values = v128.load(x);
    x += 16;
    a += 16;
    b += 16;
    c += 16;
    d += 16;
    s = f32x4.add(s, f32x4.mul(values, v128.load(a)));
    t = f32x4.add(t, f32x4.mul(values, v128.load(b)));
    u = f32x4.add(u, f32x4.mul(values, v128.load(c)));
    v = f32x4.add(v, f32x4.mul(values, v128.load(d)));
  }
  const st01 = v128.shuffle<f32>(s, t, 0, 4, 1, 5);
  const st23 = v128.shuffle<f32>(s, t, 2, 6, 3, 7);
  const uv01 = v128.shuffle<f32>(u, v, 0, 4, 1, 5);
  const uv23 = v128.shuffle<f32>(u, v, 2, 6, 3, 7);
  const sum01 = f32x4.add(v128.shuffle<f32>(st01, uv01, 0, 1, 4, 5), v128.shuffle<f32>(st01, uv01, 2, 3, 6, 7));
  const sum23 = f32x4.add(v128.shuffle<f32>(st23, uv23, 0, 1, 4, 5), v128.shuffle<f32>(st23, uv23, 2, 3, 6, 7));
  return f32x4.add(sum01, sum23);
}

/** The highest `top` of `count` values, highest first, equal ones in their order; NaN and -Infinity are never among them. */
function takeTop(plan: usize, values: usize, count: i32, ids: usize): void {
  const top = load<i32>(plan, 16) << 2;
  const topIds = load<usize>(plan, 20);
  const topValues = load<usize>(plan, 24);
  for (let at = 0; at < top; at += 4) {
    store<i32>(topIds + at, -1);
    store<f32>(topValues + at, -Infinity);
  }
  const bytes = count << 2;
  // The surplus of the last vectors must not be taken.
  for (let at = bytes; at & 31; at += 4) store<f32>(values + at, -Infinity);
  let lowest = f32x4.splat(-Infinity);
  for (let at = 0; at < bytes; at += 32) {
    const higher = v128.or(f32x4.gt(v128.load(values + at, 0), lowest), f32x4.gt(v128.load(values + at, 16), lowest));
    if (!v128.any_true(higher)) continue;
    for (let one = at; one < at + 32; one += 4) {
      const id = ids ? load<i32>(ids + one) : one >> 2;
      insert(topIds, topValues, top, load<f32>(values + one), id);
    }
    lowest = v128.load_splat<f32>(topValues + top - 4);
  }
}

/** Puts one value into the descending list if it belongs there; after its equals. */
function insert(ids: usize, values: usize, bytes: i32, value: f32, id: i32): void {
  let at = bytes - 4;
  if (!(value > load<f32>(values + at))) return;
  for (; at > 0 && value > load<f32>(values + at - 4); at -= 4) {
    store<f32>(values + at, load<f32>(values + at - 4));
    store<i32>(ids + at, load<i32>(ids + at - 4));
  }
  store<f32>(values + at, value);
  store<i32>(ids + at, id);
}
