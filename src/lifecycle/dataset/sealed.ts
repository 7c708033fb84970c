import type { TrainingDataset } from './dataset.ts';
import { observationDigest, type SampleTable } from './table.ts';

/** How often the test parts of one data set were looked at, over all its splits. */
export type EvaluationCount = { evaluations: number };

/**
 * The test part of a split. Its samples are for the last word alone: they come out by `open`, and each time is counted;
 * whoever trains or tunes refuses what comes out.
 */
export class SealedDataset {
  readonly #table: SampleTable;
  readonly #count: EvaluationCount;
  readonly #unseal: () => TrainingDataset;

  constructor(table: SampleTable, count: EvaluationCount, unseal: () => TrainingDataset) {
    this.#table = table;
    this.#count = count;
    this.#unseal = unseal;
  }

  get length(): number {
    return this.#table.length;
  }

  /** The named groups in it: what the lineage of a model lists as sealed. */
  get groups(): readonly string[] {
    return [...new Set(this.#table.groups.filter((group) => group !== null))];
  }

  /** How often this data set was evaluated on so far. */
  get evaluations(): number {
    return this.#count.evaluations;
  }

  /** The samples, for one evaluation, which counts. */
  open(): TrainingDataset {
    this.#count.evaluations += 1;
    return this.#unseal();
  }

  /** Hashes of its observations: enough to find a duplicate elsewhere, too little to learn from. */
  digests(): ReadonlySet<string> {
    return new Set(Array.from({ length: this.length }, (_, row) => observationDigest(this.#table, row)));
  }
}
