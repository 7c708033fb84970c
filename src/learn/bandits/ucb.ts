import type { FastRng } from '../../base/index.ts';
import {
  checkSnapshot,
  numberWithin,
  rngTensor,
  type Snapshot,
  seededRng,
  takeNumbers,
  takeRng,
  wholeNumber,
} from '../contract/index.ts';
import { ArmMeans } from './arm-means.ts';
import {
  ALL_LEGAL,
  ARMS_RANGE,
  type Ask,
  type Bandit,
  type Choice,
  checkFeedback,
  checkLegal,
  DISCOUNT_RANGE,
  type Feedback,
  isLegal,
} from './bandit.ts';
import { pickBest, tieShares } from './pick.ts';

export type UcbOptions = {
  readonly arms: number;
  /** The factor c of the bonus, in units of the reward. Default √2, for rewards in [0, 1]. */
  readonly exploration?: number;
  /** Part of every count that a further reward leaves, 0.5 to 1. Default 1: nothing is forgotten. */
  readonly discount?: number;
  /** Breaks ties. Default 0. */
  readonly seed?: number;
};

const EXPLORATION_RANGE = [0, 1e9] as const;

/**
 * UCB1: plays the arm with the highest mean + c √(ln N / n), untried arms first (Auer, Cesa-Bianchi, Fischer 2002).
 * With a discount below 1, discounted UCB for arms that change (Garivier, Moulines 2008). Propensities are exact:
 * 1, or the share of a tie.
 */
export class Ucb implements Bandit {
  readonly kind = 'ucb';
  readonly #options: { readonly arms: number; readonly exploration: number; readonly discount: number };
  readonly #scores: Float64Array;
  readonly #shares: Float64Array;
  readonly #choice = { arm: 0, propensity: 1 };
  readonly #arms: ArmMeans;
  #rng: FastRng;

  /** @throws PilotfishError `USAGE` for options out of range. */
  constructor({ arms, exploration = Math.SQRT2, discount = 1, seed = 0 }: UcbOptions) {
    wholeNumber('arms', arms, ARMS_RANGE);
    numberWithin('exploration', exploration, EXPLORATION_RANGE);
    numberWithin('discount', discount, DISCOUNT_RANGE);
    this.#options = { arms, exploration, discount };
    this.#arms = new ArmMeans(arms, discount);
    this.#scores = new Float64Array(arms);
    this.#shares = new Float64Array(arms);
    this.#rng = seededRng(seed);
  }

  predict(ask: Ask = ALL_LEGAL): Choice {
    this.#score(ask.legal);
    return pickBest(this.#scores, this.#rng, this.#choice);
  }

  propensities(ask: Ask = ALL_LEGAL): Float64Array {
    this.#score(ask.legal);
    return tieShares(this.#scores, this.#shares);
  }

  learnOne(feedback: Feedback): void {
    checkFeedback(feedback, this.#options.arms);
    this.#arms.learn(feedback.arm, feedback.reward);
  }

  #score(legal: ArrayLike<number> | undefined): void {
    const { arms, exploration } = this.#options;
    checkLegal(legal, arms);
    const { counts, means, total } = this.#arms;
    const spread = exploration * exploration * Math.log(Math.max(total, 1));
    const scores = this.#scores;
    for (let i = 0; i < arms; i += 1) {
      const count = counts[i] as number;
      const bound = count > 0 ? (means[i] as number) + Math.sqrt(spread / count) : Number.POSITIVE_INFINITY;
      scores[i] = isLegal(legal, i) ? bound : Number.NEGATIVE_INFINITY;
    }
  }

  snapshot(): Snapshot {
    const tensors = { ...this.#arms.tensors(), rng: rngTensor(this.#rng) };
    return { kind: this.kind, version: 1, config: this.#options, tensors };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `NOT_FINITE` or `USAGE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): Ucb {
    checkSnapshot(snapshot, 'ucb', 1);
    const options = takeNumbers(snapshot, 'arms', 'exploration', 'discount');
    const bandit = new Ucb(options);
    bandit.#resume(snapshot);
    return bandit;
  }

  #resume(snapshot: Snapshot): void {
    this.#arms.resume(snapshot);
    this.#rng = takeRng(snapshot);
  }
}
