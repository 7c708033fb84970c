import type { FastRng } from '../../base/index.ts';
import {
  checkSnapshot,
  numberWithin,
  rngTensor,
  type Snapshot,
  seededRng,
  takeCounts,
  takeFloats,
  takeNumbers,
  takeRng,
  wholeNumber,
} from '../contract/index.ts';
import {
  ALL_LEGAL,
  ARMS_RANGE,
  type Ask,
  type Bandit,
  type Choice,
  checkFeedback,
  checkLegal,
  type Feedback,
  isLegal,
} from './bandit.ts';
import { pickBest, tieShares } from './pick.ts';

export type EpsilonGreedyOptions = {
  readonly arms: number;
  /** Probability of a choice at random among the legal arms. Default 0.05. */
  readonly epsilon?: number;
  /** Weight of the newest reward in an arm's average, above 0 to 1. Default 0.3. */
  readonly weight?: number;
  /** Default 0. */
  readonly seed?: number;
};

const EPSILON_RANGE = [0, 1] as const;
const WEIGHT_RANGE = [1e-6, 1] as const;

/**
 * Epsilon-greedy over exponentially weighted averages, which follow arms that change (Sutton, Barto 2018, section
 * 2.5). An arm without reward counts as best, so that each is tried first. Propensities are exact.
 */
export class EpsilonGreedy implements Bandit {
  readonly kind = 'epsilon-greedy';
  readonly #options: { readonly arms: number; readonly epsilon: number; readonly weight: number };
  readonly #scores: Float64Array;
  readonly #shares: Float64Array;
  readonly #choice = { arm: 0, propensity: 1 };
  readonly #means: Float64Array;
  /** 1 for an arm that has had a reward. */
  readonly #tried: Float64Array;
  #rng: FastRng;

  /** @throws PilotfishError `USAGE` for options out of range. */
  constructor({ arms, epsilon = 0.05, weight = 0.3, seed = 0 }: EpsilonGreedyOptions) {
    wholeNumber('arms', arms, ARMS_RANGE);
    numberWithin('epsilon', epsilon, EPSILON_RANGE);
    numberWithin('weight', weight, WEIGHT_RANGE);
    this.#options = { arms, epsilon, weight };
    this.#means = new Float64Array(arms);
    this.#tried = new Float64Array(arms);
    this.#scores = new Float64Array(arms);
    this.#shares = new Float64Array(arms);
    this.#rng = seededRng(seed);
  }

  predict(ask: Ask = ALL_LEGAL): Choice {
    const { epsilon } = this.#options;
    const legalArms = this.#score(ask.legal);
    const choice = pickBest(this.#scores, this.#rng, this.#choice);
    const best = this.#scores[choice.arm];
    const greedyShare = choice.propensity;
    if (this.#rng.next() < epsilon) choice.arm = this.#nthLegal(this.#rng.below(legalArms));
    const greedy = this.#scores[choice.arm] === best ? (1 - epsilon) * greedyShare : 0;
    choice.propensity = epsilon / legalArms + greedy;
    return choice;
  }

  propensities(ask: Ask = ALL_LEGAL): Float64Array {
    const { epsilon } = this.#options;
    const legalArms = this.#score(ask.legal);
    const shares = tieShares(this.#scores, this.#shares);
    for (let i = 0; i < shares.length; i += 1) {
      const random = isLegal(ask.legal, i) ? epsilon / legalArms : 0;
      shares[i] = random + (1 - epsilon) * (shares[i] as number);
    }
    return shares;
  }

  learnOne(feedback: Feedback): void {
    checkFeedback(feedback, this.#options.arms);
    const { arm, reward } = feedback;
    const mean = this.#means[arm] as number;
    this.#means[arm] = this.#tried[arm] === 0 ? reward : mean + this.#options.weight * (reward - mean);
    this.#tried[arm] = 1;
  }

  /** Scores the arms and counts the legal ones. */
  #score(legal: ArrayLike<number> | undefined): number {
    checkLegal(legal, this.#options.arms);
    let legalArms = 0;
    for (let i = 0; i < this.#scores.length; i += 1) {
      const score = this.#tried[i] === 0 ? Number.POSITIVE_INFINITY : (this.#means[i] as number);
      this.#scores[i] = isLegal(legal, i) ? score : Number.NEGATIVE_INFINITY;
      if (isLegal(legal, i)) legalArms += 1;
    }
    return legalArms;
  }

  #nthLegal(n: number): number {
    let arm = -1;
    for (let left = n; left >= 0; ) {
      arm += 1;
      if (this.#scores[arm] !== Number.NEGATIVE_INFINITY) left -= 1;
    }
    return arm;
  }

  snapshot(): Snapshot {
    const tensors = {
      means: { shape: [this.#means.length], data: this.#means.slice() },
      tried: { shape: [this.#tried.length], data: this.#tried.slice() },
      rng: rngTensor(this.#rng),
    };
    return { kind: this.kind, version: 1, config: this.#options, tensors };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `NOT_FINITE` or `USAGE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): EpsilonGreedy {
    checkSnapshot(snapshot, 'epsilon-greedy', 1);
    const options = takeNumbers(snapshot, 'arms', 'epsilon', 'weight');
    const bandit = new EpsilonGreedy(options);
    bandit.#resume(snapshot);
    return bandit;
  }

  #resume(snapshot: Snapshot): void {
    const shape = [this.#options.arms];
    this.#means.set(takeFloats(snapshot, 'means', shape));
    this.#tried.set(takeCounts(snapshot, 'tried', shape));
    this.#rng = takeRng(snapshot);
  }
}
