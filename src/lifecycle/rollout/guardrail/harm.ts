import { PilotfishError } from '../../../base/index.ts';
import { RunningMoments, type SavedMoments } from '../../../learn/index.ts';
import { LEAST_PART, METRIC_RANGE } from '../plan/plan.ts';
import { Gamblers, type GamblersSnapshot } from './gamblers.ts';
import { expectedMean, expectedVariance, PRIOR_VARIANCE } from './prior.ts';

export type HarmOptions = {
  /** Bounds of what is observed; larger is worse. */
  readonly low: number;
  readonly high: number;
  /** Harm that is tolerated: the mean under the model less the mean under the rule. */
  readonly margin: number;
  /** Harm beyond the margin that is to be found soon; others are found too, later. */
  readonly effect: number;
};

export type HarmSnapshot = {
  readonly model: SavedMoments;
  readonly rule: SavedMoments;
  readonly bets: GamblersSnapshot;
};

/**
 * Is the model worse than the rule that serves beside it? An e-process for the hypothesis that it is not, valid at every
 * look: whoever acts when it passes 1 / alpha acts wrongly with a probability of at most alpha, ever.
 *
 * Each decision is given to the model with a known probability p, so that z = (y - c) / p under the model and
 * -(y - c) / (1 - p) under the rule has the difference of the means for mean, whatever centre c was fixed before and
 * however both means wander (Waudby-Smith, Wu, Ramdas, Karampatziakis, Mineiro 2024, Anytime-valid off-policy inference
 * for contextual bandits). On z - margin being above 0 is betted; the capital is the evidence.
 */
export class HarmProcess {
  readonly #options: HarmOptions;
  readonly #model = new RunningMoments();
  readonly #rule = new RunningMoments();
  readonly #bets: Gamblers;

  /** @throws PilotfishError `USAGE` for bounds, a margin or an effect that make no sense. */
  constructor(options: HarmOptions) {
    const { low, high, margin, effect } = options;
    const range = high - low;
    const isRange = range >= METRIC_RANGE.least && range <= METRIC_RANGE.most;
    const isSound = isRange && margin >= 0 && margin < range && effect > 0;
    if (!isSound || effect > range) {
      throw new PilotfishError(
        'USAGE',
        `harm in [${low}, ${high}] with margin ${margin} and effect ${effect} cannot be watched: give finite bounds, 0 <= margin < range and 0 < effect <= range`,
      );
    }
    this.#options = options;
    this.#bets = new Gamblers(effect);
  }

  /** Observations under the model. */
  get modelCount(): number {
    return this.#model.count;
  }

  get ruleCount(): number {
    return this.#rule.count;
  }

  get modelMean(): number {
    return this.#model.mean;
  }

  get ruleMean(): number {
    return this.#rule.mean;
  }

  /** Logarithm of the evidence now. */
  get logValue(): number {
    return this.#bets.logValue;
  }

  /** The smallest alpha at which `rejects`. */
  get pValue(): number {
    return this.#bets.pValue;
  }

  /** Whether the evidence ever passed 1 / alpha. */
  rejects(alpha: number): boolean {
    return this.#bets.rejects(alpha);
  }

  /**
   * One decision: who made it, the probability of the model to make it, and what it came to. Values beyond the bounds
   * count as the bound: what is tested is the mean of what is so cut.
   * @returns the logarithm of the evidence @throws PilotfishError `NOT_FINITE`, `USAGE` for a propensity next to 0 or 1.
   */
  add(isModel: boolean, propensity: number, value: number): number {
    if (!Number.isFinite(value))
      throw new PilotfishError(
        'NOT_FINITE',
        'what is observed must be a finite number: leave out what is unknown',
      );
    if (!(propensity >= LEAST_PART && propensity <= 1 - LEAST_PART)) {
      throw new PilotfishError(
        'USAGE',
        `a propensity of ${propensity} compares nothing: it lies between 0 and 1, ${LEAST_PART} away from both`,
      );
    }
    const { low, high, margin } = this.#options;
    const [model, rule, p] = [this.#model, this.#rule, propensity];
    const y = Math.max(low, Math.min(value, high));
    const centre = this.#centre(p);
    const z = (isModel ? (y - centre) / p : (centre - y) / (1 - p)) - margin;
    const prior = PRIOR_VARIANCE * (high - low) ** 2;
    const variance = expectedVariance(model, prior) / p + expectedVariance(rule, prior) / (1 - p);
    const worst = margin + Math.max((centre - low) / p, (high - centre) / (1 - p));
    const logValue = this.#bets.play(z, variance, worst, Math.min(p, 1 - p));
    (isModel ? model : rule).add(y);
    return logValue;
  }

  snapshot(): HarmSnapshot {
    return { model: this.#model.snapshot(), rule: this.#rule.snapshot(), bets: this.#bets.snapshot() };
  }

  /** Goes on where a snapshot of the same options was taken. @throws PilotfishError `DAMAGED`. */
  static restore(options: HarmOptions, { model, rule, bets }: HarmSnapshot): HarmProcess {
    const process = new HarmProcess(options);
    process.#model.merge(RunningMoments.restore(model));
    process.#rule.merge(RunningMoments.restore(rule));
    process.#bets.adopt(bets);
    return process;
  }

  /** Where z varies least: near the mean of both, each weighted with the other's share. */
  #centre(p: number): number {
    const { low, high } = this.#options;
    const [model, rule] = [this.#model, this.#rule];
    const sum = model.count * model.mean + rule.count * rule.mean;
    const pooled = (sum + (low + high) / 2) / (model.count + rule.count + 1);
    return p * expectedMean(rule, pooled) + (1 - p) * expectedMean(model, pooled);
  }
}
