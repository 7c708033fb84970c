// What a run of the benchmark found out; the JSON file is exactly this.
import type { Machine } from '../common/machine.ts';
import type { Timing } from './interleave.ts';
import type { CompilerName } from './reference.ts';
import type { RowName } from './rows/task.ts';

export const resultVersion = 1;

/** A row against the native reference by clang: medians of interleaved batches, in microseconds. */
export interface GateRow {
  readonly name: RowName;
  /** Null without the compiler: the gate is then not evaluated. */
  readonly nativeUs: number | null;
  readonly productUs: number;
  readonly ratio: number | null;
  readonly gate: number;
}

/** Who ran. */
export type SideName = 'product' | CompilerName;

/** All that was measured of a row. */
export interface RowDetail {
  readonly name: RowName;
  readonly flop: number | null;
  readonly timings: Readonly<Partial<Record<SideName, Timing>>>;
  /** SHA-256 of the product's answer, float64 values little-endian. */
  readonly sha256: string;
  /** Largest difference between the product's answer and that of a reference, relative above 1. */
  readonly differences: Readonly<Partial<Record<CompilerName, number>>>;
  /** Bytes of heap that one run of the product adds. */
  readonly heapBytes: number;
}

/** A figure beside others, and what is asked of it. */
export interface Finding {
  readonly name: string;
  readonly unit: string;
  readonly product: number;
  readonly others: readonly { readonly name: string; readonly value: number | null }[];
  readonly goals: readonly Goal[];
  readonly note?: string;
}

/** A limit; `value` is null where there was nothing to compare with. */
export interface Goal {
  readonly text: string;
  readonly value: number | null;
  readonly limit: number;
  readonly must: 'at most' | 'at least';
}

/** Findings that belong together. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly findings: readonly Finding[];
  /** What could not be measured, and why. */
  readonly absent: readonly string[];
}

/** A whole run. */
export interface Results {
  readonly version: typeof resultVersion;
  readonly date: string;
  /** Repeats it. */
  readonly command: string;
  readonly machine: Machine;
  readonly compilers: readonly {
    readonly name: CompilerName;
    readonly version: string;
    readonly command: string;
  }[];
  readonly rows: readonly GateRow[];
  readonly details: readonly RowDetail[];
  readonly sections: readonly Section[];
}

/** Whether a goal was reached. */
export type Verdict = 'met' | 'missed' | 'not evaluated';

/** Judges a value that must keep a limit. */
export function verdictOf({ value, limit, must }: Pick<Goal, 'value' | 'limit' | 'must'>): Verdict {
  if (value === null || Number.isNaN(value)) return 'not evaluated';
  return (must === 'at most' ? value <= limit : value >= limit) ? 'met' : 'missed';
}
