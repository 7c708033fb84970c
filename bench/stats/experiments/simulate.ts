// Runs experiments to their end and counts which rule stopped them.
import type { Summary } from '../../../src/learn/index.ts';
import { median } from '../../common/statistics.ts';
import type { Arm } from './arms.ts';
import { FIRST_LOOK, type Look, NAIVE_SQUARE, type Rule } from './rules.ts';

export interface Scenario {
  readonly runs: number;
  readonly control: Arm;
  readonly treatment: Arm;
  /** Values of the smaller arm at the end. */
  readonly lastCount: number;
}

/** What became of a rule over all runs. */
export interface Outcome {
  readonly rule: Rule;
  /** Runs it stopped. */
  readonly stopped: number;
  /** Of those, where the treatment looked better. */
  readonly won: number;
  /** Values of the smaller arm when it stopped, those of runs it did not stop at the end; the middle one. */
  readonly medianCount: number;
}

/** What the arms show, where any rule could stop. */
function lookAt(control: Summary, treatment: Summary, isLast: boolean): Look | undefined {
  const effect = treatment.mean - control.mean;
  const variance = control.variance / control.count + treatment.variance / treatment.count;
  const square = effect ** 2 / variance;
  return square > NAIVE_SQUARE ? { control, treatment, effect, variance, square, isLast } : undefined;
}

/** One run: where each rule stopped, signed by the direction; 0 where it did not. */
function runOnce({ control, treatment, lastCount }: Scenario, rules: readonly Rule[]): Float64Array {
  const stops = new Float64Array(rules.length);
  control.clear();
  treatment.clear();
  for (let isLast = false; !isLast; ) {
    control.grow();
    treatment.grow();
    const smaller = Math.min(control.count, treatment.count);
    isLast = smaller >= lastCount;
    if (smaller < FIRST_LOOK) continue;
    const look = lookAt(control.summary(), treatment.summary(), isLast);
    if (look === undefined) continue;
    rules.forEach((rule, i) => {
      if (stops[i] === 0 && rule.stops(look)) stops[i] = Math.sign(look.effect) * smaller;
    });
  }
  return stops;
}

/** What becomes of each rule. */
export function simulate(scenario: Scenario, rules: readonly Rule[]): readonly Outcome[] {
  const stops = Array.from({ length: scenario.runs }, () => runOnce(scenario, rules));
  return rules.map((rule, i) => {
    const counts = stops.map((run) => run[i] as number);
    return {
      rule,
      stopped: counts.filter((count) => count !== 0).length,
      won: counts.filter((count) => count > 0).length,
      medianCount: median(counts.map((count) => Math.abs(count) || scenario.lastCount)) as number,
    };
  });
}
