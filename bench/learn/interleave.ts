// Times candidates side by side: every round runs each of them once, so that a slow moment of the machine hits all.
import { quantile } from '../common/statistics.ts';

/** Something to time. */
export interface Candidate {
  readonly name: string;
  /** Runs it so many times; nanoseconds a run. */
  loop(times: number): number;
}

/** How long and how often. */
export interface Pace {
  readonly warmMs: number;
  /** Least length of one timed batch. */
  readonly batchMs: number;
  readonly rounds: number;
}

export const fullPace: Pace = { warmMs: 60, batchMs: 0.15, rounds: 150 };
export const quickPace: Pace = { warmMs: 20, batchMs: 0.1, rounds: 30 };

/** Microseconds a run, over the batches of all rounds. */
export interface Timing {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly minUs: number;
}

/** `loop` for work that is a function of this program. */
export function loopOf(run: () => void): Candidate['loop'] {
  return (times) => {
    const started = process.hrtime.bigint();
    for (let i = 0; i < times; i++) run();
    return Number(process.hrtime.bigint() - started) / times;
  };
}

const maxBatch = 2 ** 20;

/** Warms a candidate up and finds how many runs fill a batch. */
function calibrate(candidate: Candidate, { warmMs, batchMs }: Pace): number {
  let spentMs = 0;
  let times = 1;
  while (spentMs < warmMs) {
    const ms = (candidate.loop(times) * times) / 1e6;
    spentMs += ms;
    if (ms < batchMs && times < maxBatch) times *= 2;
  }
  const ns = candidate.loop(times);
  return Math.max(1, Math.min(maxBatch, Math.ceil((batchMs * 1e6) / ns)));
}

/** Times all candidates; by name. */
export function interleave(candidates: readonly Candidate[], pace: Pace): Map<string, Timing> {
  const batches = candidates.map((candidate) => calibrate(candidate, pace));
  const times: number[][] = candidates.map(() => []);
  for (let round = 0; round < pace.rounds; round++) {
    candidates.forEach((candidate, i) => {
      times[i]?.push(candidate.loop(batches[i] ?? 1) / 1000);
    });
  }
  return new Map(candidates.map(({ name }, i) => [name, timingOf(times[i] ?? [])]));
}

const timingOf = (values: readonly number[]): Timing => ({
  p50Us: quantile(values, 0.5),
  p99Us: quantile(values, 0.99),
  minUs: quantile(values, 0),
});
