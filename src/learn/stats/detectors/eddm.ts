import { numberWithin, type Snapshot, wholeNumber } from '../../contract/index.ts';
import { checkLoss, putState, takeState, type WarningDetector } from './detector.ts';

/** Every field has a default. */
export type EddmOptions = {
  /** Errors before the first verdict; 30. */
  readonly warmStart?: number;
  /** Share of the largest distance between errors below which it is suspicious; 0.95. */
  readonly alpha?: number;
  /** Share of the largest distance between errors below which it is a change; 0.9. */
  readonly beta?: number;
};

const KIND = 'eddm';

/** What it knows before the first value. */
const START = {
  count: 0,
  errors: 0,
  lastError: 0,
  mean: 0,
  squares: 0,
  largest: -1,
  isWarning: false,
  isChange: false,
};

/**
 * Early drift detection method (Baena-García et al. 2006): watches how many values lie between two errors, mean plus
 * two deviations, against the largest that was. Sooner than `Ddm` for slow changes, and far more often wrong: the
 * largest comes from a noisy start, so that the first hundreds of values of a stream without a change often pass for
 * one. Only a value of exactly 1 is an error.
 */
export class Eddm implements WarningDetector {
  readonly kind = KIND;
  readonly #options: Required<EddmOptions>;
  #state = { ...START };

  /** @throws PilotfishError `USAGE` for options out of range. */
  constructor({ warmStart = 30, alpha = 0.95, beta = 0.9 }: EddmOptions = {}) {
    this.#options = {
      warmStart: wholeNumber('warmStart', warmStart, [1, 1e9]),
      alpha: numberWithin('alpha', alpha, [0, 1]),
      beta: numberWithin('beta', beta, [0, alpha]),
    };
  }

  get isWarning(): boolean {
    return this.#state.isWarning && !this.#state.isChange;
  }

  update(value: number): boolean {
    checkLoss(value);
    if (this.#state.isChange) this.reset();
    const state = this.#state;
    state.count += 1;
    if (value !== 1) return false;
    state.errors += 1;
    const distance = state.count - state.lastError;
    const gap = distance - state.mean;
    state.mean += (1 / state.errors) * gap;
    state.squares += gap * (distance - state.mean);
    state.lastError = state.count;
    if (state.count > this.#options.warmStart) this.#judge();
    return state.isChange;
  }

  #judge(): void {
    const state = this.#state;
    const { warmStart, alpha, beta } = this.#options;
    const variance = state.errors > 1 ? state.squares / (state.errors - 1) : 0;
    const reach = state.mean + 2 * Math.sqrt(variance);
    if (reach > state.largest) state.largest = reach;
    else if (state.errors > warmStart) {
      const level = reach / state.largest;
      state.isChange = level < beta;
      state.isWarning = level < alpha;
    }
  }

  reset(): void {
    this.#state = { ...START };
  }

  snapshot(): Snapshot {
    return putState(KIND, this.#options, this.#state);
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION` or `USAGE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): Eddm {
    const state = takeState(snapshot, KIND, START);
    const detector = new Eddm(snapshot.config);
    detector.#state = state;
    return detector;
  }
}
