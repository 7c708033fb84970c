import { GIB, MAX_BLOCK_BYTES, must, PilotfishError } from '../../base/index.ts';
import { MAX_NEAREST, SHINGLE_BYTES, SimHashKernel } from '../../signals/index.ts';
import type { Repository } from '../session/index.ts';
import { keepFingerprints, readFingerprints } from './fingerprint-file.ts';
import { Additions, assertFits, type FingerprintTable, type SimilarBlock } from './fingerprint-table.ts';
import {
  type FingerprintOptions,
  fingerprintBlocks,
  idBytesAt,
  planOf,
  tableOf,
  type Work,
} from './new-blocks.ts';

export interface FingerprintRefresh {
  /** Blocks with a fingerprint. */
  readonly blocks: number;
  readonly added: number;
  /** Fingerprints of blocks that are no longer there. */
  readonly removed: number;
  /** Blocks that could not be read, and have none. `verify --data` says what is wrong with them. */
  readonly unreadable: number;
}

export interface SimilarOptions {
  /** Most blocks in the answer, 1 to 1000; 5 unless given. */
  readonly topK?: number;
}

/** Raw bytes, some ten seconds of work, after which what was done is kept: a power cut costs no more. */
const KEEP_BYTES = 4 * GIB;
const MAX_TOP_K = MAX_NEAREST - 1;
const DEFAULT_TOP_K = 5;

/**
 * Which blocks resemble each other, by SimHash. Nothing in the store needs it, and `pack` never makes a fingerprint:
 * opening it for the first time reads every block there is, later only those that are new. 40 bytes a block in memory,
 * up to 300 while blocks are added; a look-up compares with every block and misses none.
 *
 * @example
 * const index = await FingerprintIndex.open(repository);
 * for (const { id, similarity } of index.findSimilarBlocks(block, { topK: 5 })) console.log(id, similarity);
 */
export class FingerprintIndex {
  readonly #repository: Repository;
  readonly #kernel = new SimHashKernel(MAX_BLOCK_BYTES);
  /** Packs nothing is missing of. */
  #packs: Set<string>;
  #table: FingerprintTable;

  private constructor(repository: Repository) {
    this.#repository = repository;
    const { packs, table } = readFingerprints(repository);
    this.#packs = new Set(packs);
    this.#table = table;
  }

  /** The index of a repository, complete. Throws INTERRUPTED, LIMIT, IO. */
  static async open(repository: Repository, options: FingerprintOptions = {}): Promise<FingerprintIndex> {
    const index = new FingerprintIndex(repository);
    await index.refresh(options);
    return index;
  }

  /** Blocks with a fingerprint. */
  get blocks(): number {
    return this.#table.rows;
  }

  /** Takes in blocks that are new and lets go of those that are gone. Throws INTERRUPTED, LIMIT, IO. */
  async refresh(options: FingerprintOptions = {}): Promise<FingerprintRefresh> {
    const present = this.#repository.packs.inOrder();
    const known = this.#packs.intersection(new Set(present));
    const isGone = known.size < this.#packs.size;
    const removed = isGone ? this.#dropGone(present) : 0;
    this.#packs = known;
    const fresh = present.filter((name) => !known.has(name));
    const before = this.#table.rows;
    const plan = planOf(this.#repository, fresh, (id) => this.#table.rowOf(id) !== undefined);
    assertFits(plan.reduce((rows, { blocks }) => rows + blocks.length, before));
    const unreadable = plan.length > 0 || isGone ? await this.#add(plan, options) : 0;
    return { blocks: this.blocks, added: this.blocks - before, removed, unreadable };
  }

  /** The one id that begins with these 4 to 64 hex digits; 64 are an id, known or not. Throws USAGE, MISSING, AMBIGUOUS. */
  resolve(prefix: string): string {
    return this.#table.resolve(prefix);
  }

  /**
   * Blocks whose fingerprint differs from that of block `id` (64 hex digits) in at most 9 of 64 bits: a similarity of
   * 0.85 or more. The nearest first, equals by id, without the block itself; all that are so near are ranked before
   * `topK` of them are taken. None for a block below 4 bytes. Throws USAGE, MISSING, and what reading a block throws
   * for one that could not be read before.
   */
  findSimilarBlocks(id: string, { topK = DEFAULT_TOP_K }: SimilarOptions = {}): SimilarBlock[] {
    if (!/^[0-9a-f]{64}$/.test(id)) {
      throw new PilotfishError(
        'USAGE',
        'the id of a block has 64 digits, 0 to 9 and a to f: give all of them',
      );
    }
    if (!Number.isInteger(topK) || topK < 1 || topK > MAX_TOP_K) {
      throw new PilotfishError('USAGE', `topK is ${topK}: give a whole number from 1 to ${MAX_TOP_K}`);
    }
    const row = this.#table.rowOf(Buffer.from(id, 'hex'));
    if (row !== undefined) {
      return this.#table.similarTo(must(this.#table.fingerprints[row], 'a row has one'), topK, row);
    }
    const raw = this.#repository.reader.read(id);
    return raw.length < SHINGLE_BYTES ? [] : this.#table.similarTo(this.#kernel.of(raw), topK);
  }

  /** Forgets blocks that are in no pack any more; returns how many. */
  #dropGone(present: readonly string[]): number {
    const isKept = new Uint8Array(this.#table.rows);
    for (const name of present) {
      const table = tableOf(this.#repository, name);
      for (let block = 0; table !== undefined && block < table.blockCount; block += 1) {
        const row = this.#table.rowOf(idBytesAt(table, block));
        if (row !== undefined) isKept[row] = 1;
      }
    }
    const before = this.#table.rows;
    this.#table = this.#table.only(isKept);
    return before - this.#table.rows;
  }

  /** Does the work and keeps what was done, however it ends; returns how many blocks could not be read. */
  async #add(plan: readonly Work[], options: FingerprintOptions): Promise<number> {
    let added = new Additions();
    let unreadableBlocks = 0;
    let sinceKept = 0;
    const keep = (): void => {
      this.#table = this.#table.with(added);
      [added, sinceKept] = [new Additions(), 0];
      keepFingerprints(this.#repository, { packs: this.#packs, table: this.#table });
    };
    const bytesOf = new Map(plan.map(({ pack, bytes }) => [pack, bytes]));
    const sink = {
      add: (id: Uint8Array, fingerprint: bigint) => added.add(id, fingerprint),
      packDone: (pack: string, unreadable: number) => {
        unreadableBlocks += unreadable;
        sinceKept += bytesOf.get(pack) ?? 0;
        // One that could not be read is tried again next time.
        if (unreadable === 0) this.#packs.add(pack);
        if (sinceKept >= KEEP_BYTES) keep();
      },
    };
    try {
      await fingerprintBlocks(this.#repository, { plan, kernel: this.#kernel, sink }, options);
    } finally {
      keep();
    }
    return unreadableBlocks;
  }
}
