// What a part of the promises table is.

/** `small`: seconds, seeded, in npm test; `full`: what is promised. */
export type Scale = 'small' | 'full';

export interface SectionOptions {
  /** Where the real streams lie; without it what needs them is left out, and said so. */
  readonly dataDirectory?: string;
}

/** One measured figure. */
export interface Row {
  readonly measure: string;
  /** What is promised; empty for what stands beside a promise. */
  readonly bound: string;
  readonly measured: string;
  /** Undefined where nothing is promised. */
  readonly isMet: boolean | undefined;
}

export interface Section {
  readonly title: string;
  /** What was simulated or read, so that a reader could do it again. */
  readonly note: string;
  readonly rows: readonly Row[];
}

/** A share of runs as a percentage, with the counts it comes from. */
export const shareText = (hits: number, runs: number, digits = 2): string =>
  `${((100 * hits) / runs).toFixed(digits)} % (${hits} of ${runs})`;
