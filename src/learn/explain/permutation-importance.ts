import { type Batch, checkBatch, finite, seededRng, wholeNumber } from '../contract/index.ts';
import { type PredictFunction, Predictor } from './predictor.ts';

/** Options of `permutationImportance`. */
export type PermutationQuery = {
  readonly predict: PredictFunction;
  /** Held-out samples; constant features are fine. */
  readonly batch: Batch;
  /** What one answer costs, e.g. `(answer, target) => (answer[0] - target) ** 2`. */
  readonly loss: (answer: Float64Array, target: number) => number;
  /** Shuffles a feature. Default 5. */
  readonly repeats?: number;
  /** For the shuffles. Default 0. */
  readonly seed?: number;
};

/** How much worse a model is without a feature. */
export type PermutationImportance = {
  /** Mean loss of the model as it is. */
  readonly loss: number;
  /** Rise of the mean loss when the feature is shuffled, mean over the repeats, `[features]`. */
  readonly rise: Float64Array;
  /** Standard deviation of the rise over the repeats, `[features]`. */
  readonly deviation: Float64Array;
};

/**
 * How much the loss rises when one feature loses its relation to the target, by shuffling its column (Breiman 2001;
 * for any model: Fisher, Rudin, Dominici 2019). Takes rows · (1 + features · repeats) calls of `predict`.
 * Of two features that say the same, either may look unimportant.
 * @throws PilotfishError as `checkBatch`; `USAGE` for repeats out of 1 to 1000; `NOT_FINITE` for an answer or a loss.
 */
export function permutationImportance(query: PermutationQuery): PermutationImportance {
  const { batch, repeats = 5, seed = 0 } = query;
  const { rows, columns } = checkBatch(batch, { constantFeatures: 'allow' }).x;
  wholeNumber('repeats', repeats, [1, 1000]);
  const rng = seededRng(seed);
  const predictor = new Predictor(query.predict);
  const unchanged = Uint32Array.from({ length: rows }, (_, row) => row);
  const lossOf = (feature: number, order: Uint32Array) => meanLoss(query, predictor, { feature, order });
  const loss = lossOf(0, unchanged);
  const [rise, deviation] = [new Float64Array(columns), new Float64Array(columns)];
  for (let feature = 0; feature < columns; feature += 1) {
    const rises = Float64Array.from({ length: repeats }, () => {
      const order = unchanged.slice();
      rng.shuffle(order);
      return lossOf(feature, order) - loss;
    });
    const mean = rises.reduce((sum, value) => sum + value, 0) / repeats;
    rise[feature] = mean;
    deviation[feature] = Math.sqrt(rises.reduce((sum, value) => sum + (value - mean) ** 2, 0) / repeats);
  }
  return { loss, rise, deviation };
}

type Shuffled = { readonly feature: number; readonly order: Uint32Array };

/** Weighted mean loss, with one feature taken from the rows in `order`. */
function meanLoss(
  { batch, loss }: PermutationQuery,
  predictor: Predictor,
  { feature, order }: Shuffled,
): number {
  const { rows, columns, data } = batch.x;
  const x = new Float64Array(columns);
  let [weights, sum] = [0, 0];
  for (let row = 0; row < rows; row += 1) {
    x.set(data.subarray(row * columns, (row + 1) * columns));
    x[feature] = data[(order[row] as number) * columns + feature] as number;
    const weight = batch.weights?.[row] ?? 1;
    weights += weight;
    sum += weight * finite('the loss', loss(predictor.ask(x), batch.y[row] as number));
  }
  return sum / weights;
}
