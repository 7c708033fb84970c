import { PilotfishError } from '../../base/index.ts';

/** How far a row of probabilities may sum from 1: float32 rows of ten thousand classes stay within. */
const SUM_TOLERANCE = 1e-3;

/** @throws PilotfishError `NOT_FINITE`, or `USAGE` unless `values` are probabilities that sum to 1. */
export function checkDistribution(name: string, values: ArrayLike<number>): void {
  let sum = 0;
  for (let c = 0; c < values.length; c += 1) {
    const value = values[c] as number;
    if (!Number.isFinite(value)) {
      throw new PilotfishError('NOT_FINITE', `${name}: probability ${c} is ${value}`);
    }
    if (value < 0 || value > 1 + SUM_TOLERANCE) {
      throw new PilotfishError('USAGE', `${name}: ${value} is no probability; give shares from 0 to 1`);
    }
    sum += value;
  }
  if (Math.abs(sum - 1) > SUM_TOLERANCE) {
    throw new PilotfishError('USAGE', `${name}: the probabilities sum to ${sum}; give a whole distribution`);
  }
}

/** Index of the largest value, the first of equals. */
export function indexOfLargest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) {
    if ((values[i] as number) > (values[best] as number)) best = i;
  }
  return best;
}

/** Sums over any batch of squares of such numbers stay finite. */
const LARGEST = 1e100;

/** @throws PilotfishError `LIMIT` for values beyond 1e100. */
export function checkMagnitude(name: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i += 1) {
    if (Math.abs(values[i] as number) > LARGEST) {
      throw new PilotfishError('LIMIT', `${name}[${i}] is ${values[i]}; rescale to at most ${LARGEST}`);
    }
  }
}
