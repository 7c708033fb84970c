import { FastRng } from '../../../base/index.ts';
import { KernelMemory } from '../memory.ts';
import { float32, TrainingOracle } from '../oracle/training.ts';
import { TrainingKernels } from '../training.ts';
import type { KernelSpace, NumberSlot, TrainingMaths, WholeSlot } from '../training-maths.ts';

export const kernels = new TrainingKernels(new KernelMemory(64 * 2 ** 20));
export const oracle = new TrainingOracle(float32);

/** Hands out slots of random values, and remembers them. */
export class Bench {
  readonly slots: (NumberSlot | WholeSlot)[] = [];
  readonly #space: KernelSpace;
  readonly #rng: FastRng;

  constructor(space: KernelSpace, seed: number) {
    this.#space = space;
    this.#rng = new FastRng(seed);
  }

  floats(count: number, spread = 2): NumberSlot {
    const slot = this.#space.floats(count);
    for (let i = 0; i < count; i += 1) slot.view[i] = spread * this.#rng.normal();
    this.slots.push(slot);
    return slot;
  }

  /** Not negative, and some are zero. */
  weights(count: number): NumberSlot {
    const slot = this.floats(count, 1);
    for (let i = 0; i < count; i += 1) slot.view[i] = Math.max(0, slot.view[i] as number);
    return slot;
  }

  below(limit: number, count: number): WholeSlot {
    const slot = this.#space.ints(count);
    for (let i = 0; i < count; i += 1) slot.view[i] = this.#rng.below(limit);
    this.slots.push(slot);
    return slot;
  }
}

/**
 * Runs the same on the kernels and on the oracle; says where a slot or the returned number has other bits, or nothing.
 */
export function difference(
  seed: number,
  run: (maths: TrainingMaths, bench: Bench) => number | undefined,
): string {
  const [fast, slow] = [new Bench(kernels.memory, seed), new Bench(oracle.memory, seed)];
  const [mine, theirs] = [run(kernels, fast), run(oracle, slow)];
  if (!Object.is(mine, theirs)) return `${mine} against ${theirs}`;
  for (const [index, slot] of fast.slots.entries()) {
    const expected = (slow.slots[index] as NumberSlot).view;
    const at = slot.view.findIndex((value, i) => !Object.is(value, expected[i]));
    if (at >= 0) return `slot ${index}[${at}]: ${slot.view[at]} against ${expected[at]}`;
  }
  return '';
}
