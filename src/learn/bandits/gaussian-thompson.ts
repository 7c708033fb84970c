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
import type { Parameters } from './posterior/argmax-shares.ts';
import { NORMAL, SampledArms } from './posterior/sampled-arms.ts';

export type GaussianThompsonOptions = {
  readonly arms: number;
  /** Standard deviation of one reward around its arm's mean. Default 0.5. */
  readonly noise?: number;
  /** What an arm's mean is believed to be before any reward, and how firmly. Default 0 and 2. */
  readonly priorMean?: number;
  readonly priorDeviation?: number;
  /** Part of every arm's evidence that a further reward leaves, 0.5 to 1. Default 1: nothing is forgotten. */
  readonly discount?: number;
  /** Default 0. */
  readonly seed?: number;
};

const DEVIATION_RANGE = [1e-6, 1e6] as const;
const MEAN_RANGE = [-1e9, 1e9] as const;

/**
 * Thompson sampling of means under normal noise of a known size (Agrawal, Goyal 2013). For latencies the reward is
 * minus their logarithm: it makes the noise near normal and of one size, whatever the latency; the defaults suit
 * `-Math.log(latency / usual)`. With a discount below 1 the evidence fades and old arms are tried again.
 * A choice's `propensity` is a numerical integral, error below 2e-6, computed when it is read.
 */
export class GaussianThompson implements Bandit {
  readonly kind = 'gaussian-thompson';
  readonly #options: Required<Omit<GaussianThompsonOptions, 'seed'>>;
  readonly #sampled: SampledArms;
  readonly #arms: ArmMeans;
  #rng: FastRng;

  /** @throws PilotfishError `USAGE` for options out of range. */
  constructor(options: GaussianThompsonOptions) {
    const { arms, noise = 0.5, priorMean = 0, priorDeviation = 2, discount = 1, seed = 0 } = options;
    wholeNumber('arms', arms, ARMS_RANGE);
    numberWithin('noise', noise, DEVIATION_RANGE);
    numberWithin('priorMean', priorMean, MEAN_RANGE);
    numberWithin('priorDeviation', priorDeviation, DEVIATION_RANGE);
    numberWithin('discount', discount, DISCOUNT_RANGE);
    this.#options = { arms, noise, priorMean, priorDeviation, discount };
    this.#arms = new ArmMeans(arms, discount);
    this.#sampled = new SampledArms(arms, NORMAL);
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
    this.#arms.learn(feedback.arm, feedback.reward);
  }

  /** The posterior of each arm's mean: the prior and the rewards, weighted by their precisions. */
  #fill(legal: ArrayLike<number> | undefined, { a, b }: Parameters): void {
    const { arms, noise, priorMean, priorDeviation } = this.#options;
    checkLegal(legal, arms);
    const { counts, means } = this.#arms;
    const priorPrecision = 1 / (priorDeviation * priorDeviation);
    const rewardPrecision = 1 / (noise * noise);
    for (let i = 0; i < arms; i += 1) {
      const evidence = (counts[i] as number) * rewardPrecision;
      const precision = priorPrecision + evidence;
      const mean = (priorPrecision * priorMean + evidence * (means[i] as number)) / precision;
      a[i] = isLegal(legal, i) ? mean : Number.NaN;
      b[i] = Math.sqrt(1 / precision);
    }
  }

  snapshot(): Snapshot {
    const tensors = { ...this.#arms.tensors(), rng: rngTensor(this.#rng) };
    return { kind: this.kind, version: 1, config: this.#options, tensors };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `NOT_FINITE` or `USAGE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): GaussianThompson {
    checkSnapshot(snapshot, 'gaussian-thompson', 1);
    const options = takeNumbers(snapshot, 'arms', 'noise', 'priorMean', 'priorDeviation', 'discount');
    const bandit = new GaussianThompson(options);
    bandit.#resume(snapshot);
    return bandit;
  }

  #resume(snapshot: Snapshot): void {
    this.#arms.resume(snapshot);
    this.#rng = takeRng(snapshot);
  }
}
