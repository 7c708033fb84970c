import type { Snapshot } from '../../contract/index.ts';
import { checkLoss, putState, takeState, type WarningDetector } from './detector.ts';
import { checkHddm, type HddmOptions } from './hddm-options.ts';

const KIND = 'hddm-a';

/** What it knows before the first value. */
const START = {
  count: 0,
  mean: 0,
  /** Where the stream is cut to look for a rise: count and mean up to there. */
  lowCount: 0,
  lowMean: 0,
  /** The same for a fall. */
  highCount: 0,
  highMean: 0,
  isWarning: false,
  isChange: false,
};

/**
 * Drift detection by Hoeffding's bound on a difference of means (Frías-Blanco et al., "Online and non-parametric drift
 * detection methods based on Hoeffding's bounds", 2014, the A-test): has the mean moved since the best place to cut the
 * stream by more than chance allows? For values in [0, 1]; made for abrupt changes.
 */
export class HddmA implements WarningDetector {
  readonly kind = KIND;
  readonly #options: Required<HddmOptions>;
  #state = { ...START };

  /** @throws PilotfishError `USAGE` for options out of range. */
  constructor(options: HddmOptions = {}) {
    this.#options = checkHddm(options);
  }

  get isWarning(): boolean {
    return this.#state.isWarning;
  }

  update(value: number): boolean {
    checkLoss(value);
    if (this.#state.isChange) this.reset();
    const state = this.#state;
    state.count += 1;
    state.mean += (1 / state.count) * (value - state.mean);
    this.#moveCuts();
    const { driftConfidence, warningConfidence } = this.#options;
    state.isChange = this.#hasMoved(driftConfidence);
    state.isWarning = !state.isChange && this.#hasMoved(warningConfidence);
    return state.isChange;
  }

  /** A cut moves to here when the mean up to here, give or take its bound, is the most extreme so far. */
  #moveCuts(): void {
    const state = this.#state;
    const { count, mean } = state;
    const bound = this.#bound(count);
    if (state.lowCount === 0 || state.lowMean + this.#bound(state.lowCount) >= mean + bound) {
      state.lowCount = count;
      state.lowMean = mean;
    }
    if (state.highCount === 0 || state.highMean - this.#bound(state.highCount) <= mean - bound) {
      state.highCount = count;
      state.highMean = mean;
    }
  }

  #bound(count: number): number {
    return Math.sqrt((1 / (2 * count)) * Math.log(1 / this.#options.driftConfidence));
  }

  #hasMoved(confidence: number): boolean {
    const { count, mean, lowCount, lowMean, highCount, highMean } = this.#state;
    if (lowCount !== count && mean - lowMean >= allowed(lowCount, count, confidence)) return true;
    if (!this.#options.isTwoSided || highCount === count) return false;
    return highMean - mean >= allowed(highCount, count, confidence);
  }

  reset(): void {
    this.#state = { ...START };
  }

  snapshot(): Snapshot {
    return putState(KIND, this.#options, this.#state);
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION` or `USAGE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): HddmA {
    const state = takeState(snapshot, KIND, START);
    const detector = new HddmA(snapshot.config);
    detector.#state = state;
    return detector;
  }
}

/** How far the mean of `count` values may lie from that of the first `cut` of them. */
function allowed(cut: number, count: number, confidence: number): number {
  const share = ((count - cut) / cut) * (1 / count);
  return Math.sqrt((share / 2) * Math.log(2 / confidence));
}
