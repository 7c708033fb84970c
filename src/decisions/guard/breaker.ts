import type { Clock } from '../../base/index.ts';
import type { BreakerState } from '../contract/index.ts';

export type BreakerOptions = {
  /** Failures that open the breaker. */
  readonly failures: number;
  /** Successful probes that close it again. */
  readonly probes: number;
  /** How long it stays open the first time, in milliseconds; doubled at each failed probe. */
  readonly coolingMs: number;
  readonly maxCoolingMs: number;
};

/** The numbers of document 000; the longest rest is ours. */
export const BREAKER_DEFAULTS: BreakerOptions = {
  failures: 5,
  probes: 2,
  coolingMs: 60_000,
  maxCoolingMs: 600_000,
};

/**
 * Circuit breaker (Nygard, Release It!, 2007): after `failures` failures the model rests for `coolingMs`, then single
 * asks probe it, and `probes` successes in a row bring it back. It recovers by being asked; nothing else is needed.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  readonly #clock: Clock;
  #state: BreakerState = 'closed';
  #failures = 0;
  #successes = 0;
  #openUntilMs = 0;
  #coolingMs: number;
  /** Times it opened. */
  opened = 0;

  constructor(clock: Clock, options: BreakerOptions = BREAKER_DEFAULTS) {
    this.#clock = clock;
    this.#options = options;
    this.#coolingMs = options.coolingMs;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether the model may be asked now. After the rest the asker becomes the probe: report what came of it. */
  allows(): boolean {
    // Closed is the hot path: it does not look at the clock.
    if (this.#state !== 'open') return true;
    if (this.#clock.monotonicMs() < this.#openUntilMs) return false;
    this.#state = 'half-open';
    this.#successes = 0;
    return true;
  }

  success(): void {
    if (this.#state === 'closed') {
      if (this.#failures > 0) this.#failures -= 1;
      return;
    }
    this.#successes += 1;
    if (this.#successes >= this.#options.probes) this.reset();
  }

  /** @param count how many failures it was worth. */
  failure(count = 1): void {
    this.#failures += count;
    if (this.#state === 'half-open') {
      this.#coolingMs = Math.min(2 * this.#coolingMs, this.#options.maxCoolingMs);
      this.#open();
    } else if (this.#failures >= this.#options.failures) this.#open();
  }

  /** Opens at once: the veto of whoever watches the results. */
  veto(): void {
    this.#open();
  }

  /** Closed, nothing remembered: a new model was installed, or someone says so. */
  reset(): void {
    this.#state = 'closed';
    this.#failures = 0;
    this.#coolingMs = this.#options.coolingMs;
  }

  #open(): void {
    this.#state = 'open';
    this.#openUntilMs = this.#clock.monotonicMs() + this.#coolingMs;
    this.opened += 1;
  }
}
