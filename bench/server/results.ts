// What a run of the benchmark found out; the JSON file is exactly this.
import type { Machine } from '../common/machine.ts';
import { median } from '../common/statistics.ts';
import type { Contender } from './contenders.ts';
import type { Load } from './load.ts';
import { workloads } from './workloads.ts';

export const resultVersion = 1;

/** Of the processes of a server. */
export interface Memory {
  readonly processes: number;
  /** Resident pages, those that processes share counted for each of them. */
  readonly residentBytes: number;
  /** The same, each shared page divided among those that share it. */
  readonly shareBytes: number;
}

export type ContenderId = Contender['id'];

export interface ContenderNote {
  readonly id: ContenderId;
  readonly label: string;
  readonly command: string;
  /** Before it was asked anything, and after all rounds. */
  readonly memory: { readonly idle: Memory | null; readonly after: Memory | null };
}

/** One workload on one server over so many connections: a load per round. */
export interface Row {
  readonly workload: string;
  readonly connections: number;
  readonly contender: ContenderId;
  readonly rounds: Load[];
}

/** SHA-256 of what a server said it held after the same few requests: the same for all that kept what they took. */
export interface Proof {
  readonly workload: string;
  readonly holder: ContenderId | 'in process';
  readonly sha256: string;
}

/** A whole run. */
export interface Results {
  readonly version: typeof resultVersion;
  readonly date: string;
  /** What repeats it. */
  readonly command: string;
  readonly machine: Machine;
  readonly contenders: readonly ContenderNote[];
  readonly absent: readonly string[];
  readonly proofs: readonly Proof[];
  readonly rows: readonly Row[];
  /** The disk alone, per round: one page more of a file, made durable. */
  readonly disk: readonly Load[];
  /** The model within the process of the benchmark, per round; without HTTP. */
  readonly inProcess: readonly Load[];
}

/** What must hold. */
export interface Judgement {
  readonly text: string;
  readonly value: number | null;
  readonly must: string;
  readonly verdict: 'met' | 'missed' | 'not measured';
  /** The limit lies within the spread of the rounds. */
  readonly isClose: boolean;
}

export const rowOfResults = (
  { rows }: Results,
  workload: string,
  connections: number,
  contender: ContenderId,
): Row | undefined =>
  rows.find(
    (row) => row.workload === workload && row.connections === connections && row.contender === contender,
  );

/** Operations a second, the median of the rounds; null where there were none. */
export const rateOf = (row: Row | undefined): number | null =>
  median((row?.rounds ?? []).map(({ perSecond }) => perSecond));

/** How many times as fast as MLflow's server; by the medians, and at worst and best of the rounds. */
export function timesMlflow(
  results: Results,
  workload: string,
  connections: number,
): { readonly value: number; readonly low: number; readonly high: number } | null {
  const [ours, theirs] = (['pilotfish', 'mlflow'] as const).map((id) =>
    rowOfResults(results, workload, connections, id),
  );
  const [fast, slow] = [rateOf(ours), rateOf(theirs)];
  if (fast === null || slow === null || slow === 0) return null;
  const of = (row: Row | undefined): number[] => (row?.rounds ?? []).map(({ perSecond }) => perSecond);
  const [a, b] = [of(ours), of(theirs)];
  return {
    ...{ value: fast / slow, low: Math.min(...a) / Math.max(...b), high: Math.max(...a) / Math.min(...b) },
  };
}

const JUDGED_CONNECTIONS = 16;
const MEMORY_MB = 150;

/** Every goal of the benchmark, judged. */
export function judge(results: Results): Judgement[] {
  const rates = workloads.flatMap(({ id, title, goal }): Judgement[] => {
    if (goal === undefined) return [];
    const times = timesMlflow(results, id, JUDGED_CONNECTIONS);
    const text = `${title}, ${JUDGED_CONNECTIONS} connections: operations per second / MLflow`;
    if (times === null)
      return [{ text, value: null, must: `≥ ${goal}`, verdict: 'not measured', isClose: false }];
    const { value, low, high } = times;
    const verdict = value >= goal ? 'met' : 'missed';
    return [{ text, value, must: `≥ ${goal}`, verdict, isClose: low < goal && goal <= high }];
  });
  const idle = results.contenders.find(({ id }) => id === 'pilotfish')?.memory.idle ?? null;
  const value = idle === null ? null : idle.residentBytes / 1e6;
  const verdict = value === null ? 'not measured' : value <= MEMORY_MB ? 'met' : 'missed';
  return [
    ...rates,
    { text: 'resident memory, idle, MB', value, must: `≤ ${MEMORY_MB}`, verdict, isClose: false },
  ];
}
