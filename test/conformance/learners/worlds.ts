// Seeded data for the cases, and what the simplest answers to them lose.
import { FastRng } from '../../../src/base/index.ts';
import type { Batch, Matrix, StreamSample } from '../../../src/learn/index.ts';

export type Labelled = Batch & { readonly y: Float64Array };

type Rule = (x: Float64Array, rng: FastRng) => number;

/** Rows of independent normal features, each with the target that the rule gives it. */
export function draw(rng: FastRng, [rows, columns]: readonly [number, number], rule: Rule): Labelled {
  const data = Float64Array.from({ length: rows * columns }, () => rng.normal());
  const y = Float64Array.from({ length: rows }, (_, row) =>
    rule(data.subarray(row * columns, (row + 1) * columns), rng),
  );
  return { x: { rows, columns, data }, y };
}

/** Chance of its own for each lesson of each world. */
export const chanceOf = (world: number, lesson: number): FastRng => new FastRng(world * 1000 + lesson);

export const rowAt = ({ columns, data }: Matrix, row: number): Float32Array | Float64Array =>
  data.subarray(row * columns, (row + 1) * columns);

/** The rows of a batch one by one. */
export const samplesOf = ({ x, y }: Labelled): StreamSample[] =>
  Array.from(y, (target, row) => ({ x: rowAt(x, row), y: target }));

/** Share of the rows whose most likely class is another than the true one. */
export function errorRate({ x, y }: Labelled, answer: (x: ArrayLike<number>) => ArrayLike<number>): number {
  let wrong = 0;
  y.forEach((label, row) => {
    if (largestOf(answer(rowAt(x, row))) !== label) wrong += 1;
  });
  return wrong / y.length;
}

export const largestOf = (values: ArrayLike<number>): number => {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
};

/** What is lost by always saying the class that was most frequent in training. */
export function majorityError(training: Labelled, held: Labelled): number {
  const counts: number[] = [];
  for (const label of training.y) counts[label] = (counts[label] ?? 0) + 1;
  const most = largestOf(Array.from(counts, (count) => count ?? 0));
  return errorRate(held, () => Array.from({ length: most + 1 }, (_, label) => label));
}

/** Mean squared distance of the answers from the targets. */
export function squaredError({ x, y }: Labelled, answer: (x: ArrayLike<number>) => number): number {
  let sum = 0;
  y.forEach((target, row) => {
    sum += (answer(rowAt(x, row)) - target) ** 2;
  });
  return sum / y.length;
}

export const meanOf = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[i] as number;
  return sum / values.length;
};
