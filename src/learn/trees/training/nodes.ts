import type { Tree } from '../model.ts';
import type { Bounds, Split } from './split.ts';

/** What training knows of a node: `rows[begin … end - 1]` came by, and their packed sum. */
export type GrowingNode = {
  readonly begin: number;
  readonly end: number;
  readonly depth: number;
  readonly total: number;
  readonly bounds: Bounds;
};

/** The nodes of a tree that is growing; children come after their parent. */
export class NodeList {
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  readonly #feature: number[] = [];
  readonly #threshold: number[] = [];
  readonly #defaultLeft: number[] = [];
  readonly #value: number[] = [];
  readonly #gain: number[] = [];
  readonly #cover: number[] = [];

  /** A new leaf. */
  add(): number {
    for (const column of [this.#left, this.#right]) column.push(-1);
    for (const column of [this.#feature, this.#threshold, this.#defaultLeft]) column.push(0);
    for (const column of [this.#value, this.#gain, this.#cover]) column.push(0);
    return this.#left.length - 1;
  }

  /** Gives a leaf two leaves of its own; returns the left one, the right one is next. */
  split(node: number, { feature, missingLeft, gain }: Split, threshold: number): number {
    const left = this.add();
    this.#left[node] = left;
    this.#right[node] = this.add();
    this.#feature[node] = feature;
    this.#threshold[node] = threshold;
    this.#defaultLeft[node] = missingLeft ? 1 : 0;
    this.#gain[node] = gain;
    return left;
  }

  /** What a leaf answers, and the sum of its hessians. */
  settle(node: number, value: number, cover: number): void {
    this.#value[node] = value;
    this.#cover[node] = cover;
  }

  /** The grown tree. */
  toTree(): Tree {
    for (let node = this.#left.length - 1; node >= 0; node -= 1) {
      const left = this.#left[node] as number;
      if (left < 0) continue;
      this.#cover[node] =
        (this.#cover[left] as number) + (this.#cover[this.#right[node] as number] as number);
    }
    return {
      left: Int32Array.from(this.#left),
      right: Int32Array.from(this.#right),
      feature: Int32Array.from(this.#feature),
      threshold: Float32Array.from(this.#threshold),
      defaultLeft: Uint8Array.from(this.#defaultLeft),
      value: Float32Array.from(this.#value),
      gain: Float32Array.from(this.#gain),
      cover: Float32Array.from(this.#cover),
    };
  }
}
