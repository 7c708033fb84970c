// Medians and ratios of a run, as the tables and the goals want them. Null where a tool was absent or does not do it.

import { median, range } from '../common/statistics.ts';
import type { CodecChoice } from './probes/codec-choice.ts';
import type { Inspection } from './probes/inspect.ts';
import type { Operation, Results, Row } from './results.ts';
import { operations } from './results.ts';

export type Measure = 'wall' | 'cpu';

const present = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

/** Looks figures up by set and tool. */
export class Figures {
  readonly results: Results;

  constructor(results: Results) {
    this.results = results;
  }

  row(set: string, tool: string): Row | undefined {
    return this.results.rows.find((row) => row.set === set && row.tool === tool);
  }

  /** Bytes of the whole repository. */
  stored(set: string, tool: string): number | null {
    return median(this.row(set, tool)?.stored ?? []);
  }

  /** Bytes an unchanged second run added. */
  grown(set: string, tool: string): number | null {
    return median(this.row(set, tool)?.grown ?? []);
  }

  /** Seconds of every round. */
  seconds(set: string, tool: string, of: { operation: Operation; measure: Measure }): number[] {
    const usages = this.row(set, tool)?.usage[of.operation] ?? [];
    return present(usages.map((usage) => (of.measure === 'wall' ? usage.wallSeconds : usage.cpuSeconds)));
  }

  time(set: string, tool: string, of: { operation: Operation; measure: Measure }): number | null {
    return median(this.seconds(set, tool, of));
  }

  spread(set: string, tool: string, of: { operation: Operation; measure: Measure }): [number, number] | null {
    return range(this.seconds(set, tool, of));
  }

  /** Peak memory of one operation, median of rounds; of all of them, the highest ever seen. */
  peak(set: string, tool: string, operation?: Operation): number | null {
    const usage = this.row(set, tool)?.usage;
    if (usage === undefined) return null;
    if (operation !== undefined) return median(present(usage[operation].map(({ peakBytes }) => peakBytes)));
    const all = present(operations.flatMap((one) => usage[one].map(({ peakBytes }) => peakBytes)));
    return all.length === 0 ? null : Math.max(...all);
  }

  /** A quantile of random reads, median of rounds. */
  read(
    set: string,
    tool: string,
    key: 'p50Ms' | 'p99Ms' | 'maxMs' | 'peakBytes' | 'meanBytes',
  ): number | null {
    return median((this.row(set, tool)?.reads ?? []).map((read) => read[key]));
  }

  codecChoice(set: string): CodecChoice | undefined {
    return this.results.rows.find((row) => row.set === set && row.codecChoice !== undefined)?.codecChoice;
  }

  inspection(set: string): Inspection | undefined {
    return this.results.rows.find((row) => row.set === set && row.inspection !== undefined)?.inspection;
  }
}

/** One figure by another; null unless both are there. */
export function ratio(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole === 0 ? null : part / whole;
}
