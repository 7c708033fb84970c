// One contest: proofs first, then rounds in which the servers take turns.
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender, Running } from './contenders.ts';
import { type Load, load, type Pace, Wire } from './load.ts';
import { askInProcess, fsyncRate, memoryOf } from './probes.ts';
import type { ContenderId, ContenderNote, Proof, Results, Row } from './results.ts';
import { type Workload, workloads } from './workloads.ts';

export interface Contest {
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  /** Of every load. */
  readonly pace: Pace;
  /** Where the data directories lie: an empty folder. */
  readonly folder: string;
  say(line: string): void;
}

/** A server that takes part. */
interface Entrant {
  readonly id: ContenderId;
  readonly running: Running;
}

type Found = Pick<Results, 'contenders' | 'proofs' | 'rows' | 'disk' | 'inProcess'>;

const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');
const PROOF: Pace = { operations: 8, seconds: 60 };
const PROOF_CONNECTIONS = 4;

/** Starts every server, has them take turns, and stops them whatever happens. */
export async function runContest(contest: Contest): Promise<Found> {
  const entrants: Entrant[] = [];
  try {
    for (const contender of contest.contenders) {
      contest.say(`starting ${contender.label}`);
      const folder = join(contest.folder, contender.id);
      mkdirSync(folder);
      entrants.push({ id: contender.id, running: await contender.start(folder) });
    }
    return await compete(contest, entrants);
  } finally {
    await Promise.all(entrants.map(({ running }) => running.stop()));
  }
}

async function compete(contest: Contest, entrants: readonly Entrant[]): Promise<Found> {
  const memories = () => new Map(entrants.map(({ id, running }) => [id, memoryOf(running.pid)]));
  const idle = memories();
  const proofs = await proveAll(entrants);
  const rows = makeRows(entrants);
  const [disk, inProcess]: [Load[], Load[]] = [[], []];
  for (let round = 0; round < contest.rounds; round += 1) {
    contest.say(`round ${round + 1} of ${contest.rounds}`);
    disk.push(fsyncRate(contest.folder, contest.pace));
    const { answer, ...alone } = await askInProcess(contest.pace);
    inProcess.push(alone);
    if (round === 0) proofs.push({ workload: 'infer', holder: 'in process', sha256: hashOf(answer) });
    for (const row of rows) row.rounds.push(await measure(row, entrants, { round, pace: contest.pace }));
  }
  const after = memories();
  const contenders = contest.contenders.map(({ id, label, command }): ContenderNote => {
    const memory = { idle: idle.get(id) ?? null, after: after.get(id) ?? null };
    return { id, label, command, memory };
  });
  return { contenders, proofs, rows, disk, inProcess };
}

const takesPart = (workload: Workload, id: ContenderId): boolean =>
  workload.isInference !== true || id === 'pilotfish';

/** The servers of a row stand beside each other, so that they take turns. */
function makeRows(entrants: readonly Entrant[]): Row[] {
  return workloads.flatMap((workload) =>
    workload.connections.flatMap((connections) =>
      entrants
        .filter(({ id }) => takesPart(workload, id))
        .map(({ id }): Row => ({ workload: workload.id, connections, contender: id, rounds: [] })),
    ),
  );
}

/** The same few requests to every server, and what each then holds. They warm it up, too. */
async function proveAll(entrants: readonly Entrant[]): Promise<Proof[]> {
  const proofs: Proof[] = [];
  for (const workload of workloads)
    for (const { id, running } of entrants.filter((one) => takesPart(workload, one.id))) {
      const wire = new Wire(running);
      const task = await workload.makeTask(wire, `proof-${workload.id}`);
      const { errors } = await load(running, PROOF_CONNECTIONS, PROOF, task.ask);
      const sha256 = hashOf(errors === 0 ? await task.stored() : { errors });
      proofs.push({ workload: workload.id, holder: id, sha256 });
      wire.close();
    }
  return proofs;
}

async function measure(
  { workload: id, connections, contender }: Row,
  entrants: readonly Entrant[],
  { round, pace }: { readonly round: number; readonly pace: Pace },
): Promise<Load> {
  const workload = workloads.find((one) => one.id === id) as Workload;
  const { running } = entrants.find((one) => one.id === contender) as Entrant;
  const wire = new Wire(running);
  const task = await workload.makeTask(wire, `round-${round}-${id}-${connections}`);
  wire.close();
  return load(running, connections, pace, task.ask);
}
