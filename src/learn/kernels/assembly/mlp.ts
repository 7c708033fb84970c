// A stack of dense layers, for one sample or for many. The plan, written by ../mlp.ts, 32-bit words:
//   0 layers   4 x   8 y   12 and 16 areas for the results of a block of samples   20 softmax of the outputs (0, 1)
//   then from 32, for each layer, 16 bytes: inputs, outputs, activation
// Results of a layer have rows rounded up to 4 values; x and y have not.
import { sigmoid, tanh } from './activations';
import { dense } from './dense';
import { softmax } from './softmax';
import { denseTiles } from './tiles';
import { enter, leave } from './weights';

// Samples that pass through all layers together: their results stay in the first cache.
const BLOCK = 32;

// @ts-ignore: decorator
@inline const RELU = 1;
// @ts-ignore: decorator
@inline const TANH = 2;

/** Runs `rows` samples. 1 before the first load, else 0. */
export function mlp(plan: usize, control: usize, rows: i32): i32 {
  const weights = enter(control);
  if (weights == 0) return 1;
  const layers = load<i32>(plan, 0);
  const inputs = load<i32>(plan, 32);
  const outputs = load<i32>(plan + ((layers - 1) << 4), 36);
  const isSoftmax = load<i32>(plan, 20);
  let x = load<usize>(plan, 4);
  let y = load<usize>(plan, 8);
  for (let left = rows; left > 0; left -= BLOCK) {
    const block = min(left, BLOCK);
    let result = forward(plan, layers, weights, x, block);
    for (let row = 0; row < block; row++) {
      if (isSoftmax) softmax(result, outputs, result);
      copy(y, result, outputs);
      y += outputs << 2;
      result += (outputs + 3 & ~3) << 2;
    }
    x += block * inputs << 2;
  }
  leave(control);
  return 0;
}

/** Runs one block; returns where its results lie. */
function forward(plan: usize, layers: i32, w: usize, x: usize, rows: i32): usize {
  const tiled = rows & ~3;
  let y = load<usize>(plan, 12);
  let other = load<usize>(plan, 16);
  let xStride = load<i32>(plan, 32) << 2;
  for (let at = plan + 32, end = at + (layers << 4); at < end; at += 16) {
    const inputs = load<i32>(at, 0);
    const outputs = load<i32>(at, 4);
    const activation = load<i32>(at, 8);
    const floor: f32 = activation == RELU ? 0 : -Infinity;
    const yStride = (outputs + 3 & ~3) << 2;
    if (tiled > 0) denseTiles(x, xStride, tiled, inputs, w, y, yStride, floor);
    for (let row = tiled; row < rows; row++) dense(x + row * xStride, inputs, w, y + row * yStride, outputs, floor);
    if (activation >= TANH) activate(y, rows * yStride, activation);
    w += (inputs + 1) * yStride;
    x = y;
    xStride = yStride;
    y = other;
    other = x;
  }
  return x;
}

function activate(values: usize, bytes: i32, activation: i32): void {
  const end = values + bytes;
  if (activation == TANH) {
    for (; values < end; values += 16) v128.store(values, tanh(v128.load(values)));
  } else {
    for (; values < end; values += 16) v128.store(values, sigmoid(v128.load(values)));
  }
}

// @ts-ignore: decorator
@inline
function copy(to: usize, from: usize, count: i32): void {
  const end = to + (count << 2);
  for (; to + 16 <= end; to += 16, from += 16) v128.store(to, v128.load(from));
  for (; to < end; to += 4, from += 4) store<f32>(to, load<f32>(from));
}
