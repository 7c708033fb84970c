import type { KernelSpace, NumberSlot, WholeSlot } from '../training-maths.ts';
import { exp as exp32 } from './activations.ts';

/** A number format: what rounds after every operation, and its exponential. */
export type Arithmetic = { readonly round: (value: number) => number; readonly exp: (x: number) => number };

/** As the kernels calculate. */
export const float32: Arithmetic = { round: Math.fround, exp: exp32 };

/** The same formulas at full precision, for numerical checks of gradients. */
export const float64: Arithmetic = { round: (value) => value, exp: Math.exp };

/** Memory of the oracle; slots have no address. */
export class OracleSpace implements KernelSpace {
  readonly #isDouble: boolean;

  constructor(arithmetic: Arithmetic) {
    this.#isDouble = arithmetic === float64;
  }

  floats(count: number): NumberSlot {
    return { pointer: 0, view: this.#isDouble ? new Float64Array(count) : new Float32Array(count) };
  }

  ints(count: number): WholeSlot {
    return { pointer: 0, view: new Int32Array(count) };
  }
}

type Numbers = { readonly [index: number]: number };

/** The value at a place that is known to be there. */
export const at = (values: Numbers, index: number): number => values[index] as number;

export function sigmoidOf({ round, exp }: Arithmetic, x: number): number {
  return round(1 / round(1 + exp(-x)));
}

/** 2 / (1 + e^-2x) - 1. */
export function tanhOf({ round, exp }: Arithmetic, x: number): number {
  return round(round(2 / round(1 + exp(round(-2 * x)))) - 1);
}
