import { asRepositoryError, assert, hasCode, MAX_BLOCK_BYTES, MIB, must } from '../../base/index.ts';
import { ResemblanceIndex } from '../bases/index.ts';
import {
  blockIdAt,
  depthAt,
  type FinishedPack,
  type PackFiles,
  type PackTable,
  PackWriter,
  packFeatures,
} from '../pack/index.ts';
import type { StoreAdviser } from '../questions.ts';
import { removeQuietly } from '../repo/index.ts';
import {
  Advice,
  Arena,
  BlockWriter,
  EFFORTS,
  PIPELINE_ARENA_BYTES,
  PoolEncoder,
  type Surroundings,
} from '../store/index.ts';
import type { Repository } from './repository.ts';
import { TimedFiles } from './timed-files.ts';

/** What a writer may take; smaller sizes make short runs fast and cost size, never correctness. */
export interface WriterSizes {
  /** Raw bytes of the newest unique blocks, shared with the encode threads. */
  readonly arenaBytes: number;
  /** What the resemblance index may take: 256 bytes a block. */
  readonly resemblanceBytes: number;
  /** A pack is closed once it holds this much. Larger packs make deletion coarser, smaller ones more files. */
  readonly packBytes: number;
}

const DEFAULT_SIZES: WriterSizes = { arenaBytes: 48 * MIB, resemblanceBytes: 48 * MIB, packBytes: 32 * MIB };
/** Each encode thread takes about 40 MiB: with three the whole stays below 512. */
export const MAX_DEFAULT_THREADS = 3;
/** Batches encoded before threads are started. */
const INLINE_BATCHES = 2;
/** Ids a dry run remembers; beyond, it counts a block that returns as new. */
const MAX_DRY_IDS = 1_000_000;

export interface OutputOptions {
  /** Whether a block need not be written. */
  readonly isStored: (id: string) => boolean;
  readonly adviser?: StoreAdviser | undefined;
  readonly surroundings?: Surroundings | undefined;
  /** How hard groups and deltas are tried. */
  readonly effort?: keyof typeof EFFORTS | undefined;
  /** Encode everything and write nothing. */
  readonly dryRun?: boolean | undefined;
  /** Packs about to go: none of their blocks becomes a base. */
  readonly doomed?: ReadonlySet<string> | undefined;
}

/** Where new blocks of a repository go: a block writer with its memory, its threads and its packs. */
export class BlockOutput {
  readonly writer: BlockWriter;
  /** Packs put in place. Equal blocks make equal packs: one may have the name of a pack it was to replace. */
  readonly published = new Set<string>();
  readonly #repository: Repository;
  readonly #options: OutputOptions;
  readonly #encoder: PoolEncoder;
  readonly #dryIds = new Set<string>();
  readonly #advice: Advice;
  /** Those of the pack that is open, or was written last. */
  #files: TimedFiles | undefined;
  #packs = 0;

