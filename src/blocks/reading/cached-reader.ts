import { assert, MIB } from '../../base/index.ts';
import type { ReadAhead } from '../ahead/index.ts';
import { BlockReader, type PackSet } from '../store/index.ts';
import { AdvisedAhead } from './advised-ahead.ts';
import type { AheadCounts } from './blocks-ahead.ts';

const DEFAULT_CACHE_BYTES = 32 * MIB;
/** The largest block and what comes with it. */
const LEAST_CACHE_BYTES = 2 * MIB;

export interface CachedReaderOptions {
  /** Bytes of blocks kept, 32 MiB unless given and at least 2 MiB. What is under way takes at most 32 MiB more. */
  readonly cacheBytes?: number;
  /** Says what to read ahead; without one, what each read says comes next. */
  readonly adviser?: ReadAhead | undefined;
}

/** What the reads of a reader came to, in blocks. */
export interface CachedCounts extends AheadCounts {
  /** Blocks asked for. */
  readonly demand: number;
  /** Of them, those that were in memory. */
  readonly hits: number;
}

/** What it reads: an open repository. */
export interface BlockSource {
  readonly packs: PackSet;
  readonly ports: { readonly threads: number };
}

/**
 * Reads blocks of one repository for as long as it is open: for servers and mounts. Keeps a bounded number of bytes and,
 * where the repository has threads, decodes ahead on one of them what the reads or an adviser say comes next. Guesses
 * that nobody comes for stay within a tenth of the blocks asked for.
 *
 * @example
 * const reader = new CachedReader(repository);
 * for (const { id } of blocksOfFile(repository, 'latest', path)) use(reader.read(id));
 * await reader.close();
 */
export class CachedReader {
  readonly #reader: BlockReader;
  readonly #ahead: AdvisedAhead | undefined;
  #demand = 0;
  #hits = 0;

  constructor({ packs, ports }: BlockSource, options: CachedReaderOptions = {}) {
    const { cacheBytes = DEFAULT_CACHE_BYTES } = options;
    assert(cacheBytes >= LEAST_CACHE_BYTES, 'a cache holds at least one block');
    this.#reader = new BlockReader(packs, cacheBytes);
    this.#ahead = ports.threads === 0 ? undefined : new AdvisedAhead(this.#reader, options.adviser);
  }

  get counts(): CachedCounts {
    const ahead = this.#ahead?.counts ?? { issued: 0, used: 0, wasted: 0 };
    return { demand: this.#demand, hits: this.#hits, ...ahead };
  }

  /** Resolves once blocks are decoded ahead, or never will be: the thread takes a moment to start. */
  async started(): Promise<void> {
    await this.#ahead?.started;
  }

  /**
   * The raw bytes of a block, shared with the cache and not to be written to.
   * @param known ids that will be asked for next, nearest first; the first 64 are looked at
   * @throws PilotfishError as reading without a cache: MISSING, MISSING_BASE, DAMAGED, TRUNCATED, TAMPERED, LIMIT
   */
  read(id: string, known: readonly string[] = []): Buffer {
    this.#demand += 1;
    if (this.#reader.cached(id) !== undefined || this.#ahead?.isHeld(id) === true) this.#hits += 1;
    const raw = this.#reader.read(id);
    this.#ahead?.next(id, known);
    return raw;
  }

  /** Ends the thread; what nobody asked for counts as wasted. */
  async close(): Promise<void> {
    await this.#ahead?.close();
    this.#reader.forget();
  }
}
