/** Numbers that JSON can hold. */
export type GamblersSnapshot = {
  readonly drift: number;
  readonly seen: number;
  readonly logDesigned: number;
  readonly logAdaptive: number;
  readonly logPeak: number;
};

/** Rare decisions after which the adaptive gambler has forgotten half of what it knew, about. */
const MEMORY = 500;
/** Part of the largest bet that cannot go bankrupt. */
const CAUTION = 0.5;

/**
 * Two gamblers who bet that z has a mean above 0, half of the capital each: one for the effect that is looked for, one
 * for what it has lately seen. Their bets are fixed before z is known and never more than they have, so that under the
 * hypothesis that z has no such mean their capital passes 1 / alpha with a probability of at most alpha, ever (Ville
 * 1939; Waudby-Smith & Ramdas 2024, Estimating means of bounded random variables by betting). The second forgets, or a
 * model that was good for long would not be found out when it is no more.
 */
export class Gamblers {
  readonly #effect: number;
  /** Recent mean of z. */
  #drift = 0;
  #seen = 0;
  #logDesigned = 0;
  #logAdaptive = 0;
  #logPeak = 0;

  constructor(effect: number) {
    this.#effect = effect;
  }

  /** Logarithm of the capital now. */
  get logValue(): number {
    const [a, b] = [this.#logDesigned, this.#logAdaptive];
    const top = Math.max(a, b);
    return top + Math.log((Math.exp(a - top) + Math.exp(b - top)) / 2);
  }

  /** The smallest alpha at which `rejects`. */
  get pValue(): number {
    return Math.exp(-this.#logPeak);
  }

  /** Whether the capital ever passed 1 / alpha. */
  rejects(alpha: number): boolean {
    return this.#logPeak >= -Math.log(alpha);
  }

  /**
   * One bet. All but z was known before.
   * @param variance what z is taken to vary by @param worst z is never below -worst @param rare how much of a decision
   * that tells something this one is, 0 to 1
   * @returns the logarithm of the capital
   */
  play(z: number, variance: number, worst: number, rare: number): number {
    const [effect, drift, most] = [this.#effect, this.#drift, CAUTION / worst];
    const designed = Math.min(most, effect / (variance + effect * effect));
    const adaptive = drift <= 0 ? 0 : Math.min(most, drift / (variance + drift * drift));
    this.#logDesigned += Math.log1p(designed * z);
    this.#logAdaptive += Math.log1p(adaptive * z);
    this.#seen += 1;
    this.#drift += Math.max(1 / (this.#seen + 1 / rare), rare / MEMORY) * (z - drift);
    const logValue = this.logValue;
    if (logValue > this.#logPeak) this.#logPeak = logValue;
    return logValue;
  }

  snapshot(): GamblersSnapshot {
    return {
      ...{ drift: this.#drift, seen: this.#seen, logPeak: this.#logPeak },
      ...{ logDesigned: this.#logDesigned, logAdaptive: this.#logAdaptive },
    };
  }

  /** Goes on where a snapshot was taken. */
  adopt({ drift, seen, logDesigned, logAdaptive, logPeak }: GamblersSnapshot): void {
    this.#drift = drift;
    this.#seen = seen;
    this.#logDesigned = logDesigned;
    this.#logAdaptive = logAdaptive;
    this.#logPeak = logPeak;
  }
}
