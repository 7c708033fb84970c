// CUPED: how much of the variance an earlier value takes out.
import { FastRng } from '../../../src/base/index.ts';
import { cupedArms, RunningPairs } from '../../../src/learn/index.ts';

/** The variance left, as a part of what it was, in an experiment of so many units an arm. */
export function varianceLeft(correlation: number, units: number, seed: number): number {
  const rng = new FastRng(seed);
  const [control, treatment] = [new RunningPairs(), new RunningPairs()];
  const own = Math.sqrt(1 - correlation ** 2);
  for (let unit = 0; unit < units; unit += 1) {
    for (const arm of [control, treatment]) {
      const earlier = rng.normal();
      arm.add(correlation * earlier + own * rng.normal(), earlier);
    }
  }
  const adjusted = cupedArms(control, treatment);
  return (
    (adjusted.control.variance + adjusted.treatment.variance) /
    (control.first.variance + treatment.first.variance)
  );
}
