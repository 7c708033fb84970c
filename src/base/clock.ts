/** Time as an argument: everything that needs it takes a Clock, so that one seed replays a run. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Nanoseconds on a clock that never goes back; only differences mean anything. */
  monotonicNs(): bigint;
  /** The same clock in milliseconds, as a fraction: coarser by rounding, but nothing is allocated. */
  monotonicMs(): number;
  /** Calls `task` every `intervalMs` until the returned function is called. Never keeps the process alive. */
  every(intervalMs: number, task: () => void): () => void;
  /** Resolves after timers, signals and messages that are due were served. */
  turn(): Promise<void>;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicNs: () => process.hrtime.bigint(),
  monotonicMs: () => performance.now(),
  every(intervalMs, task) {
    const timer = setInterval(task, intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  },
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};

/** A clock for tests: stands still until `advance` moves it. */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #tasks = new Map<() => void, { intervalMs: number; nextMs: number }>();

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicNs(): bigint {
    return BigInt(Math.round(this.#nowMs * 1e6));
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  every(intervalMs: number, task: () => void): () => void {
    this.#tasks.set(task, { intervalMs, nextMs: this.#nowMs + intervalMs });
    return () => this.#tasks.delete(task);
  }

  turn(): Promise<void> {
    return Promise.resolve();
  }

  /** Moves time on by `ms` and runs what has become due. */
  advance(ms: number): void {
    this.#nowMs += ms;
    for (const [task, due] of this.#tasks) {
      // A task may stop itself.
      while (due.nextMs <= this.#nowMs && this.#tasks.get(task) === due) {
        due.nextMs += due.intervalMs;
        task();
      }
    }
  }
}

/** An ISO 8601 text of a time in milliseconds since the epoch. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
