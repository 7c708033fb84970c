import { PilotfishError } from '../../../base/index.ts';
import {
  numberWithin,
  type Snapshot,
  takeFloats,
  takeNumbers,
  takeTensor,
  wholeNumber,
} from '../../contract/index.ts';
import { Buckets } from './buckets.ts';
import { type ChangeDetector, checkSignal, putState, takeState } from './detector.ts';

/** Every field has a default. */
export type AdwinOptions = {
  /** Chance of a wrong change that each look allows; 0.002. */
  readonly delta?: number;
  /** Values between two looks; 32. */
  readonly clock?: number;
  /** Buckets of each size, 2 to 100: more give finer cuts; 5. */
  readonly maxBuckets?: number;
  /** Fewest values on either side of a cut; 5. */
  readonly minWindowLength?: number;
  /** Values before the first look; 10. */
  readonly gracePeriod?: number;
};

const KIND = 'adwin';

/** What it knows before the first value. */
const START = { width: 0, total: 0, squares: 0, tick: 0, isChange: false };

/**
 * Adaptive windowing (Bifet, Gavaldà, "Learning from time-changing data with adaptive windowing", 2007, ADWIN2): keeps
 * as many of the last values as have one mean, in buckets of doubling sizes, and lets go of the oldest while any cut
 * of the window splits it into means further apart than chance allows. Values of any scale.
 *
 * Every cut between buckets is looked at, as in River 0.26. River 0.19 left out the newest bucket of each size, and
 * finds the change in its own test 32 values later.
 *
 * A value costs about 60 ns: half for the look at some hundred cuts every 32 values (their divisions and roots; the
 * logarithm, the same for all, is taken once a look), a quarter for joining buckets.
 */
export class Adwin implements ChangeDetector {
  readonly kind = KIND;
  readonly #options: Required<AdwinOptions>;
  readonly #buckets: Buckets;
  #state = { ...START };

  /** @throws PilotfishError `USAGE` for options out of range. */
  constructor(options: AdwinOptions = {}) {
    const { delta = 0.002, clock = 32, maxBuckets = 5, minWindowLength = 5, gracePeriod = 10 } = options;
    this.#options = {
      delta: numberWithin('delta', delta, [1e-300, 1]),
      clock: wholeNumber('clock', clock, [1, 1e9]),
      maxBuckets: wholeNumber('maxBuckets', maxBuckets, [2, 100]),
      minWindowLength: wholeNumber('minWindowLength', minWindowLength, [1, 1e9]),
      gracePeriod: wholeNumber('gracePeriod', gracePeriod, [0, 1e9]),
    };
    this.#buckets = new Buckets(maxBuckets);
  }

  /** Values in the window. */
  get width(): number {
    return this.#state.width;
  }

  /** Mean of the window; 0 when it is empty. */
  get mean(): number {
    return this.#state.width === 0 ? 0 : this.#state.total / this.#state.width;
  }

  /** Variance of the values in the window; 0 when it is empty. */
  get variance(): number {
    return this.#state.width === 0 ? 0 : this.#state.squares / this.#state.width;
  }

  update(value: number): boolean {
    checkSignal(value);
    if (this.#state.isChange) this.reset();
    const state = this.#state;
    if (state.width > 0) {
      const gap = value - state.total / state.width;
      state.squares += (state.width * gap * gap) / (state.width + 1);
    }
    state.width += 1;
    state.total += value;
    state.tick += 1;
    this.#buckets.add(value);
    const { clock, gracePeriod } = this.#options;
    if (state.tick % clock !== 0 || state.width <= gracePeriod) return false;
    while (this.#hasCut()) {
      this.#dropOldest();
      state.isChange = true;
    }
    return state.isChange;
  }

  /** Whether some cut between two buckets parts the window into different means. */
  #hasCut(): boolean {
    const { sums, counts, rows } = this.#buckets;
    const { width, total, squares } = this.#state;
    const shortest = this.#options.minWindowLength;
    const chance = Math.log((2 * Math.log(width)) / this.#options.delta);
    const variance = squares / width;
    let older = 0;
    let olderSum = 0;
    for (let row = rows - 1; row >= 0; row -= 1) {
      const size = 2 ** row;
      const start = this.#buckets.start(row);
      for (let at = start; at < start + (counts[row] as number); at += 1) {
        older += size;
        olderSum += sums[at] as number;
        const newer = width - older;
        if (newer < shortest) return false;
        if (older < shortest) continue;
        const gap = Math.abs(olderSum / older - (total - olderSum) / newer);
        const harmonic = 1 / (older - shortest + 1) + 1 / (newer - shortest + 1);
        if (gap > Math.sqrt(2 * harmonic * variance * chance) + (2 / 3) * chance * harmonic) return true;
      }
    }
    return false;
  }

  #dropOldest(): void {
    const state = this.#state;
    const buckets = this.#buckets;
    const size = 2 ** (buckets.rows - 1);
    const at = buckets.start(buckets.rows - 1);
    const sum = buckets.sums[at] as number;
    state.width -= size;
    state.total -= sum;
    const gap = sum / size - state.total / state.width;
    const between = (size * state.width * gap * gap) / (size + state.width);
    // Rounding may leave less than nothing.
    state.squares = Math.max(0, state.squares - (buckets.squares[at] as number) - between);
    buckets.dropOldest();
  }

  reset(): void {
    this.#state = { ...START };
    this.#buckets.clear();
  }

  snapshot(): Snapshot {
    const { rows } = this.#buckets;
    const used = this.#buckets.start(rows);
    const tensors = {
      counts: { shape: [rows], data: this.#buckets.counts.slice(0, rows) },
      sums: { shape: [used], data: this.#buckets.sums.slice(0, used) },
      squares: { shape: [used], data: this.#buckets.squares.slice(0, used) },
    };
    return { ...putState(KIND, { ...this.#options, rows }, this.#state), tensors };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `NOT_FINITE` or `USAGE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): Adwin {
    const state = takeState(snapshot, KIND, START);
    const detector = new Adwin(snapshot.config);
    const { rows } = takeNumbers(snapshot, 'rows');
    detector.#buckets.fill(
      takeTensor<Uint8Array>(snapshot, 'counts', { type: Uint8Array, shape: [rows] }),
      takeFloats(snapshot, 'sums', [detector.#buckets.start(rows)]),
      takeFloats(snapshot, 'squares', [detector.#buckets.start(rows)]),
    );
    if (detector.#buckets.width !== state.width)
      throw new PilotfishError('DAMAGED', 'the window holds other values than it says; start a new detector');
    detector.#state = state;
    return detector;
  }
}
