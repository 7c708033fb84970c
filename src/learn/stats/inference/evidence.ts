import { checkAlpha } from './difference.ts';

/**
 * An e-process: the capital of who bets against a claim. It starts at 1, and while the claim holds it ever reaches
 * 1 / alpha with probability alpha at most (Ville 1939), so the highest it was is what counts.
 */
export abstract class Evidence {
  #logValue = 0;
  #highest = 0;

  /** Values so far. */
  abstract readonly count: number;

  /** Natural logarithm of the capital, now. */
  get logValue(): number {
    return this.#logValue;
  }

  /** Natural logarithm of the most it was. */
  protected get highest(): number {
    return this.#highest;
  }

  /** Smallest alpha at which `rejects`. */
  get pValue(): number {
    return Math.exp(-this.#highest);
  }

  /** Whether the capital has ever reached 1 / alpha. @throws PilotfishError `USAGE` for alpha outside (0, 1). */
  rejects(alpha: number): boolean {
    return this.#highest >= -Math.log(checkAlpha(alpha));
  }

  /** Multiplies the capital. @param logFactor natural logarithm, known to be finite */
  protected grow(logFactor: number): void {
    this.#logValue += logFactor;
    if (this.#logValue > this.#highest) this.#highest = this.#logValue;
  }

  /** Goes on where another was. @returns whether there can be such a one; nothing has changed if not */
  protected adopt({ logValue, highest }: { readonly logValue: number; readonly highest: number }): boolean {
    const isPossible =
      Number.isFinite(logValue) && highest >= Math.max(0, logValue) && highest < Number.POSITIVE_INFINITY;
    if (isPossible) [this.#logValue, this.#highest] = [logValue, highest];
    return isPossible;
  }
}
