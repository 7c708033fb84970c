import { asRepositoryError, PilotfishError } from '../../base/index.ts';
import type { PackTable } from '../pack/index.ts';
import type { Repository } from '../session/index.ts';
import { deleteDoomed, replacePacks } from './replace-packs.ts';
import { type PackUsage, Usage } from './usage.ts';

export interface PruneOptions {
  /** Share of the packs' bytes that may stay unused, 0 to 1; default 0.05. Less means more rewriting. */
  readonly maxUnusedShare?: number;
  /** Replaced packs are deleted only after this time; for readers that take no lock. Default 0: at once. */
  readonly graceMs?: number;
  /** Say what would be done. */
  readonly dryRun?: boolean;
  readonly onProgress?: (done: { packs: number; totalPacks: number }) => void;
  readonly signal?: AbortSignal;
}

export interface PruneResult {
  readonly packs: number;
  /** Bytes of records nobody needs, bases of live deltas included, before. */
  readonly unusedBytes: number;
  readonly replacedPacks: number;
  readonly deletedPacks: number;
  readonly freedBytes: number;
}

const DEFAULT_MAX_UNUSED_SHARE = 0.05;

/**
 * Removes what no snapshot needs. Must be called under the exclusive lock: never beside a reader or a writer. A dry run
 * reads only; beside a writer it takes for unused what that has yet to commit. Packs nobody needs are doomed; of the others, those with most unused bytes are rewritten until the rest is within
 * `maxUnusedShare`. A base that only live deltas need counts as unused: when its pack is rewritten, so are theirs, and
 * the deltas find other bases.
 */
export async function prune(repository: Repository, options: PruneOptions = {}): Promise<PruneResult> {
  const throwIfInterrupted = (): void => {
    if (options.signal?.aborted) {
      throw new PilotfishError('INTERRUPTED', 'interrupted: nothing was removed; run the command again');
    }
  };
  const dryRun = options.dryRun === true;
  const usage = new Usage(repository, throwIfInterrupted);
  await usage.markAll();
  // What an earlier run replaced and had to leave. Not before everything needed was found elsewhere.
  const early = dryRun ? { packs: 0, bytes: 0 } : deleteDoomed(repository, options.graceMs ?? 0);
  const waste = measureWaste(repository, usage);
  const unusedBytes = sum(waste, ({ unused }) => unused);
  if (unusedBytes > 0) await usage.pinBases();
  const doomed = chooseDoomed(waste, usage, options.maxUnusedShare ?? DEFAULT_MAX_UNUSED_SHARE);
  const result = { packs: waste.length, unusedBytes, replacedPacks: doomed.size };
  if (dryRun) return { ...result, deletedPacks: 0, freedBytes: 0 };
  const before = storedBytes(repository, repository.packs.packNames());
  const replacedBytes = storedBytes(repository, [...doomed]);
  if (doomed.size > 0) {
    const { onProgress } = options;
    await replacePacks(repository, { doomed, usage, throwIfInterrupted, onProgress });
  }
  const late = deleteDoomed(repository, options.graceMs ?? 0);
  const written = storedBytes(repository, repository.packs.packNames()) - (before - replacedBytes);
  return {
    ...result,
    deletedPacks: early.packs + late.packs,
    freedBytes: early.bytes + late.bytes - written,
  };
}

interface Waste {
  readonly name: string;
  readonly bytes: number;
  readonly unused: number;
}

function measureWaste({ packs }: Repository, usage: Usage): Waste[] {
  return packs.inOrder().map((name) => {
    const table = packs.table(name);
    const bytes = (table.offsets[table.recordCount] ?? 0) - (table.offsets[0] ?? 0);
    return { name, bytes, unused: bytes - usedBytes(table, usage.packs.get(name)) };
  });
}

/** Disk bytes of the records in use; of a group, the share its live members have of its raw bytes. */
function usedBytes(table: PackTable, usage: PackUsage | undefined): number {
  if (usage === undefined) return 0;
  let used = 0;
  for (let record = 0; record < table.recordCount; record++) {
    const first = table.firstBlock[record] ?? 0;
    const end = table.firstBlock[record + 1] ?? first;
    let raw = 0;
    let live = 0;
    for (let block = first; block < end; block++) {
      const length = table.rawLengths[block] ?? 0;
      raw += length;
      if (usage.live[block] === 1) live += length;
    }
    const disk = (table.offsets[record + 1] ?? 0) - (table.offsets[record] ?? 0);
    used += raw === 0 ? disk : disk * (live / raw);
  }
  return used;
}

function chooseDoomed(waste: readonly Waste[], usage: Usage, maxUnusedShare: number): Set<string> {
  const doomed = new Set<string>();
  let total = sum(waste, ({ bytes }) => bytes);
  let unused = sum(waste, (pack) => pack.unused);
  const worst = waste
    .filter((pack) => pack.unused > 0)
    .sort((a, b) => b.unused / b.bytes - a.unused / a.bytes);
  for (const pack of worst) {
    const isEmpty = usage.packs.get(pack.name) === undefined;
    if (!isEmpty && unused <= total * maxUnusedShare) break;
    doomed.add(pack.name);
    unused -= pack.unused;
    total -= pack.unused;
  }
  addDependents(doomed, usage);
  return doomed;
}

/** A live delta whose base goes must be written anew too. */
function addDependents(doomed: Set<string>, usage: Usage): void {
  // A set that grows while it is walked is walked to its end.
  for (const name of doomed)
    for (const dependent of usage.packs.get(name)?.pinnedBy ?? []) doomed.add(dependent);
}

function storedBytes({ ports, layout }: Repository, names: readonly string[]): number {
  return sum(names, (name) => {
    try {
      return ports.fs.lstat(layout.pack(name)).sizeBytes;
    } catch (error) {
      throw asRepositoryError(error, layout.pack(name));
    }
  });
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
