import { type FastRng, must } from '../../base/index.ts';
import { allFinite, type Snapshot, type Tensor, takeTensor } from '../contract/index.ts';
import {
  KernelMemory,
  type KernelSpace,
  type NumberSlot,
  type ParameterSlots,
  partOf,
  TrainingKernels,
  type TrainingMaths,
  type WholeSlot,
} from '../kernels/index.ts';
import type { Feed } from './samples.ts';

/** One named matrix of a net, and how it begins: uniform in [-bound, bound], or one value throughout. */
export type Part = {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly start: { readonly bound: number } | { readonly value: number };
};

/** Parts one after another in one block, each on a boundary of 64 bytes; what lies between stays zero. */
export type Layout = {
  readonly parts: readonly (Part & { readonly offset: number })[];
  readonly count: number;
};

const BOUNDARY_VALUES = 16;

export function layoutOf(parts: readonly Part[]): Layout {
  let count = 0;
  const placed = parts.map((part) => {
    const offset = count;
    count += Math.ceil((part.rows * part.columns) / BOUNDARY_VALUES) * BOUNDARY_VALUES;
    return { ...part, offset };
  });
  return { parts: placed, count };
}

/** Fresh weights; the same generator gives the same ones. */
export function drawParameters(layout: Layout, rng: FastRng): Float32Array {
  const values = new Float32Array(layout.count);
  for (const { start, offset, rows, columns } of layout.parts) {
    for (let i = offset; i < offset + rows * columns; i += 1) {
      values[i] = 'bound' in start ? (2 * rng.next() - 1) * start.bound : start.value;
    }
  }
  return values;
}

/** Every part as a tensor of its own. */
export function partTensors(layout: Layout, values: Float32Array): Record<string, Tensor> {
  return Object.fromEntries(
    layout.parts.map(({ name, rows, columns }) => {
      const data = partValues(layout, values, name).slice();
      return [name, { shape: [rows, columns], data }];
    }),
  );
}

/**
 * Inverse of `partTensors`; allocates only what the snapshot holds.
 * @throws PilotfishError `DAMAGED` for a tensor that is absent or of another shape, `NOT_FINITE`.
 */
export function readParts(layout: Layout, snapshot: Snapshot): Float32Array {
  const tensors = layout.parts.map((part) => takeFloats(snapshot, part.name, [part.rows, part.columns]));
  const values = new Float32Array(layout.count);
  layout.parts.forEach(({ offset }, index) => {
    values.set(tensors[index] as Float32Array, offset);
  });
  return values;
}

/** @throws PilotfishError `DAMAGED` or `NOT_FINITE`. */
export function takeFloats(snapshot: Snapshot, name: string, shape: readonly number[]): Float32Array {
  return allFinite(name, takeTensor(snapshot, name, { type: Float32Array, shape }));
}

/** The values of one part, sharing memory with the block. */
export function partValues(layout: Layout, values: Float32Array, name: string): Float32Array {
  const { offset, rows, columns } = find(layout, name);
  return values.subarray(offset, offset + rows * columns);
}

function find(layout: Layout, name: string) {
  const part = layout.parts.find((candidate) => candidate.name === name);
  return must(part, `a net has no part "${name}"`);
}

/** The block of a net in training: values, gradients and the two moments of the optimiser. */
export class Parameters implements ParameterSlots {
  readonly layout: Layout;
  readonly count: number;
  readonly values: NumberSlot;
  readonly gradients: NumberSlot;
  readonly first: NumberSlot;
  readonly second: NumberSlot;

  constructor(layout: Layout, space: KernelSpace) {
    this.layout = layout;
    this.count = layout.count;
    this.values = space.floats(layout.count);
    this.gradients = space.floats(layout.count);
    this.first = space.floats(layout.count);
    this.second = space.floats(layout.count);
  }

  value(name: string): NumberSlot {
    return this.#part(this.values, name);
  }

  gradient(name: string): NumberSlot {
    return this.#part(this.gradients, name);
  }

  #part(block: NumberSlot, name: string): NumberSlot {
    const { offset, rows, columns } = find(this.layout, name);
    return partOf(block, offset, rows * columns);
  }
}

/** Where a net is built: the arithmetic, and the memory its slots come from. */
export type Place = { readonly maths: TrainingMaths; readonly space: KernelSpace };

/** What the training loop asks of a net. */
export interface Network {
  readonly maths: TrainingMaths;
  readonly parameters: Parameters;
  /** Learnt without gradients: running means and variances. */
  readonly statistics: NumberSlot;
  /** Of dropout. */
  readonly generators: WholeSlot;
  /** Most samples of one pass. */
  readonly capacity: number;
  /** Fewest samples that can be learnt from: two with batch norm. */
  readonly fewest: number;
  /** Puts the samples order[from] … order[from + count - 1] in place. */
  load(feed: Feed, order: Uint32Array, from: number, count: number): void;
  /** Forward and backward over what is in place: adds to the gradients; gives the sum of weight times loss. */
  learn(count: number, scale: number): number;
  /** As `learn`, with running moments and without dropout: one sample is enough. */
  learnFrozen(count: number, scale: number): number;
  /** Forward only, as in use: running moments, no dropout. Gives the same sum. */
  judge(count: number): number;
}

/** Counts what a net would take. */
class Meter implements KernelSpace {
  bytes = 0;

  floats(count: number): NumberSlot {
    this.bytes += KernelMemory.bytesOf(count);
    return { pointer: 0, view: new Float32Array(0) };
  }

  ints(count: number): WholeSlot {
    this.bytes += KernelMemory.bytesOf(count);
    return { pointer: 0, view: new Int32Array(0) };
  }
}

/**
 * Builds a net in a kernel memory of exactly its size: once to measure, once for good. `build` only asks for slots.
 * @throws PilotfishError `LIMIT` when it would take more than 2 GiB.
 */
export function inKernelMemory<Net>(build: (place: Place) => Net): Net {
  const meter = new Meter();
  build({ maths: new TrainingKernels(new KernelMemory(TrainingKernels.bytes)), space: meter });
  const memory = new KernelMemory(meter.bytes + TrainingKernels.bytes);
  return build({ maths: new TrainingKernels(memory), space: memory });
}
