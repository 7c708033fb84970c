import { type Matrix, seededRng, wholeNumber } from '../contract/index.ts';
import { type Coalition, coalitionsOf } from './coalitions.ts';
import { LeastSquares } from './least-squares.ts';
import { checkQuery, type ExplanationQuery, Predictor } from './predictor.ts';

/**
 * | symbol | meaning                                                                             |
 * |--------|-------------------------------------------------------------------------------------|
 * | S      | coalition: the features that are known                                              |
 * | v(S)   | mean answer over the background rows, with the features of S set to those of x      |
 * | φ      | Shapley values: v(all) = v(none) + sum of φ, and φ is the fair share of each feature |
 * | z      | S as zeros and ones                                                                 |
 */

/** Options of `kernelShap`. */
export type KernelShapQuery = ExplanationQuery & {
  /** Coalitions to ask about, each once a background row. Default 2048 + 2 · features; exact at 2^features − 2. */
  readonly samples?: number;
  /** For the coalitions that are drawn. Default 0. */
  readonly seed?: number;
};

/** What each feature adds to each output. */
export type ShapValues = {
  /** Mean answer over the background, `[outputs]`. */
  readonly base: Float64Array;
  /** Shapley values, `[outputs][features]`: `base[o] +` sum of `values[o]` is the answer for x. */
  readonly values: readonly Float64Array[];
};

const SAMPLES_MAX = 2 ** 16;

/**
 * Shapley values of any model (KernelSHAP: Lundberg, Lee 2017): the weighted least squares fit of v(S) by a sum of
 * one value a known feature, held to the answer for x. Features that no background row changes get exactly 0.
 * Takes samples · background.rows calls of `predict`; up to 11 features the default is exact.
 * @throws PilotfishError `EMPTY`, `SHAPE`, `NOT_FINITE` for bad input or answers, `USAGE` for samples outside
 * 2 · features to 2^16, `LIMIT` above 1024 features.
 */
export function kernelShap(query: KernelShapQuery): ShapValues {
  checkQuery(query);
  const { background, seed = 0 } = query;
  const features = background.columns;
  const { samples = 2048 + 2 * features } = query;
  wholeNumber('samples', samples, [2 * features, SAMPLES_MAX]);
  const rng = seededRng(seed);
  const x = Float64Array.from(query.x);
  const game = new Game(new Predictor(query.predict), x, background);
  const base = game.value([]).slice();
  const gains = game.value(x.keys()).map((value, output) => value - (base[output] as number));
  const values = Array.from(gains, () => new Float64Array(features));
  const players = varying(x, background);
  if (players.length === 1) {
    for (const [output, gain] of gains.entries())
      (values[output] as Float64Array)[players[0] as number] = gain;
  } else if (players.length > 1) {
    const coalitions = coalitionsOf(players.length, samples, rng);
    const shares = fit({ game, players, coalitions, base, gains });
    for (const [output, share] of shares.entries()) {
      for (const [i, player] of players.entries())
        (values[output] as Float64Array)[player] = share[i] as number;
    }
  }
  return { base, values };
}

/** The features for which some background row differs from x; the others cannot matter. */
function varying(x: Float64Array, { rows, columns, data }: Matrix): number[] {
  const differs = (feature: number) => {
    for (let row = 0; row < rows; row += 1) if (data[row * columns + feature] !== x[feature]) return true;
    return false;
  };
  return [...x.keys()].filter(differs);
}

/** v(S) by asking the model. */
class Game {
  readonly #predictor: Predictor;
  readonly #x: Float64Array;
  readonly #background: Matrix;
  readonly #row: Float64Array;
  #mean = new Float64Array(0);

  constructor(predictor: Predictor, x: Float64Array, background: Matrix) {
    this.#predictor = predictor;
    this.#x = x;
    this.#background = background;
    this.#row = new Float64Array(x.length);
  }

  /** The value of the coalition of `known` features, `[outputs]`; overwritten by the next call. */
  value(known: Iterable<number>): Float64Array {
    const { rows, columns, data } = this.#background;
    const members = Uint32Array.from(known);
    for (let row = 0; row < rows; row += 1) {
      // The model gets the buffer anew each time: it may have written into it.
      this.#row.set(data.subarray(row * columns, (row + 1) * columns));
      for (const member of members) this.#row[member] = this.#x[member] as number;
      const answer = this.#predictor.ask(this.#row);
      if (row === 0) this.#mean = new Float64Array(answer.length);
      for (let i = 0; i < answer.length; i += 1) {
        this.#mean[i] = (this.#mean[i] as number) + (answer[i] as number) / rows;
      }
    }
    return this.#mean;
  }
}

type Fit = {
  readonly game: Game;
  readonly players: readonly number[];
  readonly coalitions: readonly Coalition[];
  readonly base: Float64Array;
  readonly gains: Float64Array;
};

/** φ of the players, `[outputs][players]`. The last is what the others leave of the gain, which makes it add up. */
function fit({ game, players, coalitions, base, gains }: Fit): Float64Array[] {
  const last = players.length - 1;
  const squares = new LeastSquares(last, gains.length);
  const z = new Float64Array(last);
  for (const { known, weight } of coalitions) {
    const lastKnown = known[last] as number;
    for (let i = 0; i < last; i += 1) z[i] = (known[i] as number) - lastKnown;
    const value = game.value(players.filter((_, i) => known[i] === 1));
    const y = value.map((v, output) => v - (base[output] as number) - lastKnown * (gains[output] as number));
    squares.add(z, y, weight);
  }
  return squares.solve(new Float64Array(last)).map((others, output) => {
    const sum = others.reduce((all, share) => all + share, 0);
    return Float64Array.of(...others, (gains[output] as number) - sum);
  });
}
