import type { FastRng } from '../../../base/index.ts';
import {
  checkSnapshot,
  numberWithin,
  rngTensor,
  type Snapshot,
  seededRng,
  takeNumbers,
  takeRng,
} from '../../contract/index.ts';
import { ALL_LEGAL, type Ask, type Bandit, type Choice, type Feedback } from '../bandit.ts';
import { pickBest, tieShares } from '../pick.ts';
import type { Parameters } from '../posterior/argmax-shares.ts';
import { LinearArms, type LinearBanditOptions } from './linear-arms.ts';

export type LinUcbOptions = LinearBanditOptions & {
  /** Deviations of the estimate that are added to it. Default 1. */
  readonly alpha?: number;
};

const ALPHA_RANGE = [0, 1e6] as const;

/**
 * LinUCB (Li, Chu, Langford, Schapire 2010): plays the arm with the highest θ·x + α √(x' A^-1 x), where θ is the ridge
 * regression of its rewards on its contexts. With a discount below 1 for arms that change (Russac, Vernade, Cappé
 * 2019). Propensities are exact: 1, or the share of a tie.
 */
export class LinUcb implements Bandit {
  readonly kind = 'lin-ucb';
  readonly #alpha: number;
  readonly #estimates: Parameters;
  readonly #scores: Float64Array;
  readonly #shares: Float64Array;
  readonly #choice = { arm: 0, propensity: 1 };
  #arms: LinearArms;
  #rng: FastRng;

  /** @throws PilotfishError `USAGE` for options out of range, `LIMIT` for more than memory should hold. */
  constructor({ alpha = 1, ...options }: LinUcbOptions) {
    this.#alpha = numberWithin('alpha', alpha, ALPHA_RANGE);
    this.#arms = new LinearArms(options);
    const { arms } = options;
    this.#estimates = { a: new Float64Array(arms), b: new Float64Array(arms) };
    this.#scores = new Float64Array(arms);
    this.#shares = new Float64Array(arms);
    this.#rng = seededRng(options.seed ?? 0);
  }

  predict(ask: Ask = ALL_LEGAL): Choice {
    this.#score(ask);
    return pickBest(this.#scores, this.#rng, this.#choice);
  }

  propensities(ask: Ask = ALL_LEGAL): Float64Array {
    this.#score(ask);
    return tieShares(this.#scores, this.#shares);
  }

  learnOne(feedback: Feedback): void {
    this.#arms.learn(feedback);
  }

  #score(ask: Ask): void {
    const { a, b } = this.#estimates;
    this.#arms.measure(ask, this.#estimates);
    for (let i = 0; i < a.length; i += 1) {
      const score = (a[i] as number) + this.#alpha * (b[i] as number);
      this.#scores[i] = Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score;
    }
  }

  snapshot(): Snapshot {
    const config = { ...this.#arms.options, alpha: this.#alpha };
    const tensors = { ...this.#arms.tensors(), rng: rngTensor(this.#rng) };
    return { kind: this.kind, version: 1, config, tensors };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `NOT_FINITE`, `LIMIT` or `USAGE` for no such snapshot. */
  static restore(snapshot: Snapshot): LinUcb {
    checkSnapshot(snapshot, 'lin-ucb', 1);
    const arms = LinearArms.restore(snapshot);
    const bandit = new LinUcb({ ...arms.options, alpha: takeNumbers(snapshot, 'alpha').alpha });
    bandit.#resume(arms, takeRng(snapshot));
    return bandit;
  }

  #resume(arms: LinearArms, rng: FastRng): void {
    this.#arms = arms;
    this.#rng = rng;
  }
}
