import type { FastRng } from '../../base/index.ts';
import { type NumberSlot, partOf, type TrainingMaths, type WholeSlot } from '../kernels/index.ts';
import { Dense, type DenseShape, denseParts, GENERATOR_WORDS } from './dense.ts';
import { Loss, type LossOptions } from './loss.ts';
import {
  drawParameters,
  type Layout,
  layoutOf,
  type Network,
  Parameters,
  type Part,
  type Place,
  partValues,
} from './network.ts';
import { Recurrent, recurrentParts } from './recurrent.ts';
import { checkClass, type Feed } from './samples.ts';

/** One or two LSTM layers, a dense head on the last step or on every step, and the loss at its end. */
export type LstmShape = {
  /** Values a step that the first layer sees. */
  readonly inputs: number;
  /** Steps hold one id below this, with a learnt row of `inputs` values each; undefined: they hold the values. */
  readonly vocabulary: number | undefined;
  readonly hidden: number;
  readonly layers: number;
  /** Of the outputs of every layer. */
  readonly dropout: number;
  readonly head: DenseShape;
  readonly targets: 'last' | 'every';
  readonly loss: LossOptions;
};

export function lstmLayout({ inputs, vocabulary, hidden, layers, head }: LstmShape): Layout {
  const table = { name: 'embedding', rows: vocabulary ?? 0, columns: inputs, start: { bound: 1 } };
  const recurrent = Array.from({ length: layers }, (_, index): Part[] =>
    recurrentParts(`layer${index}`, index === 0 ? inputs : hidden, hidden),
  );
  return layoutOf([
    ...(vocabulary === undefined ? [] : [table]),
    ...recurrent.flat(),
    ...denseParts('head', head),
  ]);
}

/** Fresh weights; forget gates begin open, with a bias of 1 (Jozefowicz, Zaremba, Sutskever 2015). */
export function drawLstm(shape: LstmShape, rng: FastRng): Float32Array {
  const layout = lstmLayout(shape);
  const values = drawParameters(layout, rng);
  for (let index = 0; index < shape.layers; index += 1) {
    partValues(layout, values, `layer${index}.bias`).fill(1, shape.hidden, 2 * shape.hidden);
  }
  return values;
}

/** Ids of all steps, and where their rows come from and gradients go. */
type Embedding = { readonly ids: WholeSlot; readonly table: NumberSlot; readonly tableGradient: NumberSlot };

/**
 * An LSTM in training, `rows` sequences of `steps` steps at a time: a batch that is smaller is filled up with rows
 * that count nothing.
 */
export class LstmNetwork implements Network {
  readonly maths: TrainingMaths;
  readonly parameters: Parameters;
  readonly statistics: NumberSlot;
  readonly generators: WholeSlot;
  readonly capacity: number;
  readonly fewest = 1;
  readonly #shape: LstmShape;
  readonly #steps: number;
  /** [steps][rows][inputs] */
  readonly #input: NumberSlot;
  readonly #inputGradient: NumberSlot | undefined;
  readonly #embedding: Embedding | undefined;
  readonly #layers: readonly Recurrent[];
  readonly #head: Dense;
  readonly #headRows: number;
  readonly #loss: Loss;

