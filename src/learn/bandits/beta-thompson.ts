import { type FastRng, PilotfishError } from '../../base/index.ts';
import {
  checkSnapshot,
  numberWithin,
  rngTensor,
  type Snapshot,
  seededRng,
  takeCounts,
  takeNumbers,
  takeRng,
  wholeNumber,
} from '../contract/index.ts';
import { age } from './arm-means.ts';
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
import type { Parameters } from './posterior/argmax-shares.ts';
import { BETA, SampledArms } from './posterior/sampled-arms.ts';

export type BetaThompsonOptions = {
  readonly arms: number;
  /** Beta(priorSuccesses, priorFailures) before any reward, each from 0.1. Default 1 and 1, the uniform prior. */
  readonly priorSuccesses?: number;
  readonly priorFailures?: number;
  /** Part of every arm's evidence that a further reward leaves, 0.5 to 1. Default 1: nothing is forgotten. */
  readonly discount?: number;
  /** Default 0. */
  readonly seed?: number;
};

const PRIOR_RANGE = [0.1, 1e6] as const;

/**
 * Thompson sampling of success probabilities (Thompson 1933; Chapelle, Li 2011); rewards lie in [0, 1], a part of a
 * success counts as that part. With a discount below 1 the evidence, not the prior, fades (Raj, Kalyani 2017).
 * A choice's `propensity` is a numerical integral, error below 2e-6, computed when it is read.
 */
export class BetaThompson implements Bandit {
  readonly kind = 'beta-thompson';
  readonly #options: Required<Omit<BetaThompsonOptions, 'seed'>>;
  readonly #successes: Float64Array;
  readonly #failures: Float64Array;
  readonly #sampled: SampledArms;
  #rng: FastRng;

  /** @throws PilotfishError `USAGE` for options out of range. */
  constructor(options: BetaThompsonOptions) {
    const { arms, priorSuccesses = 1, priorFailures = 1, discount = 1, seed = 0 } = options;
    wholeNumber('arms', arms, ARMS_RANGE);
    numberWithin('priorSuccesses', priorSuccesses, PRIOR_RANGE);
    numberWithin('priorFailures', priorFailures, PRIOR_RANGE);
    numberWithin('discount', discount, DISCOUNT_RANGE);
    this.#options = { arms, priorSuccesses, priorFailures, discount };
    this.#successes = new Float64Array(arms);
    this.#failures = new Float64Array(arms);
    this.#sampled = new SampledArms(arms, BETA);
    this.#rng = seededRng(seed);
  }

  predict(ask: Ask = ALL_LEGAL): Choice {
    this.#fill(ask.legal, this.#sampled.asked);
    return this.#sampled.pick(this.#rng);
  }

  propensities(ask: Ask = ALL_LEGAL): Float64Array {
    this.#fill(ask.legal, this.#sampled.weighed);
    return this.#sampled.propensities();
  }

  learnOne(feedback: Feedback): void {
    checkFeedback(feedback, this.#options.arms);
    const { arm, reward } = feedback;
    if (reward < 0 || reward > 1) {
      throw new PilotfishError('USAGE', `reward is ${reward}; success probabilities learn from 0 to 1`);
    }
    age(this.#successes, this.#options.discount);
    age(this.#failures, this.#options.discount);
    this.#successes[arm] = (this.#successes[arm] as number) + reward;
    this.#failures[arm] = (this.#failures[arm] as number) + 1 - reward;
  }

  #fill(legal: ArrayLike<number> | undefined, { a, b }: Parameters): void {
    const { arms, priorSuccesses, priorFailures } = this.#options;
    checkLegal(legal, arms);
    for (let i = 0; i < arms; i += 1) {
      a[i] = isLegal(legal, i) ? priorSuccesses + (this.#successes[i] as number) : Number.NaN;
      b[i] = priorFailures + (this.#failures[i] as number);
    }
  }

  snapshot(): Snapshot {
    const shape = [this.#options.arms];
    const tensors = {
      successes: { shape, data: this.#successes.slice() },
      failures: { shape, data: this.#failures.slice() },
      rng: rngTensor(this.#rng),
    };
    return { kind: this.kind, version: 1, config: this.#options, tensors };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `NOT_FINITE` or `USAGE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): BetaThompson {
    checkSnapshot(snapshot, 'beta-thompson', 1);
    const options = takeNumbers(snapshot, 'arms', 'priorSuccesses', 'priorFailures', 'discount');
    const bandit = new BetaThompson(options);
    bandit.#resume(snapshot);
    return bandit;
  }

  #resume(snapshot: Snapshot): void {
    const shape = [this.#options.arms];
    this.#successes.set(takeCounts(snapshot, 'successes', shape));
    this.#failures.set(takeCounts(snapshot, 'failures', shape));
    this.#rng = takeRng(snapshot);
  }
}
