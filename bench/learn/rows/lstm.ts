// LSTM layers: one step more of an endless sequence, and a whole sequence from the beginning.
import { type DenseLayer, LstmKernel } from '../../../src/learn/kernels/index.ts';
import type { Reference } from '../reference.ts';
import { packLstm, randomLayer } from './layers.ts';
import { Draws, type RowName, type Side, sideOf, type Task } from './task.ts';

const units = 64;
// Steps behind every answer, so that what a state does to the next one is in it.
const answerSteps = 20;

interface Net {
  readonly inputs: number;
  readonly layers: readonly DenseLayer[];
  /** `answerSteps` rows. */
  readonly x: Float32Array;
  readonly isSequence: boolean;
}

function bindLstm(reference: Reference, { inputs, layers, x, isSequence }: Net): Side {
  const places = layers.flatMap((layer, i) => [
    i === 0 ? inputs : units,
    units,
    reference.floats(units).offset,
    reference.floats(units).offset,
    reference.floats(packLstm(layer, units, reference)).offset,
  ]);
  const output = reference.floats(units);
  const next = reference.floats(units).offset;
  const from = reference.floats(x).offset;
  const bind = (steps: number, fromZero: number) =>
    reference.bind('lstm', [layers.length, steps, fromZero, from, next, output.offset, ...places]);
  const whole = bind(answerSteps, 1);
  const timed = isSequence ? whole : bind(1, 0);
  const answer = (): Float64Array => {
    whole.call();
    return Float64Array.from(output.view);
  };
  return { loop: (times) => timed.loop(times), answer };
}

/** How a row uses the layers. */
export interface LstmUse {
  readonly inputs: number;
  readonly layers: 1 | 2;
  readonly isSequence?: boolean;
}

/** Layers of 64 units, one above the other. */
export function lstmTask(name: RowName, { inputs, layers: count, isSequence = false }: LstmUse): Task {
  const draws = new Draws(12);
  const layers = Array.from({ length: count }, (_, i) =>
    randomLayer(draws, (i === 0 ? inputs : units) + units, 4 * units),
  );
  const x = draws.normal(answerSteps * inputs);
  const kernel = new LstmKernel({ inputs, hidden: units, layers: count, maxSteps: answerSteps });
  kernel.load(layers);
  kernel.inputs.set(x);
  const sequence = (): void => {
    kernel.reset();
    kernel.sequence(answerSteps);
  };
  const product = sideOf(isSequence ? sequence : () => kernel.step(), () => {
    sequence();
    return kernel.output;
  });
  const perStep = layers.reduce((sum, { weights }) => sum + 2 * weights.length, 0);
  const net = { inputs, layers, x, isSequence };
  return {
    name,
    flop: isSequence ? answerSteps * perStep : perStep,
    product,
    bind: (reference) => bindLstm(reference, net),
  };
}
