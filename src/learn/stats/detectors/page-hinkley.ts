import { PilotfishError } from '../../../base/index.ts';
import { numberWithin, type Snapshot, shown, wholeNumber } from '../../contract/index.ts';
import { type ChangeDetector, checkSignal, putState, takeState } from './detector.ts';

/** Every field has a default. */
export type PageHinkleyOptions = {
  /** Values before the first verdict; 30. */
  readonly minInstances?: number;
  /** Changes of the mean that are tolerated, in units of the values; 0.005. */
  readonly delta?: number;
  /** Sum of deviations that is a change, in units of the values; 50. */
  readonly threshold?: number;
  /** What each value leaves of the sums before it; 0.9999. */
  readonly alpha?: number;
  /** Whether a rising mean, a falling one or either is a change; both. */
  readonly direction?: 'up' | 'down' | 'both';
};

const KIND = 'page-hinkley';

/** What it knows before the first value. */
const START = {
  count: 0,
  mean: 0,
  rising: 0,
  falling: 0,
  lowest: Number.MAX_VALUE,
  highest: -1,
  isChange: false,
};
const DIRECTIONS = ['up', 'down', 'both'] as const;

/**
 * Page's cumulative sum test for a change of the mean (Page 1954; Mouss et al. 2004), as River has it: the deviations
 * from the running mean are added up, and a sum that has moved `threshold` away from its extreme is a change. The
 * threshold is in units of the values: scale them, or it.
 */
export class PageHinkley implements ChangeDetector {
  readonly kind = KIND;
  readonly #options: Required<PageHinkleyOptions>;
  #state = { ...START };

  /** @throws PilotfishError `USAGE` for options out of range. */
  constructor(options: PageHinkleyOptions = {}) {
    const { minInstances = 30, delta = 0.005, threshold = 50, alpha = 0.9999, direction = 'both' } = options;
    if (!DIRECTIONS.includes(direction))
      throw new PilotfishError('USAGE', `direction is ${shown(direction)}; give 'up', 'down' or 'both'`);
    this.#options = {
      minInstances: wholeNumber('minInstances', minInstances, [1, 1e9]),
      delta: numberWithin('delta', delta, [0, 1e150]),
      threshold: numberWithin('threshold', threshold, [0, 1e150]),
      alpha: numberWithin('alpha', alpha, [0, 1]),
      direction,
    };
  }

  update(value: number): boolean {
    checkSignal(value);
    if (this.#state.isChange) this.reset();
    const state = this.#state;
    const { minInstances, delta, threshold, alpha, direction } = this.#options;
    state.count += 1;
    state.mean += (1 / state.count) * (value - state.mean);
    const deviation = value - state.mean;
    state.rising = alpha * state.rising + deviation - delta;
    state.falling = alpha * state.falling + deviation + delta;
    state.lowest = Math.min(state.lowest, state.rising);
    state.highest = Math.max(state.highest, state.falling);
    if (state.count < minInstances) return false;
    const up = direction !== 'down' && state.rising - state.lowest > threshold;
    const down = direction !== 'up' && state.highest - state.falling > threshold;
    state.isChange = up || down;
    return state.isChange;
  }

  reset(): void {
    this.#state = { ...START };
  }

  snapshot(): Snapshot {
    return putState(KIND, this.#options, this.#state);
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION` or `USAGE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): PageHinkley {
    const state = takeState(snapshot, KIND, START);
    const detector = new PageHinkley(snapshot.config);
    detector.#state = state;
    return detector;
  }
}
