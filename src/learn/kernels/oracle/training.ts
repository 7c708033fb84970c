import type {
  Activation,
  AdamStep,
  BatchNorm,
  CellSlots,
  ClassSlots,
  CostSlots,
  MatrixProduct,
  NumberSlot,
  ParameterSlots,
  SgdStep,
  TrainingMaths,
  ValueSlots,
  WholeSlot,
} from '../training-maths.ts';
import { logOfSums, sumOfLogs } from '../training-maths.ts';
import { type Arithmetic, at, OracleSpace } from './training-arithmetic.ts';
import * as layers from './training-layers.ts';
import * as losses from './training-loss.ts';
import * as matrix from './training-matrix.ts';

export { type Arithmetic, float32, float64 } from './training-arithmetic.ts';

/**
 * The training kernels in plain TypeScript: with `float32` the same bits as `TrainingKernels`, with `float64` the
 * same formulas at full precision.
 */
export class TrainingOracle implements TrainingMaths {
  readonly memory: OracleSpace;
  readonly #maths: Arithmetic;

  constructor(arithmetic: Arithmetic) {
    this.memory = new OracleSpace(arithmetic);
    this.#maths = arithmetic;
  }

  product(of: MatrixProduct, rows: number, columns: number, depth: number): void {
    matrix.product(this.#maths, of, [rows, columns, depth]);
  }

  transpose(from: NumberSlot, to: NumberSlot, rows: number, columns: number): void {
    matrix.transpose(from, to, rows, columns);
  }

  addColumns(from: NumberSlot, to: NumberSlot, rows: number, columns: number): void {
    matrix.addColumns(this.#maths, from, to, [rows, columns]);
  }

  gatherRows(from: NumberSlot, ids: WholeSlot, to: NumberSlot, columns: number): void {
    matrix.gatherRows(from, ids, to, columns);
  }

  scatterRows(from: NumberSlot, ids: WholeSlot, to: NumberSlot, columns: number): void {
    matrix.scatterRows(this.#maths, [from, to], ids, columns);
  }

  activate(kind: Activation, values: NumberSlot, count: number): void {
    layers.activate(this.#maths, kind, values, count);
  }

  activateBack(kind: Activation, outputs: NumberSlot, gradient: NumberSlot, count: number): void {
    const { round } = this.#maths;
    for (let i = 0; i < count; i += 1) {
      const slope = layers.slopeOf(this.#maths, kind, at(outputs.view, i));
      gradient.view[i] = round(at(gradient.view, i) * slope);
    }
  }

  multiply(a: NumberSlot, b: NumberSlot, to: NumberSlot, count: number): void {
    for (let i = 0; i < count; i += 1) to.view[i] = this.#maths.round(at(a.view, i) * at(b.view, i));
  }

  dropoutMask(state: WholeSlot, mask: NumberSlot, count: number, keep: number): void {
    layers.dropoutMask(this.#maths, state, mask, [count, keep]);
  }

  columnMoments(of: BatchNorm, rows: number): void {
    layers.columnMoments(this.#maths, of, rows);
  }

  normalise(of: BatchNorm, rows: number): void {
    layers.normalise(this.#maths, of, rows);
  }

  normaliseBack(of: BatchNorm, rows: number, frozen: boolean): void {
    layers.normaliseBack(this.#maths, of, rows, frozen);
  }

  crossEntropy(slots: ClassSlots, rows: number, scale: number): number {
    losses.crossEntropy(this.#maths, slots, rows, scale);
    return sumOfLogs(slots, rows);
  }

  expectedCost(slots: CostSlots, rows: number, scale: number, temperature: number): number {
    losses.softmaxRows(this.#maths, slots, rows);
    logOfSums(slots.parts, rows);
    return losses.expectedCost(this.#maths, slots, rows, [scale, temperature]);
  }

  robustError(slots: ValueSlots, rows: number, scale: number, delta: number): number {
    return losses.robustError(this.#maths, slots, rows, [scale, delta]);
  }

  cellForward(slots: CellSlots, rows: number): void {
    layers.cellForward(this.#maths, slots, rows);
  }

  cellBack(slots: CellSlots, rows: number): void {
    layers.cellBack(this.#maths, slots, rows);
  }

  adam(parameters: ParameterSlots, step: AdamStep): void {
    losses.adam(this.#maths, parameters, step);
  }

  sgd(parameters: ParameterSlots, step: SgdStep): void {
    losses.sgd(this.#maths, parameters, step);
  }

  sumSquares(values: NumberSlot, count: number): number {
    return losses.sumSquares(values.view, count);
  }
}
