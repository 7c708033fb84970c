// LSTM layers (Hochreiter, Schmidhuber 1997, with the forget gate of Gers 2000):
//   i, f, o = sigmoid, g = tanh of bias + [x | h] W;  c = f c + i g;  h = o tanh(c)
// W is packed in panels of 8 units: 32 columns, the gates i, f, g, o of these units, so that a panel's sums go from the
// registers straight into the gates, and the divisions of one panel run beside the multiplications of the next.
// tanh(c) waits for a second pass over all units: within the panel its long chain behind the gates' held the next panel
// up (1.07 instead of 0.97 us for 8 inputs and 64 units).
import { sigmoid, tanh } from './activations';
import { enter, leave } from './weights';

/**
 * One layer, one step: reads x and h, updates c, writes the new h. Units are rounded up to 8; their surplus has zero
 * weights and stays 0. `open` is room for the output gates until the cells are known. Returns where the packed weights
 * end.
 */
function layer(x: usize, inputs: i32, h: usize, units: i32, w: usize, c: usize, open: usize): usize {
  const xEnd = x + (inputs << 2);
  const hEnd = h + (units << 2);
  let at: usize = 0;
  for (let left = units; left > 0; left -= 8) {
    let i0 = v128.load(w, 0);
    let i1 = v128.load(w, 16);
    let f0 = v128.load(w, 32);
    let f1 = v128.load(w, 48);
    let g0 = v128.load(w, 64);
    let g1 = v128.load(w, 80);
    let o0 = v128.load(w, 96);
    let o1 = v128.load(w, 112);
    w += 128;
    // First the inputs, then the layer's own h.
    let p = x;
    let end = xEnd;
    for (;;) {
      while (p < end) {
        const s = v128.load_splat<f32>(p);
        i0 = f32x4.add(i0, f32x4.mul(v128.load(w, 0), s));
        i1 = f32x4.add(i1, f32x4.mul(v128.load(w, 16), s));
        f0 = f32x4.add(f0, f32x4.mul(v128.load(w, 32), s));
        f1 = f32x4.add(f1, f32x4.mul(v128.load(w, 48), s));
        g0 = f32x4.add(g0, f32x4.mul(v128.load(w, 64), s));
        g1 = f32x4.add(g1, f32x4.mul(v128.load(w, 80), s));
        o0 = f32x4.add(o0, f32x4.mul(v128.load(w, 96), s));
        o1 = f32x4.add(o1, f32x4.mul(v128.load(w, 112), s));
        w += 128;
        p += 4;
      }
      if (end == hEnd) break;
      p = h;
      end = hEnd;
    }
    gates(i0, f0, g0, o0, c + at, open + at);
    gates(i1, f1, g1, o1, c + at + 16, open + at + 16);
    at += 32;
  }
  for (let unit: usize = 0; unit < at; unit += 16) {
    v128.store(h + unit, f32x4.mul(v128.load(open + unit), tanh(v128.load(c + unit))));
  }
  return w;
}

// @ts-ignore: decorator
@inline
function gates(i: v128, f: v128, g: v128, o: v128, c: usize, open: usize): void {
  const kept = f32x4.mul(sigmoid(f), v128.load(c));
  v128.store(c, f32x4.add(kept, f32x4.mul(sigmoid(i), tanh(g))));
  v128.store(open, sigmoid(o));
}

// The plan, written by ../lstm.ts: 32-bit words.
//   0 layers   4 inputs   8 units   12 outputs   16 scratch   20 and 24 h, c of layer 1   28 and 32 h, c of layer 2
// outputs: one row of `units` for each step, the top layer's h.

/** Runs `steps` rows of `x` through the layers, from the state where it is. 1 before the first load, else 0. */
export function lstm(plan: usize, control: usize, x: usize, steps: i32): i32 {
  const weights = enter(control);
  if (weights == 0) return 1;
  const layers = load<i32>(plan, 0);
  const inputs = load<i32>(plan, 4);
  const units = load<i32>(plan, 8);
  const scratch = load<usize>(plan, 16);
  let y = load<usize>(plan, 12);
  for (let step = 0; step < steps; step++) {
    let h = load<usize>(plan, 20);
    let w = layer(x, inputs, h, units, weights, load<usize>(plan, 24), scratch);
    if (layers == 2) {
      const lower = h;
      h = load<usize>(plan, 28);
      w = layer(lower, units, h, units, w, load<usize>(plan, 32), scratch);
    }
    copy(y, h, units);
    x += inputs << 2;
    y += units << 2;
  }
  leave(control);
  return 0;
}

/** Copies values rounded up to a multiple of 8; memory.copy would cost a call out of the module. */
// @ts-ignore: decorator
@inline
function copy(to: usize, from: usize, count: i32): void {
  for (let left = count; left > 0; left -= 8) {
    v128.store(to, v128.load(from, 0), 0);
    v128.store(to, v128.load(from, 16), 16);
    to += 32;
    from += 32;
  }
}
