import { MIB } from '../../base/index.ts';
import { blockIdAt, packFeatures } from '../pack/index.ts';
import type { StoreAdviser } from '../questions.ts';
import { Advice, Arena, type Encoder, PoolEncoder, ResemblanceIndex } from '../store/index.ts';
import type { Repository } from './repository.ts';

/** Raw bytes of the newest unique blocks, shared with the encode threads. */
const ARENA_BYTES = 96 * MIB;
/** What the resemblance index may take; about 196 000 blocks. */
const RESEMBLANCE_BYTES = 48 * MIB;
/** Batches encoded before threads are started. */
const INLINE_BATCHES = 2;

/** The parts of a block writer that hold memory. */
export function makeEncoding(
  repository: Repository,
  adviser: StoreAdviser,
): { arena: Arena; encoder: Encoder; resemblance: ResemblanceIndex; advice: Advice } {
  const arena = new Arena(ARENA_BYTES);
  const { threads } = repository.ports;
  const encoder = new PoolEncoder(arena, { threads, inlineBatches: threads === 0 ? Number.POSITIVE_INFINITY : INLINE_BATCHES });
  return { arena, encoder, resemblance: loadResemblance(repository), advice: new Advice(adviser) };
}

/** The resemblance index of a repository, from the footers of its newest packs. */
function loadResemblance(repository: Repository): ResemblanceIndex {
  const index = new ResemblanceIndex(RESEMBLANCE_BYTES);
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
