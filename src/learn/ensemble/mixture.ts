import { PilotfishError } from '../../base/index.ts';
import { notEmpty, numberWithin, type Predicts } from '../contract/index.ts';
import { checkDistribution, indexOfLargest } from './checks.ts';

/** One voice of a mixture: anything that answers a query with a fixed number of numbers. */
export type MixtureMember<Query = ArrayLike<number>> = {
  readonly predict: (query: Query) => ArrayLike<number>;
  /** Share of the answer, from 0 to 1. A member with weight 0 is not asked. */
  readonly weight: number;
};

/** What a mixture of class probabilities chooses. */
export type MixtureChoice = {
  /** Number of the most likely class, the lowest of equals. */
  readonly choice: number;
  /** Its probability. */
  readonly confidence: number;
};

/** How far the weights may sum from 1, for rounding. */
const WEIGHT_TOLERANCE = 1e-9;

/**
 * A linear opinion pool (Stone 1961): the weighted mean of what several predictors answer, such as 0.7 boosted trees
 * and 0.3 network. The mean of distributions is a distribution.
 */
export class WeightedMixture<Query = ArrayLike<number>> implements Predicts<Query> {
  readonly #members: readonly MixtureMember<Query>[];
  #answer = new Float64Array(0);

  /** @throws PilotfishError `EMPTY` without members; `USAGE` unless the weights are shares that sum to 1. */
  constructor(members: readonly MixtureMember<Query>[]) {
    notEmpty('members', members);
    const weights = members.map(({ weight }, index) => numberWithin(`weight ${index}`, weight, [0, 1]));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    if (Math.abs(sum - 1) > WEIGHT_TOLERANCE) {
      throw new PilotfishError('USAGE', `the weights sum to ${sum}; divide them by it so that they sum to 1`);
    }
    this.#members = members.filter(({ weight }) => weight > 0).map((member) => ({ ...member }));
  }

  /**
   * The weighted mean of the members' answers. The array is used again by the next call.
   * @throws PilotfishError `EMPTY`, `SHAPE` or `NOT_FINITE` when members answer nothing, at different lengths, or
   *   not in numbers.
   */
  predict(query: Query): Float64Array {
    this.#members.forEach(({ predict, weight }, index) => {
      const answer = predict(query);
      if (index === 0) this.#begin(answer.length);
      this.#add(answer, weight, index);
    });
    return this.#answer;
  }

  /** @throws PilotfishError as `predict`, `USAGE` when the members' mean is no distribution. */
  choose(query: Query): MixtureChoice {
    const answer = this.predict(query);
    checkDistribution('the mixture', answer);
    const choice = indexOfLargest(answer);
    return { choice, confidence: answer[choice] as number };
  }

  #begin(length: number): void {
    if (length === 0) throw new PilotfishError('EMPTY', 'member 0 answers nothing; it must give numbers');
    if (this.#answer.length !== length) this.#answer = new Float64Array(length);
    this.#answer.fill(0);
  }

  #add(answer: ArrayLike<number>, weight: number, index: number): void {
    const sum = this.#answer;
    if (answer.length !== sum.length) {
      throw new PilotfishError(
        'SHAPE',
        `member ${index} answers ${answer.length} numbers, the first ${sum.length}; let all answer alike`,
      );
    }
    for (let i = 0; i < sum.length; i += 1) {
      const value = answer[i] as number;
      if (!Number.isFinite(value)) {
        throw new PilotfishError('NOT_FINITE', `member ${index} answers ${value}; leave it out`);
      }
      sum[i] = (sum[i] as number) + weight * value;
    }
  }
}
