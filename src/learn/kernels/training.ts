import { KernelMemory, KernelModule } from './memory.ts';
import {
  ACTIVATIONS,
  type Activation,
  type AdamStep,
  type BatchNorm,
  type CellSlots,
  type ClassSlots,
  type CostSlots,
  keepThreshold,
  logOfSums,
  type MatrixProduct,
  type NumberSlot,
  type ParameterSlots,
  type SgdStep,
  sumOfLogs,
  type TrainingMaths,
  type ValueSlots,
  type WholeSlot,
} from './training-maths.ts';
import { TRAINING_WASM } from './training-wasm.ts';

/** A kernel takes byte addresses and counts, in the order of its source in `assembly`. */
type Kernel = (...numbers: number[]) => void;
type Exports = { readonly [name in keyof TrainingMaths | 'softmaxRows']: Kernel };

/** Settings and results of a call, in float64: as arguments they would be boxed on the heap at every call. */
const NUMBERS = 8;

const module = new KernelModule('training', TRAINING_WASM);

/**
 * The training kernels on one memory: strict-SIMD WebAssembly in float32, about 10 ns a call, no allocation. They take
 * `TrainingKernels.bytes` of it. Slots must come from the same memory; a wrong shape reads or writes other slots.
 */
export class TrainingKernels implements TrainingMaths {
  readonly memory: KernelMemory;
  static readonly bytes = KernelMemory.bytesOf(2 * NUMBERS);
  readonly #wasm: Exports;
  readonly #numbers: Float64Array;
  readonly #at: number;

  constructor(memory: KernelMemory) {
    this.memory = memory;
    this.#wasm = memory.run<Exports>(module);
    this.#at = memory.floats(2 * NUMBERS).pointer;
    this.#numbers = new Float64Array(memory.wasm.buffer, this.#at, NUMBERS);
  }

