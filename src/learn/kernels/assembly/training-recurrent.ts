// The pointwise half of an LSTM step (Hochreiter, Schmidhuber 1997; forget gate: Gers, Schmidhuber, Cummins 2000).
// A row of gates is [i | f | g | o], each `hidden` wide; everything else is [rows][hidden].
import { sigmoid, tanh } from './activations';
import { put, take } from './training-lanes';

// @ts-ignore: decorator
@inline
function forward4(gates: usize, block: usize, before: usize, cell: usize, bent: usize, out: usize, whole: bool): void {
  const i = sigmoid(take(gates, whole));
  const f = sigmoid(take(gates + block, whole));
  const g = tanh(take(gates + block * 2, whole));
  const o = sigmoid(take(gates + block * 3, whole));
  const c = f32x4.add(f32x4.mul(f, take(before, whole)), f32x4.mul(i, g));
  const t = tanh(c);
  put(gates, i, whole);
  put(gates + block, f, whole);
  put(gates + block * 2, g, whole);
  put(gates + block * 3, o, whole);
  put(cell, c, whole);
  put(bent, t, whole);
  put(out, f32x4.mul(o, t), whole);
}

/** Gates from sums to activations in place, the new cell, its tanh and the output h. */
export function cellForward(
  gates: usize, before: usize, cell: usize, bent: usize, out: usize, rows: i32, hidden: i32,
): void {
  const block: usize = hidden << 2;
  for (let row = 0; row < rows; row++) {
    let j = 0;
    for (; j + 4 <= hidden; j += 4) {
      const at: usize = j << 2;
      forward4(gates + at, block, before + at, cell + at, bent + at, out + at, true);
    }
    for (; j < hidden; j++) {
      const at: usize = j << 2;
      forward4(gates + at, block, before + at, cell + at, bent + at, out + at, false);
    }
    gates += block * 4;
    before += block;
    cell += block;
    bent += block;
    out += block;
  }
}

// @ts-ignore: decorator
@inline
function backward4(gates: usize, block: usize, before: usize, bent: usize, dh: usize, dc: usize, whole: bool): void {
  const one = f32x4.splat(1);
  const i = take(gates, whole);
  const f = take(gates + block, whole);
  const g = take(gates + block * 2, whole);
  const o = take(gates + block * 3, whole);
  const t = take(bent, whole);
  const h = take(dh, whole);
  const through = f32x4.mul(f32x4.mul(h, o), f32x4.sub(one, f32x4.mul(t, t)));
  const c = f32x4.add(take(dc, whole), through);
  const di = f32x4.mul(f32x4.mul(c, g), f32x4.mul(i, f32x4.sub(one, i)));
  const df = f32x4.mul(f32x4.mul(c, take(before, whole)), f32x4.mul(f, f32x4.sub(one, f)));
  const dg = f32x4.mul(f32x4.mul(c, i), f32x4.sub(one, f32x4.mul(g, g)));
  const d_o = f32x4.mul(f32x4.mul(h, t), f32x4.mul(o, f32x4.sub(one, o)));
  put(gates, di, whole);
  put(gates + block, df, whole);
  put(gates + block * 2, dg, whole);
  put(gates + block * 3, d_o, whole);
  put(dc, f32x4.mul(c, f), whole);
}

/**
 * Backward through `cellForward`: gates become gradients of their sums; `dc` (of the new cell, from later steps)
 * becomes that of the cell before.
 */
export function cellBack(
  gates: usize, before: usize, bent: usize, dh: usize, dc: usize, rows: i32, hidden: i32,
): void {
  const block: usize = hidden << 2;
  for (let row = 0; row < rows; row++) {
    let j = 0;
    for (; j + 4 <= hidden; j += 4) {
      const at: usize = j << 2;
      backward4(gates + at, block, before + at, bent + at, dh + at, dc + at, true);
    }
    for (; j < hidden; j++) {
      const at: usize = j << 2;
      backward4(gates + at, block, before + at, bent + at, dh + at, dc + at, false);
    }
    gates += block * 4;
    before += block;
    bent += block;
    dh += block;
    dc += block;
  }
}