  constructor(
    place: Place,
    shape: LstmShape,
    { rows, steps }: { readonly rows: number; readonly steps: number },
  ) {
    const { space } = place;
    this.maths = place.maths;
    this.capacity = rows;
    this.#shape = shape;
    this.#steps = steps;
    this.parameters = new Parameters(lstmLayout(shape), space);
    this.statistics = space.floats(0);
    this.generators = space.ints(GENERATOR_WORDS * shape.layers);
    this.#input = space.floats(steps * rows * shape.inputs);
    if (shape.vocabulary !== undefined) {
      this.#inputGradient = space.floats(steps * rows * shape.inputs);
      const [table, tableGradient] = [
        this.parameters.value('embedding'),
        this.parameters.gradient('embedding'),
      ];
      this.#embedding = { ids: space.ints(steps * rows), table, tableGradient };
    }
    this.#layers = this.#stack(place);
    this.#headRows = shape.targets === 'last' ? rows : steps * rows;
    this.#head = this.#headOf(place);
    const [outputs, gradient] = [this.#head.output, this.#head.outputGradient];
    this.#loss = new Loss(place, shape.loss, {
      rows: this.#headRows,
      columns: shape.head.units,
      outputs,
      gradient,
    });
  }

  /** Weights and dropout of a training that begins. */
  begin(values: Float32Array, rng: FastRng): void {
    this.parameters.values.view.set(values);
    for (let i = 0; i < this.generators.view.length; i += 1) this.generators.view[i] = rng.nextU32();
  }

  load(feed: Feed, order: Uint32Array, from: number, count: number): void {
    const { capacity } = this;
    const targetSteps = this.#shape.targets === 'last' ? 1 : this.#steps;
    for (let row = 0; row < capacity; row += 1) {
      const sample = row < count ? (order[from + row] as number) : -1;
      if (sample >= 0) this.#loadRow(row, feed.values, feed.place(sample));
      for (let step = 0; step < targetSteps; step += 1) {
        const at = step * capacity + row;
        if (sample < 0) this.#loss.mute(at);
        else
          this.#loss.load(at, feed.samples, sample * targetSteps + step, feed.weight(sample) / targetSteps);
      }
    }
  }

  learn(_count: number, scale: number): number {
    this.#forward(true);
    return this.#backward(scale);
  }

  learnFrozen(_count: number, scale: number): number {
    this.#forward(false);
    return this.#backward(scale);
  }

  judge(_count: number): number {
    this.#forward(false);
    return this.#loss.apply(this.#headRows, 0);
  }

  #loadRow(row: number, values: ArrayLike<number>, from: number): void {
    const { capacity } = this;
    const { inputs, vocabulary = 0 } = this.#shape;
    const ids = this.#embedding?.ids.view;
    const input = this.#input.view;
    for (let step = 0; step < this.#steps; step += 1) {
      const at = step * capacity + row;
      if (ids !== undefined) {
        // Looked at again: the batch may have changed since, and `augment` may have written anything.
        ids[at] = checkClass('x', values, from + step, vocabulary);
        continue;
      }
      for (let j = 0; j < inputs; j += 1) input[at * inputs + j] = values[from + step * inputs + j] as number;
    }
  }

  #forward(learning: boolean): void {
    if (this.#embedding !== undefined) {
      this.maths.gatherRows(this.#embedding.table, this.#embedding.ids, this.#input, this.#shape.inputs);
    }
    for (const layer of this.#layers) layer.forward(learning);
    this.#head.forward(this.#headRows, learning);
  }

  #backward(scale: number): number {
    const { maths, capacity } = this;
    const loss = this.#loss.apply(this.#headRows, scale);
    const top = this.#layers.at(-1) as Recurrent;
    // The head writes the gradient of the last step, or of all; the others begin at zero.
    if (this.#shape.targets === 'last') {
      top.outputGradient.view.fill(0, 0, (this.#steps - 1) * capacity * this.#shape.hidden);
    }
    this.#head.backward(this.#headRows);
    for (let index = this.#layers.length - 1; index >= 0; index -= 1)
      (this.#layers[index] as Recurrent).backward();
    if (this.#embedding !== undefined && this.#inputGradient !== undefined) {
      const { ids, tableGradient } = this.#embedding;
      maths.scatterRows(this.#inputGradient, ids, tableGradient, this.#shape.inputs);
    }
    return loss;
  }

  #stack(place: Place): readonly Recurrent[] {
    const { inputs, hidden, layers, dropout } = this.#shape;
    const stack: Recurrent[] = [];
    for (let index = 0; index < layers; index += 1) {
      const below = stack.at(-1);
      const words = this.generators.view.subarray(GENERATOR_WORDS * index, GENERATOR_WORDS * (index + 1));
      const layer = new Recurrent(place, {
        ...{ name: `layer${index}`, parameters: this.parameters, steps: this.#steps, rows: this.capacity },
        ...{ inputs: below === undefined ? inputs : hidden, hidden, dropout },
        input: below?.output ?? this.#input,
        inputGradient: below?.outputGradient ?? this.#inputGradient,
        generators: { pointer: this.generators.pointer + 4 * GENERATOR_WORDS * index, view: words },
      });
      stack.push(layer);
    }
    return stack;
  }

  #headOf(place: Place): Dense {
    const { hidden, head, targets } = this.#shape;
    const top = this.#layers.at(-1) as Recurrent;
    const count = this.#headRows * hidden;
    const offset = targets === 'last' ? (this.#steps - 1) * this.capacity * hidden : 0;
    return new Dense(place, {
      ...{ name: 'head', shape: head, parameters: this.parameters, rows: this.#headRows },
      ...{
        input: partOf(top.output, offset, count),
        inputGradient: partOf(top.outputGradient, offset, count),
      },
      ...{ statistics: this.statistics, generators: this.generators },
    });
  }
}
