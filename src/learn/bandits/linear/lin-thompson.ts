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
import type { Parameters } from '../posterior/argmax-shares.ts';
import { NORMAL, SampledArms } from '../posterior/sampled-arms.ts';
import { LinearArms, type LinearBanditOptions } from './linear-arms.ts';

export type LinThompsonOptions = LinearBanditOptions & {
  /** Standard deviation of one reward around its expectation: scales the posterior. Default 0.5. */
  readonly noise?: number;
};

const NOISE_RANGE = [1e-6, 1e6] as const;

/**
 * Linear Thompson sampling (Agrawal, Goyal 2013): plays the arm whose draw from N(θ·x, noise² x' A^-1 x) is largest.
 * Arms draw independently of each other, also where they share one regression; that keeps propensities computable:
 * a choice's `propensity` is a numerical integral, error below 2e-6, computed when it is read.
 */
export class LinThompson implements Bandit {
  readonly kind = 'lin-thompson';
  readonly #noise: number;
  readonly #sampled: SampledArms;
  #arms: LinearArms;
  #rng: FastRng;

  /** @throws PilotfishError `USAGE` for options out of range, `LIMIT` for more than memory should hold. */
  constructor({ noise = 0.5, ...options }: LinThompsonOptions) {
    this.#noise = numberWithin('noise', noise, NOISE_RANGE);
    this.#arms = new LinearArms(options);
    this.#sampled = new SampledArms(options.arms, NORMAL);
    this.#rng = seededRng(options.seed ?? 0);
  }

  predict(ask: Ask = ALL_LEGAL): Choice {
    this.#fill(ask, this.#sampled.asked);
    return this.#sampled.pick(this.#rng);
  }

  propensities(ask: Ask = ALL_LEGAL): Float64Array {
    this.#fill(ask, this.#sampled.weighed);
    return this.#sampled.propensities();
  }

  learnOne(feedback: Feedback): void {
    this.#arms.learn(feedback);
  }

  #fill(ask: Ask, posterior: Parameters): void {
    this.#arms.measure(ask, posterior);
    const { b } = posterior;
    for (let i = 0; i < b.length; i += 1) b[i] = (b[i] as number) * this.#noise;
  }

  snapshot(): Snapshot {
    const config = { ...this.#arms.options, noise: this.#noise };
    const tensors = { ...this.#arms.tensors(), rng: rngTensor(this.#rng) };
    return { kind: this.kind, version: 1, config, tensors };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `NOT_FINITE`, `LIMIT` or `USAGE` for no such snapshot. */
  static restore(snapshot: Snapshot): LinThompson {
    checkSnapshot(snapshot, 'lin-thompson', 1);
    const arms = LinearArms.restore(snapshot);
    const bandit = new LinThompson({ ...arms.options, noise: takeNumbers(snapshot, 'noise').noise });
    bandit.#resume(arms, takeRng(snapshot));
    return bandit;
  }

  #resume(arms: LinearArms, rng: FastRng): void {
    this.#arms = arms;
    this.#rng = rng;
  }
}
