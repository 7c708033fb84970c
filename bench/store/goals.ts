// What the store promises itself: the figures that must hold, those it aims at, and how a run compares with them.
import { type Figures, type Measure, ratio } from './figures.ts';
import type { Operation } from './results.ts';

type Kind = 'ratio' | 'milliseconds' | 'mebibytes';

interface Goal {
  readonly set: string;
  readonly text: string;
  readonly kind: Kind;
  readonly must: number;
  readonly aim?: number;
  /** The figure for one of our rows; null where the run does not tell. */
  readonly value: (figures: Figures, tool: string) => number | null;
  /** How low and how high it would be with the luckiest and the unluckiest rounds. */
  readonly bounds?: (figures: Figures, tool: string) => readonly [number, number] | null;
}

export type Verdict = 'aim reached' | 'met' | 'missed' | 'not measured';

/** A goal and what came of it. */
export interface Judged extends Omit<Goal, 'value' | 'bounds'> {
  readonly value: number | null;
  readonly verdict: Verdict;
  /** True when the limit lies within the spread of the rounds: another run may come out on the other side. */
  readonly isClose: boolean;
}

const mib = 1024 * 1024;

function storedGoal(set: string, other: { tool: string; label: string }, limits: Limits): Goal {
  return {
    set,
    text: `stored bytes / ${other.label}`,
    kind: 'ratio',
    ...limits,
    value: (figures, tool) => ratio(figures.stored(set, tool), figures.stored(set, other.tool)),
  };
}

interface Limits {
  readonly must: number;
  readonly aim?: number;
}

interface Timed {
  readonly text: string;
  readonly operation: Operation;
  readonly measure: Measure;
}

/** All timed goals are ratios to restic. */
function timedGoal(set: string, { text, ...of }: Timed, limits: Limits): Goal {
  return {
    set,
    text: `${text} / restic`,
    kind: 'ratio',
    ...limits,
    value: (figures, tool) => ratio(figures.time(set, tool, of), figures.time(set, 'restic-auto', of)),
    bounds: (figures, tool) => {
      const [ours, theirs] = [tool, 'restic-auto'].map((one) => figures.spread(set, one, of));
      return ours && theirs ? [ours[0] / theirs[1], ours[1] / theirs[0]] : null;
    },
  };
}

const smallFilesGoal = (set: string): Goal => ({
  set,
  text: 'files of at most 16 KiB / zstd -3 of each',
  kind: 'ratio',
  must: 0.85,
  // The inspection looks into the plain repository; in the encrypted one 28 bytes a record come on top.
  value: (figures, tool) => {
    const small = tool === 'pilotfish' ? figures.inspection(set)?.small : undefined;
    return small === undefined ? null : ratio(small.storedBytes, small.zstdBytes);
  },
});

const readGoal = (set: string): Goal => ({
  set,
  text: 'random read of one block of about 64 KiB, p50',
  kind: 'milliseconds',
  must: 2,
  value: (figures, tool) => figures.read(set, tool, 'p50Ms'),
});

const memoryGoal = (set: string): Goal => ({
  set,
  text: 'peak memory of any command',
  kind: 'mebibytes',
  must: 512,
  value: (figures, tool) => {
    const peak = figures.peak(set, tool);
    return peak === null ? null : peak / mib;
  },
});

const commonGoals = (set: string): Goal[] => [
  smallFilesGoal(set),
  timedGoal(set, { text: 'create, CPU', operation: 'create', measure: 'cpu' }, { must: 1.5, aim: 1 }),
  timedGoal(set, { text: 'create, wall', operation: 'create', measure: 'wall' }, { must: 1 }),
  timedGoal(set, { text: 'restore, CPU', operation: 'restore', measure: 'cpu' }, { must: 1, aim: 0.6 }),
  timedGoal(set, { text: 'restore, wall', operation: 'restore', measure: 'wall' }, { must: 1 }),
  timedGoal(set, { text: 'unchanged re-run, wall', operation: 'rerun', measure: 'wall' }, { must: 1 }),
  readGoal(set),
  memoryGoal(set),
];

const restic = { tool: 'restic-auto', label: 'restic' };

/** Every goal, in the order of the report. */
export const goals: readonly Goal[] = [
  storedGoal('B', restic, { must: 0.4, aim: 0.3 }),
  storedGoal('B', { tool: 'tar-zstd-long', label: 'tar, zstd -3 --long=27' }, { must: 1.35 }),
  storedGoal('A', restic, { must: 0.92, aim: 0.87 }),
  storedGoal('A', { tool: 'borg-zstd-3', label: 'borg zstd,3' }, { must: 0.94 }),
  ...['A', 'B'].flatMap(commonGoals),
];

function verdictOf({ must, aim }: Limits, value: number | null): Verdict {
  if (value === null) return 'not measured';
  if (aim !== undefined && value <= aim) return 'aim reached';
  return value <= must ? 'met' : 'missed';
}

/** What one of our rows came to, goal by goal. */
export function judge(figures: Figures, tool: string): Judged[] {
  return goals.map(({ value: compute, bounds, ...goal }) => {
    const value = compute(figures, tool);
    const [low, high] = bounds?.(figures, tool) ?? [Number.NaN, Number.NaN];
    return { ...goal, value, verdict: verdictOf(goal, value), isClose: low <= goal.must && goal.must < high };
  });
}
