import type { Activation, BatchNorm, CellSlots, NumberSlot, WholeSlot } from '../training-maths.ts';
import { keepThreshold } from '../training-maths.ts';
import { type Arithmetic, at, sigmoidOf, tanhOf } from './training-arithmetic.ts';

/** Twins of `assembly/training-layers.ts` and `assembly/training-recurrent.ts`. */
export function activate(maths: Arithmetic, kind: Activation, values: NumberSlot, count: number): void {
  const apply = {
    relu: (x: number) => Math.max(x, 0),
    sigmoid: (x: number) => sigmoidOf(maths, x),
    tanh: (x: number) => tanhOf(maths, x),
  }[kind];
  for (let i = 0; i < count; i += 1) values.view[i] = apply(at(values.view, i));
}

export function slopeOf({ round }: Arithmetic, kind: Activation, y: number): number {
  if (kind === 'relu') return y > 0 ? 1 : 0;
  return kind === 'sigmoid' ? round(y * round(1 - y)) : round(1 - round(y * y));
}

const rotate = (x: number, bits: number) => ((x << bits) | (x >>> (32 - bits))) >>> 0;

/** One draw of the generator in a lane, and its step. */
function draw(state: Int32Array, lane: number): number {
  const word = (index: number) => at(state, 4 * index + lane);
  const result = Math.imul(rotate(Math.imul(word(1), 5), 7), 9) >>> 0;
  const t = word(1) << 9;
  const c = word(2) ^ word(0);
  const d = word(3) ^ word(1);
  state[4 + lane] = word(1) ^ c;
  state[lane] = word(0) ^ d;
  state[8 + lane] = c ^ t;
  state[12 + lane] = rotate(d, 11);
  return result;
}

export function dropoutMask(
  { round }: Arithmetic,
  state: WholeSlot,
  mask: NumberSlot,
  [count, keep]: readonly [number, number],
): void {
  const factor = round(1 / keep);
  for (let i = 0; i < Math.ceil(count / 4) * 4; i += 1) {
    const value = draw(state.view, i % 4) < keepThreshold(keep) ? factor : 0;
    if (i < count) mask.view[i] = value;
  }
}

export function columnMoments({ round }: Arithmetic, of: BatchNorm, rows: number): void {
  for (let j = 0; j < of.columns; j += 1) {
    const value = (row: number) => at(of.values.view, row * of.columns + j);
    let sum = 0;
    for (let i = 0; i < rows; i += 1) sum = round(sum + value(i));
    const mean = round(sum / rows);
    let squares = 0;
    for (let i = 0; i < rows; i += 1) {
      const d = round(value(i) - mean);
      squares = round(squares + round(d * d));
    }
    of.mean.view[j] = mean;
    of.variance.view[j] = round(squares / rows);
  }
}

function inverseDeviation({ round }: Arithmetic, variance: number): number {
  return round(1 / round(Math.sqrt(round(variance + round(1e-5)))));
}

export function normalise(maths: Arithmetic, of: BatchNorm, rows: number): void {
  const { round } = maths;
  for (let j = 0; j < of.columns; j += 1) {
    const inverse = inverseDeviation(maths, at(of.variance.view, j));
    for (let i = 0; i < rows; i += 1) {
      const place = i * of.columns + j;
      const unit = round(round(at(of.values.view, place) - at(of.mean.view, j)) * inverse);
      of.unit.view[place] = unit;
      of.values.view[place] = round(round(unit * at(of.scale.view, j)) + at(of.shift.view, j));
    }
  }
}

export function normaliseBack(maths: Arithmetic, of: BatchNorm, rows: number, frozen: boolean): void {
  const { round } = maths;
  for (let j = 0; j < of.columns; j += 1) {
    let sum = 0;
    let dot = 0;
    for (let i = 0; i < rows; i += 1) {
      const place = i * of.columns + j;
      sum = round(sum + at(of.gradient.view, place));
      dot = round(dot + round(at(of.gradient.view, place) * at(of.unit.view, place)));
    }
    of.scaleGradient.view[j] = round(at(of.scaleGradient.view, j) + dot);
    of.shiftGradient.view[j] = round(at(of.shiftGradient.view, j) + sum);
    const factor = round(at(of.scale.view, j) * inverseDeviation(maths, at(of.variance.view, j)));
    const meanSum = frozen ? 0 : round(sum / rows);
    const meanDot = frozen ? 0 : round(dot / rows);
    for (let i = 0; i < rows; i += 1) {
      const place = i * of.columns + j;
      const along = round(at(of.unit.view, place) * meanDot);
      const across = round(round(at(of.gradient.view, place) - meanSum) - along);
      of.gradient.view[place] = round(factor * across);
    }
  }
}

export function cellForward(maths: Arithmetic, of: CellSlots, rows: number): void {
  const { round } = maths;
  const { hidden } = of;
  const gates = of.gates.view;
  for (let n = 0; n < rows * hidden; n += 1) {
    const place = Math.floor(n / hidden) * 4 * hidden + (n % hidden);
    const i = sigmoidOf(maths, at(gates, place));
    const f = sigmoidOf(maths, at(gates, place + hidden));
    const g = tanhOf(maths, at(gates, place + 2 * hidden));
    const o = sigmoidOf(maths, at(gates, place + 3 * hidden));
    const c = round(round(f * at(of.before.view, n)) + round(i * g));
    const t = tanhOf(maths, c);
    [i, f, g, o].forEach((gate, index) => {
      gates[place + index * hidden] = gate;
    });
    of.cell.view[n] = c;
    of.bent.view[n] = t;
    of.out.view[n] = round(o * t);
  }
}

export function cellBack({ round }: Arithmetic, of: CellSlots, rows: number): void {
  const { hidden } = of;
  const gates = of.gates.view;
  const both = (a: number, b: number, slope: number) => round(round(a * b) * slope);
  const bell = (gate: number) => round(gate * round(1 - gate));
  for (let n = 0; n < rows * hidden; n += 1) {
    const place = Math.floor(n / hidden) * 4 * hidden + (n % hidden);
    const [i, f, g, o] = [0, 1, 2, 3].map((index) => at(gates, place + index * hidden)) as [
      number,
      number,
      number,
      number,
    ];
    const [t, h] = [at(of.bent.view, n), at(of.outGradient.view, n)];
    const c = round(at(of.cellGradient.view, n) + round(round(h * o) * round(1 - round(t * t))));
    gates[place] = both(c, g, bell(i));
    gates[place + hidden] = both(c, at(of.before.view, n), bell(f));
    gates[place + 2 * hidden] = both(c, i, round(1 - round(g * g)));
    gates[place + 3 * hidden] = both(h, t, bell(o));
    of.cellGradient.view[n] = round(c * f);
  }
}