  constructor(repository: Repository, options: OutputOptions) {
    this.#repository = repository;
    this.#options = options;
    const sizes = writerSizes(repository.ports.sizes);
    const { threads } = repository.ports;
    const arena = new Arena(sizes.arenaBytes);
    this.#encoder = new PoolEncoder(arena, {
      threads,
      inlineBatches: threads === 0 ? Number.POSITIVE_INFINITY : INLINE_BATCHES,
      clock: repository.ports.clock,
    });
    this.#advice = new Advice(options.adviser ?? {}, options.surroundings);
    let resemblance: ResemblanceIndex | undefined;
    this.writer = new BlockWriter({
      arena,
      encoder: this.#encoder,
      advice: this.#advice,
      effort: EFFORTS[options.effort ?? 'normal'],
      // Filled when the first new block asks: a run that finds everything stored reads no features.
      resemblance: () => {
        resemblance ??= loadResemblance(repository, sizes.resemblanceBytes, options.doomed ?? new Set());
        return resemblance;
      },
      has: (id) => this.#dryIds.has(id) || options.isStored(id),
      read: (id) => repository.reader.read(id),
      sink: {
        targetBytes: sizes.packBytes,
        open: () => this.#openPack(),
        publish: (pack) => this.#publish(pack),
      },
    });
  }

  /** Stops the threads and lets go of an unfinished pack; never throws. */
  async close(): Promise<void> {
    this.writer.abandon();
    await this.#encoder.close();
  }

  #openPack(): PackWriter {
    const { layout, lock, packs, ports, sealer } = this.#repository;
    const path = layout.temporary(lock.writerId, String(this.#packs++));
    const files = new TimedFiles(this.#options.dryRun === true ? nowhere : ports.fs, ports.clock);
    this.#files = files;
    return new PackWriter(files, path, sealer, (name) => packs.isDoomed(name));
  }

  #publish(pack: FinishedPack): void {
    if (this.#options.dryRun === true) {
      for (const { blocks } of pack.records) for (const { id } of blocks) this.#remember(id);
      return;
    }
    const { layout, ports, packs } = this.#repository;
    try {
      ports.fs.rename(pack.path, layout.pack(pack.name));
    } catch (error) {
      removeQuietly(ports.fs, pack.path);
      throw asRepositoryError(error, layout.pack(pack.name));
    }
    this.published.add(pack.name);
    packs.add(pack.name);
    this.#advice.written(pack.sizeBytes, (this.#files?.elapsedMs ?? 0) / 1000);
  }

  #remember(id: string): void {
    if (this.#dryIds.size < MAX_DRY_IDS) this.#dryIds.add(id);
  }
}

/** The sizes asked for, checked, and the built-in ones for the rest. */
function writerSizes(asked: Partial<WriterSizes> = {}): WriterSizes {
  const sizes = { ...DEFAULT_SIZES, ...asked };
  assert(
    sizes.arenaBytes >= PIPELINE_ARENA_BYTES + 4 * MAX_BLOCK_BYTES,
    'the arena holds more than what is under way',
  );
  return sizes;
}

/** The resemblance index of a repository, from the footers of its newest packs. */
function loadResemblance(
  { packs }: Repository,
  budgetBytes: number,
  doomed: ReadonlySet<string>,
): ResemblanceIndex {
  const index = new ResemblanceIndex(budgetBytes);
  const newest: string[] = [];
  let blocks = 0;
  for (const name of packs.inOrder().reverse()) {
    if (blocks >= index.capacity) break;
    if (doomed.has(name)) continue;
    newest.push(name);
    blocks += blocksOf(packs, name);
  }
  for (const name of newest.reverse()) addPack(index, packs, name);
  return index;
}

function blocksOf(packs: Repository['packs'], name: string): number {
  try {
    return packs.table(name).blockCount;
  } catch (error) {
    if (!hasCode(error)) throw error;
    return 0;
  }
}

/** A pack that cannot be read gives no bases; the damage is `verify`'s to report. */
function addPack(index: ResemblanceIndex, packs: Repository['packs'], name: string): void {
  try {
    const table = packs.table(name);
    const features = packFeatures(table);
    const ratios = storedRatios(table);
    for (let block = 0; block < table.blockCount; block++) {
      const own = features.subarray(12 * block, 12 * block + 12);
      if (own.some((value) => value !== 0)) {
        index.add(own, {
          id: blockIdAt(table, block),
          depth: depthAt(table, block),
          rawLength: table.rawLengths[block] as number,
          storedRatio: ratios[must(table.recordOf[block], 'a block has a record')],
        });
      }
    }
  } catch (error) {
    if (!hasCode(error)) throw error;
  }
}

/** Stored / raw of each record of a pack. */
function storedRatios({ recordCount, rawLengths, recordOf, offsets }: PackTable): Float64Array {
  const ratios = new Float64Array(recordCount);
  recordOf.forEach((record, block) => {
    ratios[record] = (ratios[record] ?? 0) + (rawLengths[block] ?? 0);
  });
  return ratios.map(
    (raw, record) => ((offsets[record + 1] ?? 0) - (offsets[record] ?? 0)) / Math.max(1, raw),
  );
}

/** Files that go nowhere: a dry run writes its packs to them. */
const nowhere: PackFiles = {
  open: () => -1,
  write: (_fd, _from, range) => range.length,
  fsync: () => undefined,
  close: () => undefined,
  unlink: () => undefined,
};
