import { numberWithin } from '../contract/index.ts';
import type { ClassSlots, CostSlots, NumberSlot, WholeSlot } from '../kernels/index.ts';
import type { Place } from './network.ts';
import { type ConfigReader, oneOf } from './reading.ts';
import { checkClass, type Samples } from './samples.ts';

/**
 * What a net is trained to make small, as a mean over samples by weight:
 *
 * - `cross-entropy`: -log of the softmax p at the class of the sample.
 * - `expected-cost`: the sum over classes of p times the cost of choosing the class for this sample, less
 *   `temperature` times the entropy of p. What is trained is what a choice drawn from p would really cost, so that an
 *   expensive mistake counts as one and a tie as none, which no class label can say. The entropy is there because
 *   without it a net that is sure of the wrong class has no slope left and stays there; with it the best p is
 *   proportional to e^(-expected cost / temperature): a class cheaper by `temperature` gets e times the probability.
 *   A tenth of a typical difference between costs is a good start.
 *   The other way, to predict every cost and take the lowest, is `mse` or `huber` with the costs as `targets`: it
 *   serves any later price of time against bytes, but spends its capacity on costs that are never chosen.
 * - `mse`: squared error, mean over the outputs.
 * - `huber`: half the squared error up to `delta`, then straight (Huber 1964), mean over the outputs.
 */
export type LossOptions =
  | { readonly kind: 'cross-entropy' | 'mse' }
  | { readonly kind: 'expected-cost'; readonly temperature: number }
  | { readonly kind: 'huber'; readonly delta: number };

const LOSSES = ['cross-entropy', 'expected-cost', 'mse', 'huber'] as const;

/** Whether the outputs of a net with this loss are the probabilities of classes. */
export const isClassLoss = (loss: LossOptions): boolean =>
  loss.kind === 'cross-entropy' || loss.kind === 'expected-cost';

/** @throws PilotfishError `USAGE` for an unknown loss, or its number out of range. */
export function checkLoss(loss: LossOptions): LossOptions {
  oneOf('loss.kind', loss.kind, LOSSES);
  switch (loss.kind) {
    case 'huber':
      return { kind: 'huber', delta: numberWithin('loss.delta', loss.delta, [1e-30, 1e30]) };
    case 'expected-cost': {
      const temperature = numberWithin('loss.temperature', loss.temperature, [0, 1e30]);
      return { kind: 'expected-cost', temperature };
    }
    default:
      return { kind: loss.kind };
  }
}

/** @throws PilotfishError `DAMAGED`. */
export function readLoss(config: ConfigReader): LossOptions {
  const kind = config.word('kind', LOSSES);
  switch (kind) {
    case 'huber':
      return { kind, delta: config.number('delta') };
    case 'expected-cost':
      return { kind, temperature: config.number('temperature') };
    default:
      return { kind };
  }
}

/** The end of a net: targets and weights of up to `rows` outputs, the loss and its gradient. */
export class Loss {
  readonly #place: Place;
  readonly #options: LossOptions;
  readonly #weights: NumberSlot;
  readonly #labels: WholeSlot;
  readonly #classes: ClassSlots;
  readonly #values: CostSlots;
  readonly #columns: number;

  constructor(place: Place, options: LossOptions, ends: LossEnds) {
    const { rows, columns, outputs, gradient } = ends;
    const isClass = options.kind === 'cross-entropy';
    this.#place = place;
    this.#options = options;
    this.#columns = columns;
    this.#weights = place.space.floats(rows);
    this.#labels = place.space.ints(isClass ? rows : 0);
    const slots = { outputs, gradient, weights: this.#weights, columns };
    const parts = place.space.floats(2 * rows);
    this.#classes = { ...slots, labels: this.#labels, parts };
    this.#values = { ...slots, targets: place.space.floats(isClass ? 0 : rows * columns), parts };
  }

  /**
   * Puts target `target` of `samples` at `row`, with this weight.
   * @throws PilotfishError `USAGE` for a class that is none: the batch may have changed since it was checked.
   */
  load(row: number, samples: Samples, target: number, weight: number): void {
    const { targets } = samples;
    this.#weights.view[row] = weight;
    if (this.#options.kind === 'cross-entropy') {
      this.#labels.view[row] = checkClass('targets', targets, target, this.#columns);
      return;
    }
    const columns = this.#columns;
    for (let j = 0; j < columns; j += 1) {
      this.#values.targets.view[row * columns + j] = targets[target * columns + j] as number;
    }
  }

  /** The row counts nothing: it fills up a batch. */
  mute(row: number): void {
    this.#weights.view[row] = 0;
  }

  /** The sum of weight times loss over the first `rows`; writes the gradient, times `scale`. */
  apply(rows: number, scale: number): number {
    const { maths } = this.#place;
    const options = this.#options;
    switch (options.kind) {
      case 'cross-entropy':
        return maths.crossEntropy(this.#classes, rows, scale);
      case 'expected-cost':
        return maths.expectedCost(this.#values, rows, scale, options.temperature);
      case 'mse': {
        const share = 2 / this.#columns;
        return share * maths.robustError(this.#values, rows, share * scale, Number.POSITIVE_INFINITY);
      }
      case 'huber': {
        const share = 1 / this.#columns;
        return share * maths.robustError(this.#values, rows, share * scale, options.delta);
      }
    }
  }
}

/** Where the loss is taken: outputs and their gradient, [rows][columns]. */
export type LossEnds = {
  readonly rows: number;
  readonly columns: number;
  readonly outputs: NumberSlot;
  readonly gradient: NumberSlot;
};
