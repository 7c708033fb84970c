import { PilotfishError } from '../../base/index.ts';
import {
  allFinite,
  checkMatrix,
  type Matrix,
  notEmpty,
  ofLength,
  rowOf,
  wholeNumber,
} from '../contract/index.ts';
import { checkDistribution, indexOfLargest } from './checks.ts';

/** Events with a probability in (from, to]; the first bin has also 0. */
export type ReliabilityBin = {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean probability given, and share that happened; 0 without events. */
  readonly predicted: number;
  readonly observed: number;
};

/** How well probabilities agree with what happens. */
export type Reliability = {
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error: mean distance of predicted and observed over all events (Naeini et al. 2015). */
  readonly expectedError: number;
  /** The largest distance in any bin with events. */
  readonly largestError: number;
};

export type ReliabilityOptions = {
  /** Bins of equal width. Default 10. */
  readonly bins?: number;
};

/**
 * The reliability diagram (Murphy and Winkler 1977) of probabilities that were given to events.
 * @param happened 1 where the event happened, else 0.
 * @throws PilotfishError `EMPTY`, `SHAPE` for unequal lengths, `NOT_FINITE`, `USAGE` for anything but probabilities
 *   from 0 to 1, outcomes 0 and 1, and 1 to 10 000 bins.
 */
export function reliability(
  probabilities: ArrayLike<number>,
  happened: ArrayLike<number>,
  { bins = 10 }: ReliabilityOptions = {},
): Reliability {
  wholeNumber('bins', bins, [1, 10_000]);
  ofLength('happened', happened, notEmpty('probabilities', probabilities).length);
  checkEvents(probabilities, happened);
  const sums = Array.from({ length: bins }, () => ({ count: 0, predicted: 0, observed: 0 }));
  for (let i = 0; i < probabilities.length; i += 1) {
    const sum = sums[binOf(probabilities[i] as number, bins)] as (typeof sums)[number];
    sum.count += 1;
    sum.predicted += probabilities[i] as number;
    sum.observed += happened[i] as number;
  }
  return judge(
    sums.map(({ count, predicted, observed }, bin) => ({
      from: bin / bins,
      to: (bin + 1) / bins,
      count,
      predicted: predicted / Math.max(1, count),
      observed: observed / Math.max(1, count),
    })),
  );
}

/**
 * The same for a classifier's confidence: the event is that its most likely class is the true one (Guo et al., ICML
 * 2017).
 * @param truth One class number a sample.
 * @param probabilities One distribution a row.
 * @throws PilotfishError as `checkMatrix`, `SHAPE` for unequal lengths, `USAGE` for rows that are no distributions
 *   or truths that are no class numbers.
 */
export function confidenceReliability(
  truth: ArrayLike<number>,
  probabilities: Matrix,
  options: ReliabilityOptions = {},
): Reliability {
  checkMatrix(probabilities, { constantFeatures: 'allow' });
  ofLength('truth', truth, probabilities.rows);
  const given = new Float64Array(truth.length);
  const happened = new Uint8Array(truth.length);
  for (let row = 0; row < truth.length; row += 1) {
    wholeNumber(`truth[${row}]`, truth[row] as number, [0, probabilities.columns - 1]);
    const shares = rowOf(probabilities, row);
    checkDistribution(`row ${row}`, shares);
    const choice = indexOfLargest(shares);
    given[row] = Math.min(1, shares[choice] as number);
    happened[row] = choice === truth[row] ? 1 : 0;
  }
  return reliability(given, happened, options);
}

function checkEvents(probabilities: ArrayLike<number>, happened: ArrayLike<number>): void {
  allFinite('probabilities', probabilities);
  for (let i = 0; i < probabilities.length; i += 1) {
    const probability = probabilities[i] as number;
    if (probability < 0 || probability > 1) {
      throw new PilotfishError('USAGE', `probabilities[${i}] is ${probability}; give a share from 0 to 1`);
    }
    if (happened[i] !== 0 && happened[i] !== 1) {
      throw new PilotfishError('USAGE', `happened[${i}] is ${happened[i]}; give 0 or 1`);
    }
  }
}

/** The bin whose (bin / bins, (bin + 1) / bins] holds the probability; the first for 0. */
function binOf(probability: number, bins: number): number {
  const bin = Math.max(0, Math.ceil(probability * bins) - 1);
  // The product may round to either side of a bin's edge.
  if (probability > (bin + 1) / bins) return bin + 1;
  return bin > 0 && probability <= bin / bins ? bin - 1 : bin;
}

function judge(bins: readonly ReliabilityBin[]): Reliability {
  let [distance, total, largestError] = [0, 0, 0];
  for (const { count, predicted, observed } of bins) {
    const error = Math.abs(predicted - observed);
    distance += count * error;
    total += count;
    largestError = Math.max(largestError, error);
  }
  return { bins, expectedError: distance / total, largestError };
}
