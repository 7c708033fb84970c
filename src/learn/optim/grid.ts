import { FastRng, PilotfishError } from '../../base/index.ts';
import type { Sampler } from './sampler.ts';
import { type Axis, snap } from './space.ts';

/** Most points of a grid; each is visited once. */
const maxPoints = 2 ** 31;

const wholeNumbers = ({ cell }: Axis): number => (cell > 0 ? Math.round(1 / cell) : Infinity);

const levelsOf = (axis: Axis, points: number): number =>
  axis.choices > 0 ? axis.choices : Math.min(points, wholeNumbers(axis));

function coordinatesOf(axis: Axis, points: number): Float64Array {
  if (axis.choices > 0) return Float64Array.from({ length: axis.choices }, (_, i) => i);
  const values = wholeNumbers(axis);
  if (values <= points) return Float64Array.from({ length: values }, (_, i) => (i + 0.5) / values);
  return Float64Array.from({ length: points }, (_, i) => snap(axis, i / (points - 1)));
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/**
 * Visits every point of a grid once, in an order that is spread over the space: all choices, all whole numbers
 * where they are few, else `points` coordinates from end to end.
 */
export class GridSampler implements Sampler {
  readonly #levels: readonly Float64Array[];
  readonly #size: number;
  readonly #start: number;
  readonly #stride: number;

  /** @throws PilotfishError `LIMIT` for more than 2^31 points. */
  constructor(axes: readonly Axis[], points: number, seed: number) {
    this.#size = axes.reduce((product, axis) => product * levelsOf(axis, points), 1);
    if (this.#size > maxPoints) {
      throw new PilotfishError(
        'LIMIT',
        `the grid has ${this.#size} points; lower gridPoints or search at random`,
      );
    }
    this.#levels = axes.map((axis) => coordinatesOf(axis, points));
    // A stride that shares no divisor with the size visits everything before it returns.
    const rng = new FastRng(seed);
    this.#start = rng.below(this.#size);
    let stride = 1 + rng.below(this.#size);
    while (divisor(stride, this.#size) !== 1) stride += 1;
    this.#stride = stride;
  }

  propose(trial: number): Float64Array {
    if (trial >= this.#size) {
      throw new PilotfishError(
        'EMPTY',
        `all ${this.#size} points of the grid were tried; the study is complete`,
      );
    }
    let at = Number((BigInt(trial) * BigInt(this.#stride) + BigInt(this.#start)) % BigInt(this.#size));
    return Float64Array.from(this.#levels, (levels) => {
      const level = at % levels.length;
      at = (at - level) / levels.length;
      return levels[level] as number;
    });
  }

  observe(): void {}
}
