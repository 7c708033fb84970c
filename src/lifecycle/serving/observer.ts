import type { Clock } from '../../base/index.ts';
import type { ModelMonitor } from './monitor/monitor.ts';
import type { ServedModel } from './served-model.ts';

/** Tells a monitor, where there is one, of what a server does. */
export class Observer {
  readonly #monitor: ModelMonitor | undefined;
  readonly #clock: Clock;

  constructor(monitor: ModelMonitor | undefined, clock: Clock) {
    this.#monitor = monitor;
    this.#clock = clock;
  }

  /** When a question came. */
  nowMs(): number {
    return this.#monitor === undefined ? 0 : this.#clock.monotonicMs();
  }

  /** Counts an answer, or that there is none. */
  answer<Result>(model: ServedModel, sinceMs: number, work: Promise<Result>): Promise<Result> {
    return this.#watched(model, sinceMs, { work, isAnswer: true });
  }

  /** Counts only that there is none. */
  failure<Result>(model: ServedModel, sinceMs: number, work: Promise<Result>): Promise<Result> {
    return this.#watched(model, sinceMs, { work, isAnswer: false });
  }

  /** Which version is current, and since when there is one. */
  version({ name, current }: ServedModel): void {
    if (current === undefined) return;
    const createdMs = current.date === undefined ? undefined : Date.parse(current.date);
    this.#monitor?.recordModel(name, { version: current.version, room: current.room, createdMs });
  }

  #watched<Result>(
    { name }: ServedModel,
    sinceMs: number,
    { work, isAnswer }: { readonly work: Promise<Result>; readonly isAnswer: boolean },
  ): Promise<Result> {
    const monitor = this.#monitor;
    // Each step of a promise costs as much as a small model.
    if (monitor === undefined) return work;
    const record = (success: boolean): void =>
      monitor.recordPrediction(name, { success, latencyMs: this.#clock.monotonicMs() - sinceMs });
    return work.then(
      (result) => {
        if (isAnswer) record(true);
        return result;
      },
      (error: unknown) => {
        record(false);
        throw error;
      },
    );
  }
}
