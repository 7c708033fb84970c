import { wholeNumber } from '../../contract/index.ts';
import { quantile } from '../../stats/index.ts';
import type { Pruner } from './pruner.ts';

/** Complete trials remembered a step. */
const maxRemembered = 512;

/** Options of the median rule; every field has a default. */
export type MedianOptions = {
  /** Complete trials before anything is pruned; 5. */
  readonly startupTrials?: number;
  /** No trial is pruned before this step; 0. */
  readonly warmupSteps?: number;
};

type Running = { best: number; readonly reports: [step: number, value: number][] };

/**
 * The median rule (Golovin et al., "Google Vizier", 2017): a trial stops when the best it has reported is worse
 * than the median of what complete trials reported at the same step. Remembers the 512 latest complete trials.
 */
export class MedianPruner implements Pruner {
  readonly #startup: number;
  readonly #warmup: number;
  #complete = 0;
  readonly #running = new Map<number, Running>();
  readonly #byStep = new Map<number, number[]>();

  /** @throws PilotfishError `USAGE` for anything but whole numbers. */
  constructor({ startupTrials = 5, warmupSteps = 0 }: MedianOptions) {
    this.#startup = wholeNumber('startupTrials', startupTrials, [1, 1e9]);
    this.#warmup = wholeNumber('warmupSteps', warmupSteps, [0, 1e9]);
  }

  report(trial: number, step: number, value: number): boolean {
    const running = this.#running.get(trial) ?? { best: Infinity, reports: [] };
    this.#running.set(trial, running);
    running.best = Math.min(running.best, value);
    running.reports.push([step, value]);
    const others = this.#byStep.get(step);
    if (this.#complete < this.#startup || step < this.#warmup || others === undefined) return false;
    return running.best > quantile(others, 0.5);
  }

  finish(trial: number, complete: boolean): void {
    const running = this.#running.get(trial);
    this.#running.delete(trial);
    if (!complete) return;
    for (const [step, value] of running?.reports ?? []) {
      const values = this.#byStep.get(step) ?? [];
      this.#byStep.set(step, values);
      values[values.length < maxRemembered ? values.length : this.#complete % maxRemembered] = value;
    }
    this.#complete += 1;
  }
}
