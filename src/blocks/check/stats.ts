import { hasCode } from '../../base/index.ts';
import { depthAt, type PackTable, RECORD_TYPES } from '../pack/index.ts';
import type { Repository } from '../session/index.ts';
import { repositoryBytes } from '../session/index.ts';

export interface StatsResult {
  readonly id: string;
  readonly averageBlockBytes: number;
  readonly encrypted: boolean;
  readonly snapshots: number;
  /** Sum of the file sizes of all snapshots. */
  readonly snapshotBytes: number;
  readonly packs: number;
  readonly unreadablePacks: number;
  /** Distinct blocks, and their raw bytes. */
  readonly blocks: number;
  readonly rawBytes: number;
  readonly storedBytes: number;
  readonly packBytes: number;
  readonly indexBytes: number;
  readonly records: { readonly block: number; readonly delta: number; readonly group: number };
  /** Blocks by number of steps to bytes that need no other record, 0 to 4. */
  readonly depths: readonly number[];
}

/** Counts what a repository holds, from its snapshots and the tables of its packs. */
export function stats(repository: Repository): StatsResult {
  const { packs, snapshots, config, layout, ports } = repository;
  const all = snapshots.list(() => undefined);
  const names = packs.packNames();
  const sums = { blocks: 0, rawBytes: 0, records: { block: 0, delta: 0, group: 0 }, depths: [0, 0, 0, 0, 0] };
  let unreadablePacks = 0;
  for (const name of names) {
    try {
      addTable(sums, packs.table(name));
    } catch (error) {
      if (!hasCode(error)) throw error;
      unreadablePacks += 1;
    }
  }
  return {
    id: config.id,
    averageBlockBytes: config.averageBlockBytes,
    encrypted: repository.sealer.encrypted,
    snapshots: all.length,
    snapshotBytes: all.reduce((sum, snapshot) => sum + snapshot.bytes, 0),
    packs: names.length,
    unreadablePacks,
    ...sums,
    storedBytes: repositoryBytes(repository),
    packBytes: names.reduce((sum, name) => sum + sizeOf(repository, layout.pack(name)), 0),
    indexBytes: ports.index === 'memory' ? 0 : sizeOf(repository, layout.index),
  };
}

interface Sums {
  blocks: number;
  rawBytes: number;
  records: { block: number; delta: number; group: number };
  depths: number[];
}

function addTable(sums: Sums, table: PackTable): void {
  sums.blocks += table.blockCount;
  for (let block = 0; block < table.blockCount; block++) {
    sums.rawBytes += table.rawLengths[block] as number;
    const depth = depthAt(table, block);
    sums.depths[depth] = (sums.depths[depth] ?? 0) + 1;
  }
  for (const type of table.types) {
    if (type === RECORD_TYPES.block) sums.records.block += 1;
    else if (type === RECORD_TYPES.delta) sums.records.delta += 1;
    else sums.records.group += 1;
  }
}

function sizeOf(repository: Repository, path: string): number {
  try {
    return repository.ports.fs.lstat(path).sizeBytes;
  } catch {
    // Gone since it was listed, or never made.
    return 0;
  }
}
