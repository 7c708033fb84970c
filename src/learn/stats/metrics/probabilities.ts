import { PilotfishError } from '../../../base/index.ts';
import { allFinite, checkMatrix, type Matrix, notEmpty, ofLength } from '../../contract/index.ts';
import { checkLabels } from './classes.ts';

/** How far the probabilities of a row may be from summing to 1: float32 softmax over many classes. */
const sumTolerance = 1e-3;

function checkProbabilities(truth: ArrayLike<number>, probabilities: Matrix): void {
  checkMatrix(probabilities, { constantFeatures: 'allow' });
  const { rows, columns, data } = probabilities;
  checkLabels('truth', ofLength('truth', truth, rows), columns);
  for (let row = 0; row < rows; row += 1) {
    let sum = 0;
    for (let at = row * columns; at < (row + 1) * columns; at += 1) {
      const p = data[at] as number;
      if (p < 0 || p > 1)
        throw new PilotfishError('USAGE', `row ${row} holds ${p}; probabilities lie in 0 to 1`);
      sum += p;
    }
    if (Math.abs(sum - 1) > sumTolerance) {
      throw new PilotfishError('USAGE', `row ${row} sums to ${sum}; give one probability for every class`);
    }
  }
}

/**
 * Mean of -log(probability given to the true class), in nats. Probabilities are raised to at least 2.2e-16, so that
 * one certain mistake costs 36 and not infinity.
 * @throws PilotfishError as `checkMatrix`, `SHAPE` for unequal lengths, `USAGE` unless the rows of `probabilities`
 *   (samples × classes) are distributions and `truth` holds class numbers.
 */
export function logLoss(truth: ArrayLike<number>, probabilities: Matrix): number {
  checkProbabilities(truth, probabilities);
  const { rows, columns, data } = probabilities;
  let sum = 0;
  for (let row = 0; row < rows; row += 1) {
    const p = data[row * columns + (truth[row] as number)] as number;
    sum -= Math.log(Math.max(p, Number.EPSILON));
  }
  return sum / rows;
}

/**
 * Brier's score: mean over samples of the squared distance between the given distribution and the truth, summed
 * over classes (Brier 1950): 0 is perfect, 2 worst. With two classes it is twice the binary score.
 * @throws PilotfishError as `logLoss`.
 */
export function brierScore(truth: ArrayLike<number>, probabilities: Matrix): number {
  checkProbabilities(truth, probabilities);
  const { rows, columns, data } = probabilities;
  let sum = 0;
  for (let row = 0; row < rows; row += 1) {
    for (let label = 0; label < columns; label += 1) {
      sum += ((data[row * columns + label] as number) - (label === truth[row] ? 1 : 0)) ** 2;
    }
  }
  return sum / rows;
}

/**
 * Area under the receiver operating characteristic: the chance that a sample of class 1 scores higher than one of
 * class 0, ties counting half (Mann, Whitney 1947).
 * @throws PilotfishError `EMPTY`, `SHAPE`, `NOT_FINITE`, `USAGE` for labels other than 0 and 1, `ONE_CLASS`.
 */
export function rocAuc(truth: ArrayLike<number>, scores: ArrayLike<number>): number {
  allFinite('scores', ofLength('scores', scores, notEmpty('truth', truth).length));
  checkLabels('truth', truth, 2);
  const order = Uint32Array.from(scores, (_, i) => i).sort(
    (i, j) => (scores[i] as number) - (scores[j] as number),
  );
  let [zerosBelow, ones, wins] = [0, 0, 0];
  for (let start = 0; start < order.length; ) {
    const score = scores[order[start] as number];
    let [tiedZeros, tiedOnes, end] = [0, 0, start];
    for (; end < order.length && scores[order[end] as number] === score; end += 1) {
      if (truth[order[end] as number] === 1) tiedOnes += 1;
      else tiedZeros += 1;
    }
    wins += tiedOnes * (zerosBelow + tiedZeros / 2);
    zerosBelow += tiedZeros;
    ones += tiedOnes;
    start = end;
  }
  if (ones === 0 || zerosBelow === 0) {
    throw new PilotfishError('ONE_CLASS', 'the area needs samples of both classes; give some of either');
  }
  return wins / (ones * zerosBelow);
}
