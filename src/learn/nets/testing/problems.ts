import { FastRng } from '../../../base/index.ts';
import type { Matrix } from '../../contract/index.ts';
import type { NetBatch } from '../samples.ts';

/** A labelled set that a net is tried on; `y` is always there. */
export type Problem = NetBatch & { readonly y: Float64Array };

function matrix(rows: number, columns: number, data: Float64Array): Matrix {
  return { rows, columns, data };
}

/** Two interleaved half circles with noise: no line parts them better than about 0.88. */
export function moons(rows: number, seed: number): Problem {
  const rng = new FastRng(seed);
  const data = new Float64Array(2 * rows);
  const y = new Float64Array(rows);
  for (let i = 0; i < rows; i += 1) {
    const label = i % 2;
    const angle = Math.PI * rng.next();
    data[2 * i] = (label === 0 ? Math.cos(angle) : 1 - Math.cos(angle)) + 0.12 * rng.normal();
    data[2 * i + 1] = (label === 0 ? Math.sin(angle) : 0.5 - Math.sin(angle)) + 0.12 * rng.normal();
    y[i] = label;
  }
  return { x: matrix(rows, 2, data), y };
}

/** y = sin(3 a) + b^2 / 2, with noise of which a share is wild. */
export function waves(rows: number, seed: number, wild = 0): Problem {
  const rng = new FastRng(seed);
  const data = Float64Array.from({ length: 2 * rows }, () => 2 * rng.next() - 1);
  const y = Float64Array.from({ length: rows }, (_, i) => {
    const [a, b] = [data[2 * i] as number, data[2 * i + 1] as number];
    const noise = rng.next() < wild ? 20 * rng.next() : 0.05 * rng.normal();
    return Math.sin(3 * a) + (b * b) / 2 + noise;
  });
  return { x: matrix(rows, 2, data), y };
}

/** Sequences of noise whose class is the sign of their first value: only memory helps. */
export function firstSign(rows: number, steps: number, seed: number): Problem {
  const rng = new FastRng(seed);
  const data = Float64Array.from({ length: rows * steps }, () => rng.normal());
  const y = Float64Array.from({ length: rows }, (_, i) => ((data[i * steps] as number) > 0 ? 1 : 0));
  return { x: matrix(rows, steps, data), y };
}

/** The share of rows whose highest answer is that of their class. */
export function accuracy({ x, y }: Problem, predict: (row: ArrayLike<number>) => ArrayLike<number>): number {
  let right = 0;
  for (let i = 0; i < x.rows; i += 1) {
    const answer = Array.from(predict(x.data.subarray(i * x.columns, (i + 1) * x.columns)));
    if (answer.indexOf(Math.max(...answer)) === y[i]) right += 1;
  }
  return right / x.rows;
}
