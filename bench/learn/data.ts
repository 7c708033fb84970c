// Seeded data for training, and a way to hand it to Python.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Matrix } from '../../src/learn/contract/index.ts';
import { Draws } from './rows/task.ts';

/** Samples with their classes. */
export interface Labelled {
  readonly x: Matrix;
  readonly y: Int32Array;
  readonly classes: number;
}

/** What to draw. */
export interface DataShape {
  readonly rows: number;
  readonly columns: number;
  readonly classes: number;
  readonly seed: number;
}

const hidden = 16;

/**
 * Normal features; the class is the best output of a random network with noise added, so that it can be learnt, but
 * not perfectly and not by a line.
 */
export function classification({ rows, columns, classes, seed }: DataShape): Labelled {
  const draws = new Draws(seed);
  const first = draws.normal(columns * hidden, 1 / Math.sqrt(columns));
  const second = draws.normal(hidden * classes);
  const data = draws.normal(rows * columns);
  const noise = draws.normal(rows * classes, 0.5);
  const y = Int32Array.from({ length: rows }, (_, row) => {
    const x = data.subarray(row * columns, (row + 1) * columns);
    const units = Array.from({ length: hidden }, (_, unit) =>
      Math.tanh(2 * x.reduce((sum, value, i) => sum + value * (first[i * hidden + unit] ?? 0), 0)),
    );
    const scores = Array.from({ length: classes }, (_, one) =>
      units.reduce(
        (sum, value, i) => sum + value * (second[i * classes + one] ?? 0),
        noise[row * classes + one] ?? 0,
      ),
    );
    return scores.indexOf(Math.max(...scores));
  });
  return { x: { rows, columns, data }, y, classes };
}

/** The first rows, and the rest. */
export function split({ x, y, classes }: Labelled, rows: number): readonly [Labelled, Labelled] {
  const part = (from: number, to: number): Labelled => ({
    x: { rows: to - from, columns: x.columns, data: x.data.slice(from * x.columns, to * x.columns) },
    y: y.slice(from, to),
    classes,
  });
  return [part(0, rows), part(rows, x.rows)];
}

/** Writes features (float32) and classes (int32) one after the other; what a script needs to read them. */
export function writeData(folder: string, name: string, { x, y, classes }: Labelled) {
  const file = join(folder, `${name}.bin`);
  writeFileSync(
    file,
    Buffer.concat([Buffer.from(Float32Array.from(x.data).buffer), Buffer.from(y.slice().buffer)]),
  );
  return { file, rows: x.rows, columns: x.columns, classes };
}
