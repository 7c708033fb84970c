import type { Clock } from '../../../base/index.ts';

/** One comparison of a window with the baseline. */
export type Evaluation = {
  readonly timeMs: number;
  readonly windowSize: number;
  readonly distance: number;
  /** Whether it was unlikely enough; where it was not, `distance` may be a bound of it. */
  readonly isCertain: boolean;
};

/** Comparisons that are remembered: of windows of 1000 those of the last 140 000 values. */
const KEPT = 512;
const FIELDS = 4;

/** The last comparisons of a stream, and how many there were. */
export class History {
  readonly #ring = new Float64Array(KEPT * FIELDS);
  readonly #clock: Clock;
  #count = 0;
  #alarms = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Comparisons so far. */
  get count(): number {
    return this.#count;
  }

  /** Alarms so far. */
  get alarms(): number {
    return this.#alarms;
  }

  /** Takes the distance at a place of an array, where it need not be put on the heap. */
  add(distances: Float64Array, place: number, windowSize: number, isCertain: boolean): void {
    const at = (this.#count % KEPT) * FIELDS;
    this.#ring[at] = this.#clock.nowMs();
    this.#ring[at + 1] = windowSize;
    this.#ring[at + 2] = distances[place] as number;
    this.#ring[at + 3] = +isCertain;
    this.#count += 1;
  }

  alarm(): void {
    this.#alarms += 1;
  }

  /** Oldest first. */
  entries(): Evaluation[] {
    const kept = Math.min(this.#count, KEPT);
    return Array.from({ length: kept }, (_, i) => this.#at(this.#count - kept + i));
  }

  snapshot(): Float64Array {
    return Float64Array.of(this.#count, this.#alarms, ...this.#ring);
  }

  restore(saved: Float64Array): void {
    if (saved.length !== this.#ring.length + 2) return;
    this.#count = saved[0] as number;
    this.#alarms = saved[1] as number;
    this.#ring.set(saved.subarray(2));
  }

  #at(index: number): Evaluation {
    const at = (index % KEPT) * FIELDS;
    const [timeMs = 0, windowSize = 0, distance = 0, isCertain = 0] = this.#ring.subarray(at, at + FIELDS);
    return { timeMs, windowSize, distance, isCertain: isCertain === 1 };
  }
}
