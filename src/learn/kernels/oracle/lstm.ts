import type { DenseLayer } from '../panels.ts';
import { sigmoid, tanh } from './activations.ts';
import { dense } from './dense.ts';

/** The twin of `LstmKernel`: one layer on the other, gates in the order i, f, g, o. Weights as for the kernel. */
export class LstmOracle {
  readonly #layers: readonly DenseLayer[];
  readonly #hidden: number;
  readonly #state: { h: Float32Array; c: Float32Array }[];

  constructor(layers: readonly DenseLayer[], hidden: number) {
    this.#layers = layers;
    this.#hidden = hidden;
    this.#state = layers.map(() => ({ h: new Float32Array(hidden), c: new Float32Array(hidden) }));
  }

  /** h and c of each layer, bottom first. */
  get state(): Float32Array {
    return Float32Array.from(this.#state.flatMap(({ h, c }) => [...h, ...c]));
  }

  /** h of the top layer after one more step. */
  step(x: Float32Array): Float32Array {
    this.#layers.forEach((layer, i) => {
      const { h, c } = this.#state[i] as { h: Float32Array; c: Float32Array };
      const below = this.#state[i - 1]?.h ?? x;
      this.#state[i] = this.#cell(dense(Float32Array.of(...below, ...h), layer), c);
    });
    return this.#state.at(-1)?.h as Float32Array;
  }

  #cell(gates: Float32Array, previous: Float32Array) {
    const [h, c] = [new Float32Array(this.#hidden), new Float32Array(this.#hidden)];
    for (let unit = 0; unit < this.#hidden; unit += 1) {
      const gate = (index: number) => gates[index * this.#hidden + unit] as number;
      const kept = Math.fround(sigmoid(gate(1)) * (previous[unit] as number));
      c[unit] = kept + Math.fround(sigmoid(gate(0)) * tanh(gate(2)));
      h[unit] = sigmoid(gate(3)) * tanh(c[unit] as number);
    }
    return { h, c };
  }
}
