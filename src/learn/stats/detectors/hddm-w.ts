import { numberWithin, type Snapshot } from '../../contract/index.ts';
import { checkLoss, putState, takeState, type WarningDetector } from './detector.ts';
import { checkHddm, type HddmOptions } from './hddm-options.ts';

/** Every field has a default. */
export type HddmWOptions = HddmOptions & {
  /** Weight of the newest value in the moving means, 0 to 1; 0.05. */
  readonly lambda?: number;
};

const KIND = 'hddm-w';

/** A mean before its first value: values are never negative. */
const NONE = -1;

/** What it knows before the first value: exponentially weighted means, and the sums of their squared weights. */
const START = {
  mean: NONE,
  squares: 1,
  /** Mean where the stream is cut to look for a rise, mean since, and the least upper bound so far. */
  lowMean: NONE,
  lowSquares: 1,
  sinceLow: NONE,
  sinceLowSquares: 1,
  lowest: Number.MAX_VALUE,
  /** The same for a fall, with the greatest lower bound. */
  highMean: NONE,
  highSquares: 1,
  sinceHigh: NONE,
  sinceHighSquares: 1,
  highest: -Number.MAX_VALUE,
  isWarning: false,
  isChange: false,
};

/**
 * Drift detection by McDiarmid's bound on a difference of exponentially weighted means (Frías-Blanco et al., "Online
 * and non-parametric drift detection methods based on Hoeffding's bounds", 2014, the W-test). For values in [0, 1];
 * made for gradual changes, and quicker than `HddmA` on abrupt ones; where one value in five is an error it is wrong
 * about once in ten thousand values.
 */
export class HddmW implements WarningDetector {
  readonly kind = KIND;
  readonly #options: Required<HddmWOptions>;
  /** McDiarmid's bound is the root of this times the squared weights. */
  readonly #driftFactor: number;
  readonly #warningFactor: number;
  #state = { ...START };

  /** @throws PilotfishError `USAGE` for options out of range. */
  constructor({ lambda = 0.05, ...options }: HddmWOptions = {}) {
    this.#options = { ...checkHddm(options), lambda: numberWithin('lambda', lambda, [0, 1]) };
    this.#driftFactor = Math.log(1 / this.#options.driftConfidence) / 2;
    this.#warningFactor = Math.log(1 / this.#options.warningConfidence) / 2;
  }

  get isWarning(): boolean {
    return this.#state.isWarning;
  }

  // Numbers that are not whole are passed in fields and not as arguments or answers: those would go on the heap.
  update(value: number): boolean {
    checkLoss(value);
    if (this.#state.isChange) this.reset();
    const state = this.#state;
    const { lambda, isTwoSided } = this.#options;
    if (state.mean === NONE) state.mean = value;
    else state.mean = lambda * value + (1 - lambda) * state.mean;
    state.squares = lambda * lambda + (1 - lambda) ** 2 * state.squares;
    this.#lookForRise(value);
    if (isTwoSided) this.#lookForFall(value);
    state.isChange = this.#hasRisen(false) || this.#hasFallen(false);
    state.isWarning = !state.isChange && (this.#hasRisen(true) || this.#hasFallen(true));
    return state.isChange;
  }

  /** The cut moves to here while the mean is at its lowest; else the value belongs to what came since. */
  #lookForRise(value: number): void {
    const state = this.#state;
    const bound = Math.sqrt(state.squares * this.#driftFactor);
    if (state.mean + bound < state.lowest) {
      state.lowest = state.mean + bound;
      state.lowMean = state.mean;
      state.lowSquares = state.squares;
      state.sinceLow = NONE;
      state.sinceLowSquares = 1;
    } else {
      const { lambda } = this.#options;
      if (state.sinceLow === NONE) state.sinceLow = value;
      else state.sinceLow = lambda * value + (1 - lambda) * state.sinceLow;
      state.sinceLowSquares = lambda * lambda + (1 - lambda) ** 2 * state.sinceLowSquares;
    }
  }

  #lookForFall(value: number): void {
    const state = this.#state;
    const bound = Math.sqrt(state.squares * this.#driftFactor);
    if (state.mean - bound > state.highest) {
      state.highest = state.mean - bound;
      state.highMean = state.mean;
      state.highSquares = state.squares;
      state.sinceHigh = NONE;
      state.sinceHighSquares = 1;
    } else {
      const { lambda } = this.#options;
      if (state.sinceHigh === NONE) state.sinceHigh = value;
      else state.sinceHigh = lambda * value + (1 - lambda) * state.sinceHigh;
      state.sinceHighSquares = lambda * lambda + (1 - lambda) ** 2 * state.sinceHighSquares;
    }
  }

  #hasRisen(isWarning: boolean): boolean {
    const { lowMean, lowSquares, sinceLow, sinceLowSquares } = this.#state;
    const factor = isWarning ? this.#warningFactor : this.#driftFactor;
    return sinceLow !== NONE && sinceLow - lowMean > Math.sqrt((lowSquares + sinceLowSquares) * factor);
  }

  #hasFallen(isWarning: boolean): boolean {
    const { highMean, highSquares, sinceHigh, sinceHighSquares } = this.#state;
    const factor = isWarning ? this.#warningFactor : this.#driftFactor;
    return sinceHigh !== NONE && highMean - sinceHigh > Math.sqrt((highSquares + sinceHighSquares) * factor);
  }

  reset(): void {
    this.#state = { ...START };
  }

  snapshot(): Snapshot {
    return putState(KIND, this.#options, this.#state);
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION` or `USAGE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): HddmW {
    const state = takeState(snapshot, KIND, START);
    const detector = new HddmW(snapshot.config);
    detector.#state = state;
    return detector;
  }
}
