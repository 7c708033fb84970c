import { type Clock, PilotfishError } from '../../../base/index.ts';
import { ksPValue, numberWithin } from '../../../learn/index.ts';

/** How many false alarms the whole system may raise on average while nothing drifts. */
export type AlarmBudget = {
  /**
   * Of a million observations, an observation being one value of every stream: 10. It is shared out over streams, sizes of
   * window and comparisons, so that more features do not mean more alarms.
   */
  readonly alarmsPerMillion?: number;
  /**
   * Of a month of 30 days, however many observations come; no limit of that kind unless given. Over many months: what a
   * quiet month left may be spent in the next, so that 30 days have twice as many at the most.
   */
  readonly alarmsPerMonth?: number;
};

const MILLION = 1e6;
export const MONTH_MS: number = 30 * 86_400_000;
const DEFAULT_PER_MILLION = 10;
/** No comparison may use up more than that: beyond, it would be no evidence. */
const MAX_LEVEL = 0.05;
/** Up to so many pairs an exact p-value is cheap; above, the corrected limit is within a few percent. */
const EXACT_PAIRS = 100_000;
const DISTANCE_DIGITS = 1e-9;

/** @throws PilotfishError `USAGE` for a number that is none. */
export function checkBudget({ alarmsPerMillion = DEFAULT_PER_MILLION, alarmsPerMonth }: AlarmBudget) {
  numberWithin('alarmsPerMillion', alarmsPerMillion, [1e-6, 1e5]);
  if (alarmsPerMonth !== undefined) numberWithin('alarmsPerMonth', alarmsPerMonth, [1e-6, 1e9]);
  return { alarmsPerMillion, alarmsPerMonth };
}

/** What a comparison may spend: its share of the budget, and the p-value that keeps to it. */
export type Level = { readonly share: number; readonly pValue: number };

/**
 * What the comparisons of each size may spend. A window of n values is compared every n / 2, so that with shares in
 * proportion to n / 2 the expected number of alarms is the budget by linearity, however streams depend on each other.
 */
export function levelsOf(alarmsPerMillion: number, { half, sizes, streams, baseline }: Plan): Level[] {
  const perValue = alarmsPerMillion / MILLION / sizes / Math.max(1, streams);
  return Array.from({ length: sizes }, (_, size) => {
    const share = perValue * half * 2 ** size;
    return { share, pValue: pValueOf(share, baseline / (2 * half)) };
  });
}

/** What a stream is compared by. */
export type Plan = {
  readonly half: number;
  readonly sizes: number;
  readonly streams: number;
  /** Values of the baseline. */
  readonly baseline: number;
};

/**
 * Alarms for one comparison that is beyond its p-value, by p-value (rows) and size of the baseline in windows (columns).
 * Below 1, because windows overlap, lie in larger ones and share a baseline: what is beyond once is so again, and a drift
 * that goes on is one alarm. Simulated; it does not depend on what the values are, nor on the size of the window.
 */
const P_VALUES = [1e-2, 1e-3, 1e-4, 1e-5];
const WINDOWS = [0.25, 1, 4, 16];
const ALARMS = [
  [0.09, 0.2, 0.43, 0.55],
  [0.16, 0.37, 0.64, 0.8],
  [0.22, 0.56, 0.72, 0.88],
  [0.34, 0.64, 0.8, 0.92],
];
const STEPS = 20;

/** The p-value of which so many alarms a comparison come; `windows` of the smallest size make up the baseline. */
export function pValueOf(share: number, windows: number): number {
  let pValue = share;
  for (let step = 0; step < STEPS; step += 1) pValue = share / alarmsBeyond(pValue, windows);
  return Math.min(MAX_LEVEL, pValue);
}

/** From the table, between its entries by logarithms; at its ends as at them. */
function alarmsBeyond(pValue: number, windows: number): number {
  const [row, rowPart] = placeOf(pValue, P_VALUES);
  const [column, columnPart] = placeOf(windows, WINDOWS);
  const at = (r: number): number => {
    const [left = 1, right = left] = (ALARMS[r] ?? []).slice(column);
    return left + (right - left) * columnPart;
  };
  const [low, high] = [at(row), at(Math.min(row + 1, P_VALUES.length - 1))];
  return low + (high - low) * rowPart;
}

/** Between which two entries a number lies, and how far from the first to the second. */
function placeOf(value: number, entries: readonly number[]): [number, number] {
  const part = (at: number): number => {
    const [from, to] = [Math.log(entries[at] as number), Math.log(entries[at + 1] as number)];
    return (Math.log(value) - from) / (to - from);
  };
  for (let at = 0; at < entries.length - 1; at += 1) if (part(at) <= 1) return [at, Math.max(0, part(at))];
  return [entries.length - 2, 1];
}

/** The smallest distance of samples of these sizes whose p-value is at most `level`; 1 where only that is. */
export function criticalDistance(sizes: readonly [number, number], level: number): number {
  let [low, high] = [0, 1];
  while (high - low > DISTANCE_DIGITS) {
    const middle = (low + high) / 2;
    if (distancePValue(middle, sizes) <= level) high = middle;
    else low = middle;
  }
  // Distances are multiples of one part: what rounding takes away is given back.
  return high - DISTANCE_DIGITS;
}

/** The p-value of a distance, exact where that is cheap. */
export function distancePValue(distance: number, [n, m]: readonly [number, number]): number {
  return ksPValue(distance, [n, m], n === m || n * m <= EXACT_PAIRS ? 'exact' : 'asymptotic');
}

/** Alarms of a month that were not used up: never more than a month's, so that a quiet year saves nothing for a storm. */
export class MonthlyCredit {
  readonly #perMonth: number;
  readonly #clock: Clock;
  #left: number;
  #atMs: number;

  constructor(perMonth: number, clock: Clock) {
    this.#perMonth = perMonth;
    this.#clock = clock;
    this.#left = perMonth;
    this.#atMs = clock.nowMs();
  }

  get left(): number {
    return this.#left;
  }

  /** Takes what a comparison wants to spend, or what is left of it. @returns the level it may use */
  spend(level: number): number {
    const nowMs = this.#clock.nowMs();
    // A clock that went back earns nothing.
    const earned = (Math.max(0, nowMs - this.#atMs) / MONTH_MS) * this.#perMonth;
    this.#atMs = nowMs;
    this.#left = Math.min(this.#perMonth, this.#left + earned);
    const granted = Math.min(level, this.#left);
    this.#left -= granted;
    return granted;
  }

  /** Goes on where an earlier process was. @throws PilotfishError `DAMAGED`. */
  restore(left: number, atMs: number): void {
    if (!(left >= 0) || !Number.isFinite(atMs)) {
      throw new PilotfishError('DAMAGED', 'the credit of the month is no number: set the baseline anew');
    }
    this.#left = Math.min(left, this.#perMonth);
    this.#atMs = Math.min(atMs, this.#clock.nowMs());
  }
}
