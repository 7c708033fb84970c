/** Decides from intermediate values whether a trial is worth going on with; lower is better. */
export type Pruner = {
  /** Takes a value of a running trial at a step, steps in rising order; true: stop the trial. */
  report(trial: number, step: number, value: number): boolean;
  /** Forgets a running trial; what a complete one reported is the measure for later ones. */
  finish(trial: number, complete: boolean): void;
};

/** Lets every trial run to its end. */
export const neverPrune: Pruner = { report: () => false, finish: () => undefined };
