import { numberWithin, type Snapshot, wholeNumber } from '../../contract/index.ts';
import { checkLoss, putState, takeState, type WarningDetector } from './detector.ts';

/** Every field has a default. */
export type DdmOptions = {
  /** Values before the first verdict; 30. */
  readonly warmStart?: number;
  /** Standard deviations above the best error rate that are suspicious; 2. */
  readonly warningThreshold?: number;
  /** Standard deviations above the best error rate that are a change; 3. */
  readonly driftThreshold?: number;
};

const KIND = 'ddm';

/** What it knows before the first value. */
const START = {
  count: 0,
  rate: 0,
  /** Rate and its deviation when their sum was lowest. */
  bestRate: Number.MAX_VALUE,
  bestDeviation: Number.MAX_VALUE,
  isWarning: false,
  isChange: false,
};

/**
 * Drift detection method (Gama, Medas, Castillo, Rodrigues 2004): the error rate of a learner falls while the world
 * stays as it is, so an error rate some deviations above its lowest is a change. Values are errors (1) and hits (0).
 */
export class Ddm implements WarningDetector {
  readonly kind = KIND;
  readonly #options: Required<DdmOptions>;
  #state = { ...START };

  /** @throws PilotfishError `USAGE` for options out of range. */
  constructor({ warmStart = 30, warningThreshold = 2, driftThreshold = 3 }: DdmOptions = {}) {
    this.#options = {
      warmStart: wholeNumber('warmStart', warmStart, [1, 1e9]),
      driftThreshold: numberWithin('driftThreshold', driftThreshold, [0, 1e6]),
      warningThreshold: numberWithin('warningThreshold', warningThreshold, [0, driftThreshold]),
    };
  }

  get isWarning(): boolean {
    return this.#state.isWarning;
  }

  update(value: number): boolean {
    checkLoss(value);
    if (this.#state.isChange) this.reset();
    const state = this.#state;
    state.count += 1;
    state.rate += (1 / state.count) * (value - state.rate);
    const rate = state.rate;
    const deviation = Math.sqrt(Math.max(0, rate * (1 - rate)) / state.count);
    const { warmStart, warningThreshold, driftThreshold } = this.#options;
    if (state.count <= warmStart) return false;
    if (rate + deviation <= state.bestRate + state.bestDeviation) {
      state.bestRate = rate;
      state.bestDeviation = deviation;
    }
    state.isChange = rate + deviation > state.bestRate + driftThreshold * state.bestDeviation;
    state.isWarning =
      !state.isChange && rate + deviation > state.bestRate + warningThreshold * state.bestDeviation;
    return state.isChange;
  }

  reset(): void {
    this.#state = { ...START };
  }

  snapshot(): Snapshot {
    return putState(KIND, this.#options, this.#state);
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION` or `USAGE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): Ddm {
    const state = takeState(snapshot, KIND, START);
    const detector = new Ddm(snapshot.config);
    detector.#state = state;
    return detector;
  }
}
