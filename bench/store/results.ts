// What a run of the benchmark found out; the JSON file is exactly this.

import type { Machine } from '../common/machine.ts';
import type { Usage } from './commands.ts';
import type { Fingerprint } from './listing.ts';
import type { CodecChoice } from './probes/codec-choice.ts';
import type { Inspection } from './probes/inspect.ts';
import type { RandomRead } from './probes/random-read.ts';
import type { Startup } from './startup.ts';
import type { Absent } from './tools/contender.ts';

export const resultVersion = 1;

/** What is timed. */
export const operations = ['create', 'restore', 'verify', 'rerun'] as const;
export type Operation = (typeof operations)[number];

/** One tool on one set: a value per round in every list. */
export interface Row {
  readonly set: string;
  readonly tool: string;
  /** Bytes of the whole repository after the first run. */
  readonly stored: number[];
  /** Bytes an unchanged second run added. */
  readonly grown: number[];
  readonly usage: Readonly<Record<Operation, Usage[]>>;
  /** Of what was restored; the same as the set's when the tool gave back what it took. */
  readonly restoredSha256: string[];
  readonly reads: RandomRead[];
  inspection?: Inspection;
  codecChoice?: CodecChoice;
}

/** A tool as the report names it. */
export interface ToolNote {
  readonly id: string;
  readonly label: string;
  readonly version: string;
  readonly encrypts: boolean;
  readonly isRepository: boolean;
}

export interface SetNote {
  readonly name: string;
  readonly title: string;
  readonly fingerprint: Fingerprint;
  /** Why figures of this set do not compare with others; absent when they do. */
  readonly strange?: string;
}

/** A whole run. */
export interface Results {
  readonly version: typeof resultVersion;
  readonly date: string;
  /** Arguments that repeat it. */
  readonly command: string;
  readonly rounds: number;
  readonly machine: Machine;
  readonly tools: readonly ToolNote[];
  readonly absent: readonly Absent[];
  readonly startup: readonly Startup[];
  readonly sets: readonly SetNote[];
  readonly rows: readonly Row[];
}

export const emptyRow = (set: string, tool: string): Row => ({
  set,
  tool,
  stored: [],
  grown: [],
  usage: { create: [], restore: [], verify: [], rerun: [] },
  restoredSha256: [],
  reads: [],
});
