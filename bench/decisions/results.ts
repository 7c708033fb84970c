// What a run of this benchmark writes, and what its pages are made of.
import type { Scoreboard } from '../../src/decisions/index.ts';
import type { Machine } from '../common/machine.ts';
import type { ReadingRow } from '../reading/main.ts';

/** One corpus, stored in several ways. Bytes are what lies in the repository, index and all, unless said otherwise. */
export interface CorpusRun {
  readonly corpus: string;
  /** `versions`: several versions of the same files; `diverse`: files that have little to do with each other. */
  readonly kind: 'versions' | 'diverse';
  readonly rawBytes: number;
  /** Blocks that occur once are counted once, each with document 000's size rule and its gate; no repository around. */
  readonly documentBytes: number;
  /** The same with zstd-3 for every block. */
  readonly zstd3Bytes: number;
  readonly ways: { readonly [way in Way]: Stored };
}

/** `exact`: no similar blocks and no rooms; `rules`: the rules built in; `rooms`: as `pack` does it, models included. */
export type Way = 'exact' | 'rules' | 'rooms';

export interface Stored {
  readonly bytes: number;
  readonly cpuSeconds: number;
}

/** What other benchmarks wrote, as far as it is looked at here. */
export interface LookUpRow {
  readonly kind: string;
  readonly blocks: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly found: number;
  readonly wanted: number;
}

export interface Results {
  readonly date: string;
  readonly machine: Machine;
  readonly boards: readonly Scoreboard[];
  readonly corpora: readonly CorpusRun[];
  readonly lookUps: readonly LookUpRow[];
  readonly reading: readonly ReadingRow[];
}
