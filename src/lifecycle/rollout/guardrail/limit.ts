import { RunningMoments, type SavedMoments } from '../../../learn/index.ts';
import { Gamblers, type GamblersSnapshot } from './gamblers.ts';
import { expectedVariance, PRIOR_VARIANCE } from './prior.ts';

export type LimitOptions = {
  /** Bounds of what is observed; larger is worse. */
  readonly low: number;
  readonly high: number;
  /** What the mean may come to; strictly between the bounds. */
  readonly limit: number;
  /** How far beyond the limit is to be found soon. */
  readonly effect: number;
};

export type LimitSnapshot = { readonly model: SavedMoments; readonly bets: GamblersSnapshot };

/**
 * Is the mean beyond a limit, whatever the rule comes to? An e-process like `HarmProcess`, of the model alone.
 * `BettingEProcess` of `learn` bets on the mean of all it saw; here a model that was good for long must be found out soon.
 */
export class LimitProcess {
  readonly #options: LimitOptions;
  #model = new RunningMoments();
  readonly #bets: Gamblers;

  constructor(options: LimitOptions) {
    this.#options = options;
    this.#bets = new Gamblers(options.effect);
  }

  /** The smallest alpha at which `rejects`. */
  get pValue(): number {
    return this.#bets.pValue;
  }

  rejects(alpha: number): boolean {
    return this.#bets.rejects(alpha);
  }

  /** One decision of the model; values beyond the bounds count as the bound. */
  add(value: number): void {
    const { low, high, limit } = this.#options;
    const y = Math.max(low, Math.min(value, high));
    const variance = expectedVariance(this.#model, PRIOR_VARIANCE * (high - low) ** 2);
    this.#bets.play(y - limit, variance, limit - low, 1);
    this.#model.add(y);
  }

  snapshot(): LimitSnapshot {
    return { model: this.#model.snapshot(), bets: this.#bets.snapshot() };
  }

  /** Goes on where a snapshot of the same options was taken. */
  adopt({ model, bets }: LimitSnapshot): void {
    this.#model = RunningMoments.restore(model);
    this.#bets.adopt(bets);
  }
}
