import { PilotfishError } from '../../../base/index.ts';
import { finite, IsotonicRegression, matrixOf, notEmpty, ofLength } from '../../../learn/index.ts';

/** How well a classifier of two classes does; NaN where nothing was predicted to judge it by. */
export type PerformanceEstimate = {
  readonly count: number;
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Error of the accuracy at 95 %, from the number of values alone. */
  readonly accuracyError: number;
};

const NORMAL_95 = 1.96;

/**
 * How well a model does before anybody knows the outcomes: confidence-based performance estimation (CBPE, NannyML). Where
 * it says 0.8, eight of ten are right, so that right and wrong answers can be counted in expectation. That holds while
 * its chances are calibrated, also under drift of the features; not when the meaning of the features changes, which only
 * errors show. `fit` calibrates by isotonic regression on held-out outcomes.
 *
 * @example
 * const performance = new PerformanceEstimator().fit(heldOutChances, heldOutOutcomes);
 * performance.estimate(chancesOfToday).accuracy;
 */
export class PerformanceEstimator {
  readonly #calibration = new IsotonicRegression();
  readonly #threshold: number;
  #isFitted = false;

  /** @param threshold chances from here on are answered by 1; 0.5 @throws PilotfishError `USAGE`. */
  constructor(threshold = 0.5) {
    this.#threshold = chance('threshold', threshold);
  }

  /**
   * @param chances what the model said, 0 to 1
   * @param outcomes what it was, 0 or 1
   * @throws PilotfishError `EMPTY`, `SHAPE`, `NOT_FINITE`, `USAGE`.
   */
  fit(chances: ArrayLike<number>, outcomes: ArrayLike<number>): this {
    notEmpty('chances', chances);
    ofLength('outcomes', outcomes, chances.length);
    const rows = Array.from(chances, (value) => [chance('a chance', value)]);
    const y = Float64Array.from(outcomes, (value) => {
      if (value === 0 || value === 1) return value;
      throw new PilotfishError('USAGE', `an outcome is ${value}: give 0 or 1`);
    });
    this.#calibration.fit({ x: matrixOf(rows), y });
    this.#isFitted = true;
    return this;
  }

  /** @param chances what the model said of values whose outcomes are not known @throws PilotfishError `UNTRAINED`, as `fit`. */
  estimate(chances: ArrayLike<number>): PerformanceEstimate {
    if (!this.#isFitted) throw new PilotfishError('UNTRAINED', 'nothing is known of the outcomes: fit first');
    notEmpty('chances', chances);
    let [truePositives, falsePositives, falseNegatives, trueNegatives, spread] = [0, 0, 0, 0, 0];
    for (let i = 0; i < chances.length; i += 1) {
      const said = chance('a chance', chances[i] as number);
      const p = Math.min(1, Math.max(0, this.#calibration.predict([said])[0] as number));
      spread += p * (1 - p);
      if (said >= this.#threshold) {
        truePositives += p;
        falsePositives += 1 - p;
      } else {
        falseNegatives += p;
        trueNegatives += 1 - p;
      }
    }
    const count = chances.length;
    return {
      ...{ count, accuracy: (truePositives + trueNegatives) / count },
      ...{
        precision: truePositives / (truePositives + falsePositives),
        recall: truePositives / (truePositives + falseNegatives),
      },
      f1: (2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives),
      accuracyError: (NORMAL_95 * Math.sqrt(spread)) / count,
    };
  }
}

function chance(name: string, value: number): number {
  if (finite(name, value) >= 0 && value <= 1) return value;
  throw new PilotfishError('USAGE', `${name} is ${value}: give a chance from 0 to 1`);
}
