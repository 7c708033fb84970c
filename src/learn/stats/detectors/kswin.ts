import { type FastRng, PilotfishError } from '../../../base/index.ts';
import {
  checkSnapshot,
  numberWithin,
  rngTensor,
  type Snapshot,
  seededRng,
  takeFloats,
  takeNumbers,
  takeRng,
  wholeNumber,
} from '../../contract/index.ts';
import { ksPValue } from '../ks.ts';
import { type ChangeDetector, checkSignal } from './detector.ts';
import { SortedValues } from './sorted-values.ts';

/** Every field has a default. */
export type KswinOptions = {
  /** Chance of a wrong change that each value allows; 0.005. */
  readonly alpha?: number;
  /** Values looked at, 4 to 100 000; 100. */
  readonly windowSize?: number;
  /** The newest of them, compared with as many drawn from the rest; at most half of the window; 30. */
  readonly statSize?: number;
  /** 0. */
  readonly seed?: number;
};

const KIND = 'kswin';

/** Distances up to here are no change, however significant. */
const LEAST_DISTANCE = 0.1;

/**
 * Kolmogorov-Smirnov windowing (Raab, Heusinger, Schleif, "Reactive soft prototype computing for concept drift
 * streams", 2020): a test at every value of the newest values against as many drawn from those before. It tests so
 * often that `alpha` is no rate of false alarms: 0.005 gives one every few hundred values. The draw is our own, so
 * single detections differ from River's, except where the rest of the window is as long as the sample and all is drawn.
 *
 * Both parts are kept in order, and values are drawn in order (Knuth's algorithm S), so that nothing is sorted. The
 * smallest distance that is significant is computed once. Most of the microsecond a value costs is the draw.
 */
export class Kswin implements ChangeDetector {
  readonly kind = KIND;
  readonly #options: Required<KswinOptions>;
  /** The window, oldest at `#next` once it is full. */
  readonly #ring: Float64Array;
  readonly #older: SortedValues;
  readonly #newer: SortedValues;
  readonly #drawn: Float64Array;
  /** Smallest distance that is a change, in steps of 1 / statSize; more than there are when none is. */
  readonly #criticalSteps: number;
  #rng: FastRng;
  #next = 0;
  #filled = 0;
  #isChange = false;

  /** @throws PilotfishError `USAGE` for options out of range. */
  constructor({ alpha = 0.005, windowSize = 100, statSize = 30, seed = 0 }: KswinOptions = {}) {
    wholeNumber('windowSize', windowSize, [4, 100_000]);
    wholeNumber('statSize', statSize, [2, windowSize >> 1]);
    numberWithin('alpha', alpha, [0, 1]);
    this.#rng = seededRng(seed);
    this.#options = { alpha, windowSize, statSize, seed };
    this.#ring = new Float64Array(windowSize);
    this.#older = new SortedValues(windowSize - statSize);
    this.#newer = new SortedValues(statSize);
    this.#drawn = new Float64Array(statSize);
    let steps = Math.floor(LEAST_DISTANCE * statSize) + 1;
    while (steps <= statSize && ksPValue(steps / statSize, [statSize, statSize]) > alpha) steps += 1;
    this.#criticalSteps = steps;
  }

  update(value: number): boolean {
    checkSignal(value);
    if (this.#isChange) this.reset();
    this.#slide(value);
    if (this.#filled < this.#options.windowSize) return false;
    this.#draw();
    this.#isChange = stepsApart(this.#drawn, this.#newer.values) >= this.#criticalSteps;
    return this.#isChange;
  }

  #slide(value: number): void {
    const { windowSize, statSize } = this.#options;
    const at = this.#next;
    this.#next = at + 1 === windowSize ? 0 : at + 1;
    if (this.#filled === windowSize) {
      this.#older.remove(this.#ring[at] as number);
      const turns = this.#ring[(at + windowSize - statSize) % windowSize] as number;
      this.#newer.remove(turns);
      this.#older.insert(turns);
      this.#newer.insert(value);
    } else {
      (this.#filled < windowSize - statSize ? this.#older : this.#newer).insert(value);
      this.#filled += 1;
    }
    this.#ring[at] = value;
  }

  /** Draws as many of the older values as there are newer ones, without replacement and in rising order. */
  #draw(): void {
    const { values, count } = this.#older;
    const wanted = this.#drawn.length;
    let drawn = 0;
    for (let i = 0; drawn < wanted; i += 1) {
      if (this.#rng.nextU32() * (count - i) >= (wanted - drawn) * 2 ** 32) continue;
      this.#drawn[drawn] = values[i] as number;
      drawn += 1;
    }
  }

  /** Forgets the stream; chance goes on. */
  reset(): void {
    this.#older.count = 0;
    this.#newer.count = 0;
    this.#next = 0;
    this.#filled = 0;
    this.#isChange = false;
  }

  snapshot(): Snapshot {
    const { windowSize } = this.#options;
    const oldest = this.#filled === windowSize ? this.#next : 0;
    const data = Float64Array.from(
      { length: this.#filled },
      (_, i) => this.#ring[(oldest + i) % windowSize] as number,
    );
    return {
      kind: KIND,
      version: 1,
      config: { ...this.#options, filled: data.length, isChange: this.#isChange },
      tensors: { values: { shape: [data.length], data }, rng: rngTensor(this.#rng) },
    };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `NOT_FINITE` or `USAGE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): Kswin {
    const { config } = checkSnapshot(snapshot, KIND, 1);
    const { filled } = takeNumbers(snapshot, 'filled');
    const detector = new Kswin(config);
    detector.#resume(takeFloats(snapshot, 'values', [filled]), takeRng(snapshot));
    detector.#isChange = config['isChange'] === true;
    return detector;
  }

  #resume(values: Float64Array, rng: FastRng): void {
    if (values.length > this.#options.windowSize)
      throw new PilotfishError('DAMAGED', 'the window holds more values than fit; start a new detector');
    for (const value of values) this.#slide(value);
    this.#rng = rng;
  }
}

/** The Kolmogorov-Smirnov distance of two sorted samples of one size, times that size: whole numbers are not boxed. */
function stepsApart(first: Float64Array, second: Float64Array): number {
  const size = first.length;
  let [i, j, most] = [0, 0, 0];
  while (i < size && j < size) {
    const at = Math.min(first[i] as number, second[j] as number);
    while (i < size && (first[i] as number) <= at) i += 1;
    while (j < size && (second[j] as number) <= at) j += 1;
    most = Math.max(most, Math.abs(i - j));
  }
  return most;
}
