import { type Matrix, numberWithin, seededRng, wholeNumber } from '../contract/index.ts';
import { LeastSquares } from './least-squares.ts';
import { checkQuery, type ExplanationQuery, Predictor } from './predictor.ts';

/** Options of `lime`. */
export type LimeQuery = ExplanationQuery & {
  /** Perturbed rows to ask about. Default 2000. */
  readonly samples?: number;
  /** Distance, in standard deviations, at which a row counts e^(-1/2) of x. Default 0.75 · √features. */
  readonly kernelWidth?: number;
  /** Ridge on the coefficients. Default 1. */
  readonly ridge?: number;
  /** For the perturbations. Default 0. */
  readonly seed?: number;
};

/** A linear model that holds near x. */
export type LocalModel = {
  /** Its answer at x, `[outputs]`. */
  readonly intercept: Float64Array;
  /** Change of the answer a standard deviation of the feature, `[outputs][features]`. */
  readonly values: readonly Float64Array[];
  /** Standard deviation of each feature in the background, `[features]`; 0 for constant ones. */
  readonly deviation: Float64Array;
  /** How much of the weighted variance it explains, `[outputs]`: near 1 trust it, near 0 do not. */
  readonly fit: Float64Array;
};

/**
 * A local linear model of any model (LIME: Ribeiro, Singh, Guestrin 2016), for tables of numbers: rows drawn
 * normally around x with the deviations of the background, weighted by √exp(−d²/width²) of their distance in
 * deviations, fitted by ridge regression. Unlike the paper's program it does not cut features into quartiles, so
 * that coefficients are slopes. Features that are constant in the background stay as in x and get exactly 0.
 * @throws PilotfishError `EMPTY`, `SHAPE`, `LIMIT` (above 1024 features), `NOT_FINITE` for bad input or answers, `USAGE`
 * for options out of range or samples that do not determine the model.
 */
export function lime(query: LimeQuery): LocalModel {
  checkQuery(query);
  const { background, ridge = 1, samples = 2000, seed = 0 } = query;
  const features = background.columns;
  const { kernelWidth = 0.75 * Math.sqrt(features) } = query;
  wholeNumber('samples', samples, [2, 2 ** 16]);
  numberWithin('ridge', ridge, [0, 1e12]);
  numberWithin('kernelWidth', kernelWidth, [1e-6, 1e6]);
  const rng = seededRng(seed);
  const x = Float64Array.from(query.x);
  const deviation = deviationsOf(background);
  const free = [...x.keys()].filter((feature) => (deviation[feature] as number) > 0);
  const predictor = new Predictor(query.predict);
  const neighbours = Array.from({ length: samples }, (_, index): Neighbour => {
    // The first is x itself.
    const z = Float64Array.from(free, () => (index === 0 ? 0 : rng.normal()));
    const row = x.slice();
    for (const [i, feature] of free.entries()) {
      row[feature] = (x[feature] as number) + (z[i] as number) * (deviation[feature] as number);
    }
    const distance = Math.hypot(...z) / kernelWidth;
    return { z, weight: Math.exp(-(distance ** 2) / 2), answer: predictor.ask(row).slice() };
  });
  const coefficients = regress(neighbours, ridge);
  const values = coefficients.map((coefficient) => {
    const all = new Float64Array(features);
    for (const [i, feature] of free.entries()) all[feature] = coefficient[i + 1] as number;
    return all;
  });
  const intercept = Float64Array.from(coefficients, ([first]) => first as number);
  const fit = Float64Array.from(coefficients, (coefficient, output) =>
    explained(neighbours, coefficient, output),
  );
  return { intercept, values, deviation, fit };
}

type Neighbour = { readonly z: Float64Array; readonly weight: number; readonly answer: Float64Array };

/** Intercept and slopes, `[outputs][1 + free features]`; the intercept is not shrunk. */
function regress(neighbours: readonly Neighbour[], ridge: number): Float64Array[] {
  const first = neighbours[0] as Neighbour;
  const size = 1 + first.z.length;
  const squares = new LeastSquares(size, first.answer.length);
  const row = new Float64Array(size).fill(1);
  for (const { z, weight, answer } of neighbours) {
    row.set(z, 1);
    squares.add(row, answer, weight);
  }
  return squares.solve(new Float64Array(size).fill(ridge).fill(0, 0, 1));
}

/** Weighted R²; 1 for a constant answer, which any model explains. */
function explained(neighbours: readonly Neighbour[], coefficient: Float64Array, output: number): number {
  let [weights, sum] = [0, 0];
  for (const { weight, answer } of neighbours) {
    weights += weight;
    sum += weight * (answer[output] as number);
  }
  const mean = sum / weights;
  let [total, residual] = [0, 0];
  for (const { z, weight, answer } of neighbours) {
    const value = answer[output] as number;
    const told = z.reduce((all, z, i) => all + z * (coefficient[i + 1] as number), coefficient[0] as number);
    total += weight * (value - mean) ** 2;
    residual += weight * (value - told) ** 2;
  }
  return total > 0 ? 1 - residual / total : 1;
}

/** Standard deviation of each column, by the two-pass formula. */
function deviationsOf({ rows, columns, data }: Matrix): Float64Array {
  return Float64Array.from({ length: columns }, (_, column) => {
    let sum = 0;
    for (let row = 0; row < rows; row += 1) sum += data[row * columns + column] as number;
    const mean = sum / rows;
    let squares = 0;
    for (let row = 0; row < rows; row += 1) squares += ((data[row * columns + column] as number) - mean) ** 2;
    return Math.sqrt(squares / rows);
  });
}
