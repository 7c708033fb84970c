// The exact tests of bounded values, looked at after every value.
import { FastRng } from '../../../src/base/index.ts';
import { BettingDifference, BettingEProcess } from '../../../src/learn/index.ts';
import { median } from '../../common/statistics.ts';

export interface BetRuns {
  readonly runs: number;
  readonly values: number;
  readonly seed: number;
  /** Claimed to be the rate at most. */
  readonly claim: number;
  readonly actual: number;
}

/** Runs in which the claim was ever rejected, and how many values the middle one took. */
export function simulateBets({ runs, values, seed, claim, actual }: BetRuns) {
  const rng = new FastRng(seed);
  const until = Array.from({ length: runs }, () => {
    const bets = new BettingEProcess({ low: 0, high: 1, mean: claim });
    while (bets.count < values && !bets.rejects(0.05)) bets.add(rng.next() < actual ? 1 : 0);
    return bets.rejects(0.05) ? bets.count : Number.POSITIVE_INFINITY;
  });
  return {
    rejected: until.filter(Number.isFinite).length,
    medianValues: median(until) as number,
  };
}

export interface DifferenceRuns {
  readonly runs: number;
  /** Units of both arms at the end; half of them are treated. */
  readonly units: number;
  readonly seed: number;
  readonly control: number;
  readonly treatment: number;
}

/** Experiments in which the exact interval of the difference ever left out 0. */
export function simulateDifferences({ runs, units, seed, control, treatment }: DifferenceRuns): number {
  const rng = new FastRng(seed);
  let found = 0;
  for (let run = 0; run < runs; run += 1) {
    const difference = new BettingDifference({ low: 0, high: 1, treatmentShare: 0.5 });
    const isFound = (): boolean => difference.lower > 0 || difference.upper < 0;
    while (difference.count < units && !isFound()) {
      const isTreated = rng.next() < 0.5;
      difference.add(rng.next() < (isTreated ? treatment : control) ? 1 : 0, isTreated);
    }
    if (isFound()) found += 1;
  }
  return found;
}
