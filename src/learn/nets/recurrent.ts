import {
  type CellSlots,
  type MatrixProduct,
  type NumberSlot,
  partOf,
  type WholeSlot,
} from '../kernels/index.ts';
import { Dropout } from './dense.ts';
import type { Parameters, Part, Place } from './network.ts';

/** What an LSTM layer is built from. */
export type RecurrentSetting = {
  readonly name: string;
  readonly parameters: Parameters;
  readonly steps: number;
  readonly rows: number;
  readonly inputs: number;
  readonly hidden: number;
  /** [steps][rows][inputs] */
  readonly input: NumberSlot;
  /** Where the gradient of the input goes, if anyone wants it. */
  readonly inputGradient: NumberSlot | undefined;
  /** Of the outputs, while learning. */
  readonly dropout: number;
  /** Not looked at without dropout. */
  readonly generators: WholeSlot;
};

/** Weights [inputs + hidden][4 hidden], gates in the order i, f, g, o; at first uniform within 1 / sqrt(hidden). */
export function recurrentParts(name: string, inputs: number, hidden: number): Part[] {
  const start = { bound: 1 / Math.sqrt(hidden) };
  return [
    { name: `${name}.weights`, rows: inputs + hidden, columns: 4 * hidden, start },
    { name: `${name}.bias`, rows: 1, columns: 4 * hidden, start: { value: 0 } },
  ];
}

/** Areas of a layer: [steps][rows][…], with one step more for `h` and `c`, whose first is the zero before. */
type Areas = {
  readonly gates: NumberSlot;
  readonly h: NumberSlot;
  readonly c: NumberSlot;
  readonly bent: NumberSlot;
  readonly outGradient: NumberSlot;
  readonly cellGradient: NumberSlot;
  /** The weights, [4 hidden][inputs + hidden]. */
  readonly transposed: NumberSlot;
};

/**
 * An LSTM layer (Hochreiter, Schmidhuber 1997; forget gate: Gers, Schmidhuber, Cummins 2000) in training: all steps
 * forward, and back through all of them (Werbos 1990). Steps lie one after the other, so that the products with the
 * inputs, and the gradients of all weights, are one product each.
 */
export class Recurrent {
  readonly output: NumberSlot;
  readonly outputGradient: NumberSlot;
  readonly #place: Place;
  readonly #setting: RecurrentSetting;
  readonly #areas: Areas;
  readonly #weights: NumberSlot;
  readonly #biasGradient: NumberSlot;
  /** h of every step. */
  readonly #out: NumberSlot;
  readonly #cells: readonly CellSlots[];
  readonly #forward: ReturnType<typeof forwardPlans>;
  readonly #backward: ReturnType<typeof backwardPlans>;
  readonly #dropout: Dropout | undefined;

  constructor(place: Place, setting: RecurrentSetting) {
    const { name, parameters, steps, rows, hidden, dropout, generators } = setting;
    const values = steps * rows * hidden;
    this.#place = place;
    this.#setting = setting;
    this.#areas = areasOf(place, setting);
    this.#weights = parameters.value(`${name}.weights`);
    this.#biasGradient = parameters.gradient(`${name}.bias`);
    this.#out = partOf(this.#areas.h, rows * hidden, values);
    this.#cells = cellsOf(this.#areas, setting);
    this.#forward = forwardPlans(this.#areas, setting);
    this.#backward = backwardPlans(this.#areas, setting);
    this.#dropout = dropout > 0 ? new Dropout(place, values, generators, dropout) : undefined;
    this.output = this.#dropout?.output ?? this.#out;
    this.outputGradient = this.#areas.outGradient;
  }

