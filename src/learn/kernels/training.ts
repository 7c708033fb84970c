import { type KernelMemory, KernelModule } from './memory.ts';
import {
  ACTIVATIONS,
  type Activation,
  type AdamStep,
  type BatchNorm,
  type CellSlots,
  type ClassSlots,
  keepThreshold,
  type NumberSlot,
  type ParameterSlots,
  type Product,
  type SgdStep,
  sumOfLogs,
  type TrainingMaths,
  type ValueSlots,
  type WholeSlot,
} from './training-maths.ts';
import { TRAINING_WASM } from './training-wasm.ts';

/** A kernel takes byte addresses and counts, in the order of its source in `assembly`. */
type Kernel<Result = void> = (...numbers: number[]) => Result;

type Sums = 'expectedCost' | 'robustError' | 'sumSquares';
type Exports = { readonly [name in Exclude<keyof TrainingMaths, Sums>]: Kernel } & {
  readonly [name in Sums]: Kernel<number>;
};

const module = new KernelModule('training', TRAINING_WASM);

/**
 * The training kernels on one memory: strict-SIMD WebAssembly in float32, about 10 ns a call, no allocation.
 * Slots must come from the same memory; a wrong shape reads or writes other slots of it.
 */
export class TrainingKernels implements TrainingMaths {
  readonly memory: KernelMemory;
  readonly #wasm: Exports;

  constructor(memory: KernelMemory) {
    this.memory = memory;
    this.#wasm = memory.run<Exports>(module);
  }

  product(of: Product, rows: number, columns: number, depth: number): void {
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
    this.#wasm.dropoutMask(state.pointer, mask.pointer, count, keepThreshold(keep), 1 / keep);
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
    this.#wasm.crossEntropy(
      slots.outputs.pointer,
      slots.labels.pointer,
      slots.weights.pointer,
      rows,
      slots.columns,
      scale,
      slots.gradient.pointer,
      slots.parts.pointer,
    );
    return sumOfLogs(slots, rows);
  }

  expectedCost(slots: ValueSlots, rows: number, scale: number): number {
    return this.#wasm.expectedCost(
      slots.outputs.pointer,
      slots.targets.pointer,
      slots.weights.pointer,
      rows,
      slots.columns,
      scale,
      slots.gradient.pointer,
    );
  }

  robustError(slots: ValueSlots, rows: number, scale: number, delta: number): number {
    return this.#wasm.robustError(
      slots.outputs.pointer,
      slots.targets.pointer,
      slots.weights.pointer,
      rows,
      slots.columns,
      scale,
      delta,
      slots.gradient.pointer,
    );
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
    this.#wasm.adam(
      parameters.values.pointer,
      parameters.gradients.pointer,
      parameters.first.pointer,
      parameters.second.pointer,
      parameters.count,
      step.scale,
      step.ridge,
      step.keep,
      step.beta1,
      step.beta2,
      step.step,
      step.lift,
      step.epsilon,
    );
  }

  sgd(parameters: ParameterSlots, step: SgdStep): void {
    this.#wasm.sgd(
      parameters.values.pointer,
      parameters.gradients.pointer,
      parameters.first.pointer,
      parameters.count,
      step.scale,
      step.ridge,
      step.momentum,
      step.rate,
    );
  }

  sumSquares(values: NumberSlot, count: number): number {
    return this.#wasm.sumSquares(values.pointer, count);
  }
}
