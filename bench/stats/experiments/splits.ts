// Sample-ratio mismatch: splits that are right, and splits that are not.
import { FastRng } from '../../../src/base/index.ts';
import { SequentialSrm, srmTest } from '../../../src/learn/index.ts';
import { median } from '../../common/statistics.ts';

/** The customary threshold. */
export const SPLIT_ALPHA = 0.001;
const PEEK_EVERY = 50;

export interface SplitRuns {
  readonly runs: number;
  readonly units: number;
  readonly seed: number;
  /** Intended. */
  readonly share: number;
  /** What units really get. */
  readonly actual: number;
}

export interface SplitOutcome {
  /** Runs in which the sequential test ever alarmed. */
  readonly alarms: number;
  /** Runs in which the chi-square test alarmed at any of its looks, every 50 units. */
  readonly peekAlarms: number;
  /** Units until the sequential test alarmed, all of them where it did not; the middle one. */
  readonly medianUnits: number;
}

/** Looks after every unit by the sequential test, and every 50 by the one for a single look. */
export function simulateSplits({ runs, units, seed, share, actual }: SplitRuns): SplitOutcome {
  const rng = new FastRng(seed);
  const shares = [1 - share, share];
  const until: number[] = [];
  let [alarms, peekAlarms] = [0, 0];
  for (let run = 0; run < runs; run += 1) {
    const test = new SequentialSrm(shares);
    const counts = [0, 0] as [number, number];
    let [alarmAt, hasPeeked] = [0, false];
    for (let unit = 1; unit <= units; unit += 1) {
      const arm = rng.next() < actual ? 1 : 0;
      counts[arm] += 1;
      test.add(arm);
      if (alarmAt === 0 && test.rejects(SPLIT_ALPHA)) alarmAt = unit;
      if (!hasPeeked && unit % PEEK_EVERY === 0 && unit >= 1000)
        hasPeeked = srmTest(counts, shares).pValue < SPLIT_ALPHA;
    }
    if (alarmAt > 0) alarms += 1;
    if (hasPeeked) peekAlarms += 1;
    until.push(alarmAt || units);
  }
  return { alarms, peekAlarms, medianUnits: median(until) as number };
}
