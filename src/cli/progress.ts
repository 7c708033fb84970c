import type { Clock } from '../base/index.ts';
import type { Terminal } from './terminal.ts';
import { bytesText, counted, rateText, secondsText } from './text.ts';

/** How far a command is: things done, their bytes, or both. */
export interface Done {
  readonly count?: number;
  readonly bytes?: number;
}

export interface ProgressOptions {
  /** What is counted, in the singular; undefined where only bytes are. */
  readonly noun: string | undefined;
  readonly isQuiet: boolean;
}

/** What percent and time left are about. */
const amountOf = (done: Done): number => done.bytes ?? done.count ?? 0;

/** Between two updates of the line on a terminal, and between two lines without one. */
const LINE_MS = 200;
const PLAIN_MS = 5000;
/** The rate is that of the last seconds: a run speeds up and slows down with what it reads. */
const RATE_WINDOW_MS = 10_000;
const SAMPLE_MS = 500;

interface Sample {
  readonly atMs: number;
  readonly amount: number;
}

/** Shows files, bytes, rate, and with known totals percent and time left. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #options: ProgressOptions;
  readonly #samples: Sample[];
  #lastMs: number;
  #total: Done | undefined;

  constructor(terminal: Terminal, clock: Clock, options: ProgressOptions) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#options = options;
    this.#startMs = clock.nowMs();
    this.#lastMs = this.#startMs;
    this.#samples = [{ atMs: this.#startMs, amount: 0 }];
  }

  /** Whether anything will ever be shown. */
  get isQuiet(): boolean {
    return this.#options.isQuiet;
  }

  get elapsedMs(): number {
    return this.#clock.nowMs() - this.#startMs;
  }

  /** Makes percent and time left known. */
  expect(total: Done): void {
    this.#total = total;
  }

  /** Notes how far the command is; shows it when it is time. */
  update(done: Done): void {
    if (this.isQuiet) return;
    const nowMs = this.#clock.nowMs();
    this.#sample(nowMs, amountOf(done));
    const everyMs = this.#terminal.isInteractive ? LINE_MS : PLAIN_MS;
    if (nowMs - this.#lastMs < everyMs) return;
    this.#lastMs = nowMs;
    this.#terminal.progress(this.#text(done, nowMs));
  }

  #sample(atMs: number, amount: number): void {
    const samples = this.#samples;
    const last = samples.at(-1);
    if (last !== undefined && atMs - last.atMs < SAMPLE_MS) return;
    samples.push({ atMs, amount });
    while (samples.length > 2 && atMs - (samples[0]?.atMs ?? 0) > RATE_WINDOW_MS) samples.shift();
  }

  #rate(done: Done, nowMs: number): number {
    const since = this.#samples[0] ?? { atMs: this.#startMs, amount: 0 };
    const seconds = (nowMs - since.atMs) / 1000;
    return seconds > 0 ? (amountOf(done) - since.amount) / seconds : 0;
  }

  #text(done: Done, nowMs: number): string {
    const { noun } = this.#options;
    const total = this.#total;
    const rate = this.#rate(done, nowMs);
    const parts = noun === undefined ? [] : [counted(done.count ?? 0, noun)];
    if (done.bytes !== undefined) parts.push(ofTotal(done.bytes, total?.bytes), rateText(rate, 1));
    if (total === undefined || amountOf(total) === 0) {
      return [...parts, secondsText((nowMs - this.#startMs) / 1000)].join(', ');
    }
    const share = Math.min(amountOf(done) / amountOf(total), 1);
    const leftSeconds = Math.max(amountOf(total) - amountOf(done), 0) / rate;
    if (Number.isFinite(leftSeconds)) parts.push(`${secondsText(leftSeconds)} left`);
    return [`${Math.floor(share * 100)} %`, ...parts].join(', ');
  }
}

function ofTotal(bytes: number, total: number | undefined): string {
  return total === undefined ? bytesText(bytes) : `${bytesText(bytes)} of ${bytesText(total)}`;
}
