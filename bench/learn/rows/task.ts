// What a row of the benchmark consists of.
import { FastRng } from '../../../src/base/index.ts';
import { loopOf } from '../interleave.ts';
import type { Reference } from '../reference.ts';

/** The rows and the limits of their ratios to clang. */
export const gates = {
  'mlp-12-128-64-32-4': 3.0,
  'mlp-8-128-128-6': 2.8,
  'lstm64-step': 3.0,
  'lstm64-x20': 3.0,
  'lstm64x2-step': 2.8,
  'head-10k-top5': 2.7,
  'head-256': 2.6,
  'trees-600x8': 1.3,
  'mlp-batch256': 2.6,
  'entropy-64k': 1.9,
  'fastcdc-features': 1.3,
} as const;

export type RowName = keyof typeof gates;

/** In the order of the table. */
export const rowNames = Object.keys(gates) as readonly RowName[];

/** The work of a row, by the product or by a reference. */
export interface Side {
  /** Does it so many times; nanoseconds each. */
  loop(times: number): number;
  /** The numbers it comes to from a state that is always the same: compared, and hashed. */
  answer(): Float64Array;
}

/** One row, ready to run. */
export interface Task {
  readonly name: RowName;
  /** Floating-point operations of one run, activations not counted; null for work of another kind. */
  readonly flop: number | null;
  readonly product: Side;
  bind(reference: Reference): Side;
}

/** The product's side. */
export function sideOf(run: () => void, answer: () => ArrayLike<number>): Side {
  return { loop: loopOf(run), answer: () => Float64Array.from(answer()) };
}

/** Seeded normal draws. */
export class Draws {
  readonly #rng: FastRng;

  constructor(seed: number) {
    this.#rng = new FastRng(seed);
  }

  normal(count: number, scale = 1): Float32Array<ArrayBuffer> {
    return Float32Array.from({ length: count }, () => scale * this.#rng.normal());
  }

  below(limit: number, count: number): Int32Array<ArrayBuffer> {
    return Int32Array.from({ length: count }, () => this.#rng.below(limit));
  }
}

/** Outputs of a layer as the kernels count them. */
export const padded = (outputs: number): number => Math.ceil(outputs / 4) * 4;
