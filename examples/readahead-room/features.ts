import type { FeatureSlot } from '../../src/decisions/index.ts';

/** What a reader knows before it reads. */
export type ReadQuestion = {
  /** Reads in a row that began where the one before ended. */
  readonly run: number;
  /** Bytes of the latest read. */
  readonly bytes: number;
};

export const FEATURES: readonly FeatureSlot[] = [
  { name: 'run_log', unit: 'reads', scale: 'log2(1 + x) / 8', neutral: 0 },
  { name: 'bytes_log', unit: 'bytes', scale: 'log2(1 + x) / 24', neutral: 0 },
];

export function readFeatures({ run, bytes }: ReadQuestion, out: Float64Array): void {
  out[0] = Math.log2(1 + run) / 8;
  out[1] = Math.log2(1 + bytes) / 24;
}