  product(of: MatrixProduct, rows: number, columns: number, depth: number): void {
    this.#wasm.product(
      of.a.pointer,
      of.aRow * 4,
      of.aColumn * 4,
      of.b.pointer,
      of.bRow * 4,
      of.c.pointer,
      of.cRow * 4,
      of.start === undefined ? 0 : of.start.pointer,
      (of.startRow ?? 0) * 4,
      rows,
      columns,
      depth,
    );
  }

  transpose(from: NumberSlot, to: NumberSlot, rows: number, columns: number): void {
    this.#wasm.transpose(from.pointer, to.pointer, rows, columns);
  }

  addColumns(from: NumberSlot, to: NumberSlot, rows: number, columns: number): void {
    this.#wasm.addColumns(from.pointer, rows, columns, to.pointer);
  }

  gatherRows(from: NumberSlot, ids: WholeSlot, to: NumberSlot, columns: number): void {
    this.#wasm.gatherRows(from.pointer, ids.pointer, to.pointer, ids.view.length, columns);
  }

  scatterRows(from: NumberSlot, ids: WholeSlot, to: NumberSlot, columns: number): void {
    this.#wasm.scatterRows(from.pointer, ids.pointer, to.pointer, ids.view.length, columns);
  }

  activate(kind: Activation, values: NumberSlot, count: number): void {
    this.#wasm.activate(ACTIVATIONS[kind], values.pointer, count);
  }

  activateBack(kind: Activation, outputs: NumberSlot, gradient: NumberSlot, count: number): void {
    this.#wasm.activateBack(ACTIVATIONS[kind], outputs.pointer, gradient.pointer, count);
  }

  multiply(a: NumberSlot, b: NumberSlot, to: NumberSlot, count: number): void {
    this.#wasm.multiply(a.pointer, b.pointer, to.pointer, count);
  }

  dropoutMask(state: WholeSlot, mask: NumberSlot, count: number, keep: number): void {
    this.#numbers[0] = 1 / keep;
    this.#numbers[1] = keepThreshold(keep);
    this.#wasm.dropoutMask(state.pointer, mask.pointer, count, this.#at);
  }

  columnMoments(of: BatchNorm, rows: number): void {
    this.#wasm.columnMoments(of.values.pointer, rows, of.columns, of.mean.pointer, of.variance.pointer);
  }

  normalise(of: BatchNorm, rows: number): void {
    this.#wasm.normalise(
      of.values.pointer,
      rows,
      of.columns,
      of.mean.pointer,
      of.variance.pointer,
      of.scale.pointer,
      of.shift.pointer,
      of.unit.pointer,
    );
  }

  normaliseBack(of: BatchNorm, rows: number, frozen: boolean): void {
    this.#wasm.normaliseBack(
      of.gradient.pointer,
      of.unit.pointer,
      rows,
      of.columns,
      of.variance.pointer,
      of.scale.pointer,
      of.scaleGradient.pointer,
      of.shiftGradient.pointer,
      frozen ? 1 : 0,
    );
  }

  crossEntropy(slots: ClassSlots, rows: number, scale: number): number {
    const { outputs, labels, weights, columns, gradient, parts } = slots;
    this.#numbers[0] = scale;
    this.#wasm.crossEntropy(
      outputs.pointer,
      labels.pointer,
      weights.pointer,
      rows,
      columns,
      gradient.pointer,
      parts.pointer,
      this.#at,
    );
    return sumOfLogs(slots, rows);
  }

  expectedCost(slots: CostSlots, rows: number, scale: number, temperature: number): number {
    const { outputs, targets, weights, columns, gradient, parts } = slots;
    this.#wasm.softmaxRows(outputs.pointer, rows, columns, gradient.pointer, parts.pointer);
    logOfSums(parts, rows);
    this.#numbers[0] = scale;
    this.#numbers[1] = temperature;
    this.#wasm.expectedCost(
      outputs.pointer,
      targets.pointer,
      weights.pointer,
      rows,
      columns,
      gradient.pointer,
      parts.pointer,
      this.#at,
    );
    return this.#numbers[0];
  }

  robustError(slots: ValueSlots, rows: number, scale: number, delta: number): number {
    const { outputs, targets, weights, columns, gradient } = slots;
    this.#numbers[0] = scale;
    this.#numbers[1] = delta;
    this.#wasm.robustError(
      outputs.pointer,
      targets.pointer,
      weights.pointer,
      rows,
      columns,
      gradient.pointer,
      this.#at,
    );
    return this.#numbers[0];
  }

  cellForward(slots: CellSlots, rows: number): void {
    this.#wasm.cellForward(
      slots.gates.pointer,
      slots.before.pointer,
      slots.cell.pointer,
      slots.bent.pointer,
      slots.out.pointer,
      rows,
      slots.hidden,
    );
  }

  cellBack(slots: CellSlots, rows: number): void {
    this.#wasm.cellBack(
      slots.gates.pointer,
      slots.before.pointer,
      slots.bent.pointer,
      slots.outGradient.pointer,
      slots.cellGradient.pointer,
      rows,
      slots.hidden,
    );
  }

  adam(parameters: ParameterSlots, step: AdamStep): void {
    const { values, gradients, first, second, count } = parameters;
    const numbers = this.#numbers;
    numbers[0] = step.scale;
    numbers[1] = step.ridge;
    numbers[2] = step.keep;
    numbers[3] = step.beta1;
    numbers[4] = step.beta2;
    numbers[5] = step.step;
    numbers[6] = step.lift;
    numbers[7] = step.epsilon;
    this.#wasm.adam(values.pointer, gradients.pointer, first.pointer, second.pointer, count, this.#at);
  }

  sgd(parameters: ParameterSlots, step: SgdStep): void {
    const { values, gradients, first, count } = parameters;
    const numbers = this.#numbers;
    numbers[0] = step.scale;
    numbers[1] = step.ridge;
    numbers[2] = step.momentum;
    numbers[3] = step.rate;
    this.#wasm.sgd(values.pointer, gradients.pointer, first.pointer, count, this.#at);
  }

  sumSquares(values: NumberSlot, count: number): number {
    this.#wasm.sumSquares(values.pointer, count, this.#at);
    return this.#numbers[0] as number;
  }
}
