import type { FastRng } from '../../base/index.ts';
import { type NumberSlot, partOf, type TrainingMaths, type WholeSlot } from '../kernels/index.ts';
import { Dense, type DenseShape, denseParts, GENERATOR_WORDS } from './dense.ts';
import { Loss, type LossOptions } from './loss.ts';
import { type Layout, layoutOf, type Network, Parameters, type Place } from './network.ts';
import type { Feed } from './samples.ts';

/** A stack of dense layers and the loss at its end. */
export type MlpShape = { readonly layers: readonly DenseShape[]; readonly loss: LossOptions };

export const mlpLayout = ({ layers }: MlpShape): Layout =>
  layoutOf(layers.flatMap((layer, index) => denseParts(`layer${index}`, layer)));

/** Where the running moments of a layer lie: means, then variances; `offset` past the last layer is their number. */
export function momentsOf({ layers }: MlpShape, index: number): { offset: number; count: number } {
  const sizes = layers.map((layer) => (layer.batchNorm ? 2 * layer.units : 0));
  const offset = sizes.slice(0, index).reduce((sum, size) => sum + size, 0);
  return { offset, count: sizes[index] ?? 0 };
}

/** Running moments of a net that has seen nothing: means 0, variances 1. */
export function freshMoments(shape: MlpShape): Float32Array {
  const moments = new Float32Array(momentsOf(shape, shape.layers.length).offset);
  shape.layers.forEach((_, index) => {
    const { offset, count } = momentsOf(shape, index);
    moments.fill(1, offset + count / 2, offset + count);
  });
  return moments;
}

/** A multilayer perceptron in training. */
export class MlpNetwork implements Network {
  readonly maths: TrainingMaths;
  readonly parameters: Parameters;
  readonly statistics: NumberSlot;
  readonly generators: WholeSlot;
  readonly capacity: number;
  readonly fewest: number;
  readonly #input: NumberSlot;
  readonly #inputs: number;
  readonly #layers: readonly Dense[];
  readonly #loss: Loss;

  constructor(place: Place, shape: MlpShape, rows: number) {
    const { layers } = shape;
    this.maths = place.maths;
    this.capacity = rows;
    this.fewest = layers.some((layer) => layer.batchNorm) ? 2 : 1;
    this.parameters = new Parameters(mlpLayout(shape), place.space);
    this.statistics = place.space.floats(momentsOf(shape, layers.length).offset);
    this.generators = place.space.ints(GENERATOR_WORDS * layers.length);
    this.#inputs = (layers[0] as DenseShape).inputs;
    this.#input = place.space.floats(rows * this.#inputs);
    this.#layers = this.#stack(place, shape);
    const last = this.#layers.at(-1) as Dense;
    const ends = { rows, columns: last.shape.units, outputs: last.output, gradient: last.outputGradient };
    this.#loss = new Loss(place, shape.loss, ends);
  }

  /** Weights, running moments and dropout of a training that begins. */
  begin(values: Float32Array, moments: Float32Array, rng: FastRng): void {
    this.parameters.values.view.set(values);
    this.statistics.view.set(moments);
    for (let i = 0; i < this.generators.view.length; i += 1) this.generators.view[i] = rng.nextU32();
  }

  load(feed: Feed, order: Uint32Array, from: number, count: number): void {
    const { samples, values } = feed;
    const inputs = this.#inputs;
    const input = this.#input.view;
    for (let row = 0; row < count; row += 1) {
      const sample = order[from + row] as number;
      const at = feed.place(sample);
      for (let j = 0; j < inputs; j += 1) input[row * inputs + j] = values[at + j] as number;
      this.#loss.load(row, samples, sample, feed.weight(sample));
    }
  }

  learn(count: number, scale: number): number {
    for (const layer of this.#layers) layer.forward(count, true);
    return this.#backward(count, scale);
  }

  judge(count: number): number {
    for (const layer of this.#layers) layer.forward(count, false);
    return this.#loss.apply(count, 0);
  }

  learnFrozen(count: number, scale: number): number {
    for (const layer of this.#layers) layer.forward(count, false);
    return this.#backward(count, scale);
  }

  #backward(count: number, scale: number): number {
    const loss = this.#loss.apply(count, scale);
    for (let i = this.#layers.length - 1; i >= 0; i -= 1) (this.#layers[i] as Dense).backward(count);
    return loss;
  }

  #stack(place: Place, shape: MlpShape): readonly Dense[] {
    const stack: Dense[] = [];
    for (const [index, layer] of shape.layers.entries()) {
      const below = stack.at(-1);
      const { offset, count } = momentsOf(shape, index);
      const words = this.generators.view.subarray(GENERATOR_WORDS * index, GENERATOR_WORDS * (index + 1));
      const setting = {
        ...{ name: `layer${index}`, shape: layer, parameters: this.parameters, rows: this.capacity },
        input: below?.output ?? this.#input,
        inputGradient: below?.outputGradient,
        statistics: partOf(this.statistics, offset, count),
        generators: { pointer: this.generators.pointer + 4 * GENERATOR_WORDS * index, view: words },
      };
      stack.push(new Dense(place, setting));
    }
    return stack;
  }
}
