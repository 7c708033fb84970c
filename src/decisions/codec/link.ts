/** Weight of the newest receipt in the estimate. */
const NEWEST_WEIGHT = 0.25;

/**
 * The rate of a link nobody told about, learnt from what was sent over it: an exponentially weighted mean of seconds
 * per bit, so that a long slow stretch counts for as long as it lasted.
 */
export class LinkEstimator {
  #secondsPerBit = 0;

  /** Bits per second; 0 before the first receipt. */
  get bitsPerSecond(): number {
    return this.#secondsPerBit === 0 ? 0 : 1 / this.#secondsPerBit;
  }

  /** A receipt: so many bytes took so many seconds. What is not positive and finite is left out. */
  observe(bytes: number, seconds: number): void {
    const secondsPerBit = seconds / (8 * bytes);
    if (!(secondsPerBit > 0 && Number.isFinite(secondsPerBit))) return;
    this.#secondsPerBit +=
      this.#secondsPerBit === 0 ? secondsPerBit : NEWEST_WEIGHT * (secondsPerBit - this.#secondsPerBit);
  }
}
