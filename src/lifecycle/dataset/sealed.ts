import type { TrainingDataset } from './dataset.ts';

/** How often the test parts of one data set were looked at, over all its splits. */
export type EvaluationCount = { evaluations: number };

/**
 * The test part of a split. Its samples are for the last word alone: they come out by `open`, and each time is counted;
 * whoever trains or tunes refuses what comes out.
 */
export class SealedDataset {
  readonly #dataset: TrainingDataset;
  readonly #count: EvaluationCount;

  constructor(dataset: TrainingDataset, count: EvaluationCount) {
    this.#dataset = dataset;
    this.#count = count;
  }

  get length(): number {
    return this.#dataset.length;
  }

  /** The named groups in it: what the lineage of a model lists as sealed. */
  get groups(): readonly string[] {
    return [...new Set(this.#dataset.table.groups.filter((group) => group !== null))];
  }

  /** How often this data set was evaluated on so far. */
  get evaluations(): number {
    return this.#count.evaluations;
  }

  /** The samples, for one evaluation, which counts. */
  open(): TrainingDataset {
    this.#count.evaluations += 1;
    return this.#dataset;
  }

  /** Hashes of its observations: enough to find a duplicate elsewhere, too little to learn from. */
  digests(): ReadonlySet<string> {
    return this.#dataset.digests();
  }
}
