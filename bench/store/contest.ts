// Runs the tools on the sets: rounds in which every tool has its turn, in an order that moves on from round to round,
// so that a slow minute of the machine does not always hit the same one.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Meter, runWell } from './commands.ts';
import { emptyFolder, remove, storedBytes } from './folders.ts';
import { fingerprint, warm } from './listing.ts';
import type { CodecChoice } from './probes/codec-choice.ts';
import type { Inspection } from './probes/inspect.ts';
import type { RandomRead } from './probes/random-read.ts';
import { emptyRow, type Operation, operations, type Row } from './results.ts';
import type { MeasuringSet } from './sets/sets.ts';
import type { Contender, Place } from './tools/contender.ts';

/** What is done beside `create`, which comes first in any case. */
export type Step = Exclude<Operation, 'create'> | 'read' | 'inspect' | 'codecs';
export const steps: readonly Step[] = ['rerun', 'verify', 'read', 'inspect', 'codecs', 'restore'];

export interface Contest {
  readonly sets: readonly MeasuringSet[];
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  readonly steps: readonly Step[];
  readonly meter: Meter;
  /** An empty folder for repositories and restored trees. */
  readonly folder: string;
  /** Lets the disk finish what was written before, so that the next command does not pay for it. */
  readonly settle: () => void;
  readonly say: (line: string) => void;
}

/** The list, begun `by` places later. */
export const rotated = <T>(list: readonly T[], by: number): T[] =>
  list.map((_, i) => list[(i + by) % list.length] as T);

/** Runs everything; one row per set and tool. */
export function runContest(contest: Contest): Row[] {
  const { sets, contenders, rounds } = contest;
  return sets.flatMap((set) => {
    const rows = new Map(contenders.map(({ id }) => [id, emptyRow(set.name, id)]));
    for (let round = 0; round < rounds; round++) {
      for (const contender of rotated(contenders, round)) {
        const row = rows.get(contender.id) as Row;
        new Turn(contest, set, contender).run(row);
        contest.say(`set ${set.name}, round ${round + 1} of ${rounds}: ${contender.label}: ${told(row)}`);
      }
    }
    return [...rows.values()];
  });
}

/** What the last turn came to, for whoever watches. */
function told({ stored, usage }: Row): string {
  const times = operations.flatMap((operation) => {
    const last = usage[operation].at(-1);
    return last === undefined ? [] : [`${operation} ${last.wallSeconds.toFixed(2)} s`];
  });
  return [`${((stored.at(-1) ?? 0) / 1e6).toFixed(1)} MB`, ...times].join(', ');
}

/** One tool's turn: a cold repository, then all steps, then nothing is left. */
class Turn {
  readonly #contest: Contest;
  readonly #set: MeasuringSet;
  readonly #contender: Contender;
  readonly #place: Place;
  readonly #steps: Readonly<Record<Step, (row: Row) => void>> = {
    rerun: (row) => this.#rerun(row),
    verify: (row) => this.#measure(row, 'verify'),
    read: (row) => this.#read(row),
    inspect: (row) => this.#inspect(row),
    codecs: (row) => this.#codecs(row),
    restore: (row) => this.#restore(row),
  };

  constructor(contest: Contest, set: MeasuringSet, contender: Contender) {
    this.#contest = contest;
    this.#set = set;
    this.#contender = contender;
    const at = (name: string): string => join(contest.folder, name);
    this.#place = { set: set.path, repository: at('repository'), target: at('restored'), home: at('home') };
  }

  run(row: Row): void {
    emptyFolder(this.#contest.folder);
    mkdirSync(this.#place.home);
    try {
      this.#create(row);
      for (const step of this.#contest.steps) this.#steps[step](row);
    } finally {
      remove(this.#contest.folder);
    }
  }

  #create(row: Row): void {
    this.#contender.prepare?.(this.#place);
    warm(this.#set.path);
    this.#measure(row, 'create');
    row.stored.push(storedBytes(this.#place.repository));
  }

  #read(row: Row): void {
    const command = this.#contender.readBlocks?.(this.#place);
    if (command === undefined) return;
    // Null when the set has no blocks of that size.
    const read = JSON.parse(runWell(command)) as RandomRead | null;
    if (read !== null) row.reads.push(read);
  }

  #inspect(row: Row): void {
    const command = this.#contender.inspect?.(this.#place);
    if (command !== undefined) row.inspection ??= JSON.parse(runWell(command)) as Inspection;
  }

  #codecs(row: Row): void {
    const command = this.#contender.chooseCodecs?.(this.#place);
    if (command !== undefined) row.codecChoice ??= JSON.parse(runWell(command)) as CodecChoice;
  }

  #rerun(row: Row): void {
    const before = storedBytes(this.#place.repository);
    this.#measure(row, 'rerun');
    if (this.#contender.rerun) row.grown.push(storedBytes(this.#place.repository) - before);
  }

  #restore(row: Row): void {
    const { target } = this.#place;
    mkdirSync(target);
    this.#measure(row, 'restore');
    const { listSha256 } = fingerprint(target);
    row.restoredSha256.push(listSha256);
    if (listSha256 === this.#set.fingerprint.listSha256) return;
    throw new Error(`${this.#contender.label} did not give back what it took of set ${this.#set.name}`);
  }

  #measure(row: Row, operation: Operation): void {
    const command = this.#contender[operation]?.(this.#place);
    if (command === undefined) return;
    this.#contest.settle();
    const { wallSeconds, cpuSeconds, peakBytes } = this.#contest.meter.measure(command);
    row.usage[operation].push({ wallSeconds, cpuSeconds, peakBytes });
  }
}