  forward(learning: boolean): void {
    const { steps, rows, inputs, hidden } = this.#setting;
    const { maths } = this.#place;
    maths.product(this.#forward.input, steps * rows, 4 * hidden, inputs);
    for (let step = 0; step < steps; step += 1) {
      // Nothing comes from before the first step.
      if (step > 0) maths.product(this.#forward.before[step - 1] as MatrixProduct, rows, 4 * hidden, hidden);
      maths.cellForward(this.#cells[step] as CellSlots, rows);
    }
    this.#dropout?.forward(this.#out, steps * rows * hidden, learning);
  }

  /** From `outputGradient`, which it overwrites, to the gradients of the parameters and of the input. */
  backward(): void {
    const { steps, rows, inputs, hidden } = this.#setting;
    const { maths } = this.#place;
    const { gates, transposed, cellGradient } = this.#areas;
    this.#dropout?.backward(this.outputGradient, steps * rows * hidden);
    maths.transpose(this.#weights, transposed, inputs + hidden, 4 * hidden);
    cellGradient.view.fill(0);
    for (let step = steps - 1; step >= 0; step -= 1) {
      maths.cellBack(this.#cells[step] as CellSlots, rows);
      if (step > 0) maths.product(this.#backward.before[step - 1] as MatrixProduct, rows, hidden, 4 * hidden);
    }
    maths.product(this.#backward.inputWeights, inputs, 4 * hidden, steps * rows);
    maths.product(this.#backward.outputWeights, hidden, 4 * hidden, steps * rows);
    maths.addColumns(gates, this.#biasGradient, steps * rows, 4 * hidden);
    if (this.#backward.input !== undefined) {
      maths.product(this.#backward.input, steps * rows, inputs, 4 * hidden);
    }
  }
}

function areasOf({ space }: Place, { steps, rows, inputs, hidden }: RecurrentSetting): Areas {
  const state = rows * hidden;
  return {
    gates: space.floats(steps * state * 4),
    h: space.floats((steps + 1) * state),
    c: space.floats((steps + 1) * state),
    bent: space.floats(steps * state),
    outGradient: space.floats(steps * state),
    cellGradient: space.floats(state),
    transposed: space.floats((inputs + hidden) * 4 * hidden),
  };
}

/** A step of an area whose steps hold `count` values. */
const stepOf = (area: NumberSlot, step: number, count: number) => partOf(area, step * count, count);

function cellsOf(areas: Areas, { steps, rows, hidden }: RecurrentSetting): readonly CellSlots[] {
  const state = rows * hidden;
  return Array.from({ length: steps }, (_, step) => ({
    hidden,
    gates: stepOf(areas.gates, step, 4 * state),
    before: stepOf(areas.c, step, state),
    cell: stepOf(areas.c, step + 1, state),
    bent: stepOf(areas.bent, step, state),
    out: stepOf(areas.h, step + 1, state),
    outGradient: stepOf(areas.outGradient, step, state),
    cellGradient: areas.cellGradient,
  }));
}

/** Sums of the gates: from all inputs at once, then step by step from the output before (from the second step on). */
function forwardPlans(areas: Areas, setting: RecurrentSetting) {
  const { name, parameters, steps, rows, inputs, hidden, input } = setting;
  const wide = 4 * hidden;
  const weights = parameters.value(`${name}.weights`);
  const [upper, lower] = [partOf(weights, 0, inputs * wide), partOf(weights, inputs * wide, hidden * wide)];
  const before = Array.from({ length: steps - 1 }, (_, index): MatrixProduct => {
    const gates = stepOf(areas.gates, index + 1, rows * wide);
    const a = stepOf(areas.h, index + 1, rows * hidden);
    return { a, aRow: hidden, aColumn: 1, b: lower, bRow: wide, ...ontoItself(gates, wide) };
  });
  const bias = { start: parameters.value(`${name}.bias`), startRow: 0 };
  const gates = { c: areas.gates, cRow: wide };
  return { before, input: { a: input, aRow: inputs, aColumn: 1, b: upper, bRow: wide, ...gates, ...bias } };
}

/** Gradients, once the gates hold those of their sums. */
function backwardPlans(areas: Areas, setting: RecurrentSetting) {
  const { name, parameters, steps, rows, inputs, hidden, input, inputGradient } = setting;
  const wide = 4 * hidden;
  const gradient = parameters.gradient(`${name}.weights`);
  const weights = (a: NumberSlot, aColumn: number, into: NumberSlot): MatrixProduct => ({
    ...{ a, aRow: 1, aColumn, b: areas.gates, bRow: wide },
    ...ontoItself(into, wide),
  });
  const through = { aRow: wide, aColumn: 1, bRow: inputs + hidden };
  const toOutput = partOf(areas.transposed, inputs, (inputs + hidden) * wide - inputs);
  const before = Array.from({ length: steps - 1 }, (_, index): MatrixProduct => {
    const a = stepOf(areas.gates, index + 1, rows * wide);
    return {
      a,
      ...through,
      b: toOutput,
      ...ontoItself(stepOf(areas.outGradient, index, rows * hidden), hidden),
    };
  });
  const toInput: MatrixProduct | undefined = inputGradient && {
    a: areas.gates,
    ...through,
    b: areas.transposed,
    c: inputGradient,
    cRow: inputs,
  };
  return {
    before,
    inputWeights: weights(input, inputs, partOf(gradient, 0, inputs * wide)),
    outputWeights: weights(areas.h, hidden, partOf(gradient, inputs * wide, hidden * wide)),
    input: toInput,
  };
}

const ontoItself = (c: NumberSlot, row: number) => ({ c, cRow: row, start: c, startRow: row });
