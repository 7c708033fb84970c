import { assert, MAX_BLOCK_BYTES, MIB } from '../../base/index.ts';
import { blockIdAt, packFeatures } from '../pack/index.ts';
import type { StoreAdviser } from '../questions.ts';
import { Advice, Arena, type Encoder, PIPELINE_ARENA_BYTES, PoolEncoder, ResemblanceIndex } from '../store/index.ts';
import type { Repository } from './repository.ts';

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
/** Batches encoded before threads are started. */
const INLINE_BATCHES = 2;

/** The sizes asked for, checked, and the built-in ones for the rest. */
export function writerSizes(asked: Partial<WriterSizes> = {}): WriterSizes {
  const sizes = { ...DEFAULT_SIZES, ...asked };
  assert(sizes.arenaBytes >= PIPELINE_ARENA_BYTES + 4 * MAX_BLOCK_BYTES, 'the arena holds more than what is under way');
  return sizes;
}

/** The parts of a block writer that hold memory. */
export function makeEncoding(
  repository: Repository,
  adviser: StoreAdviser,
): { arena: Arena; encoder: Encoder; resemblance: ResemblanceIndex; advice: Advice } {
  const { threads, sizes } = repository.ports;
  const { arenaBytes, resemblanceBytes } = writerSizes(sizes);
  const arena = new Arena(arenaBytes);
  const encoder = new PoolEncoder(arena, { threads, inlineBatches: threads === 0 ? Number.POSITIVE_INFINITY : INLINE_BATCHES });
  return { arena, encoder, resemblance: loadResemblance(repository, resemblanceBytes), advice: new Advice(adviser) };
}

/** The resemblance index of a repository, from the footers of its newest packs. */
function loadResemblance(repository: Repository, budgetBytes: number): ResemblanceIndex {
  const index = new ResemblanceIndex(budgetBytes);
  const { packs } = repository;
  const newest: string[] = [];
  let blocks = 0;
  for (const name of packs.inOrder().reverse()) {
    if (blocks >= index.capacity) break;
    newest.push(name);
    blocks += packs.table(name).blockCount;
  }
  for (const name of newest.reverse()) addPack(index, repository, name);
  return index;
}

function addPack(index: ResemblanceIndex, { packs }: Repository, name: string): void {
  const table = packs.table(name);
  const features = packFeatures(table);
  for (let block = 0; block < table.blockCount; block++) {
    const depth = table.depths[table.recordOf[block] as number] as number;
    const own = features.subarray(12 * block, 12 * block + 12);
    if (own.some((value) => value !== 0)) {
      index.add(own, { id: blockIdAt(table, block), depth, rawLength: table.rawLengths[block] as number });
    }
  }
}
