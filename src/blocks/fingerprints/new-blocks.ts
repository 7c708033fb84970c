import { hasCode, MIB, must, PilotfishError } from '../../base/index.ts';
import { SHINGLE_BYTES, type SimHashKernel } from '../../signals/index.ts';
import type { PackTable } from '../pack/index.ts';
import type { Repository } from '../session/index.ts';
import { ID_BYTES } from './fingerprint-table.ts';

/** How far the fingerprinting of new blocks is. */
export interface FingerprintProgress {
  readonly blocks: number;
  readonly totalBlocks: number;
  /** Raw bytes of these blocks. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface FingerprintOptions {
  readonly onProgress?: (done: FingerprintProgress) => void;
  /** Aborted, the work stops with INTERRUPTED; what was done is kept. */
  readonly signal?: AbortSignal;
}

/** Blocks of one pack that have no fingerprint yet. */
export interface Work {
  readonly pack: string;
  readonly blocks: readonly number[];
  readonly bytes: number;
}

/** Takes what comes out of the work. */
export interface Sink {
  add(id: Uint8Array, fingerprint: bigint): void;
  /** A pack is done; of so many of its blocks there is no fingerprint since they could not be read. */
  packDone(pack: string, unreadable: number): void;
}

/** Raw bytes between two looks for a signal, about 10 ms of work. */
const TURN_BYTES = 4 * MIB;

/** The table of a pack; one that cannot be read has no blocks here, and the damage is `verify`'s to report. */
export function tableOf({ packs }: Repository, name: string): PackTable | undefined {
  try {
    return packs.table(name);
  } catch (error) {
    if (!hasCode(error)) throw error;
    return undefined;
  }
}

/** The id of a block as bytes, a view. */
export function idBytesAt({ ids }: PackTable, block: number): Buffer {
  return ids.subarray(ID_BYTES * block, ID_BYTES * (block + 1));
}

/** Blocks of these packs that have no fingerprint, pack by pack: a base is read shortly before its deltas. */
export function planOf(
  repository: Repository,
  names: readonly string[],
  isKnown: (id: Buffer) => boolean,
): Work[] {
  return names.flatMap((pack) => {
    const table = tableOf(repository, pack);
    if (table === undefined) return [];
    const blocks: number[] = [];
    let bytes = 0;
    for (let block = 0; block < table.blockCount; block += 1) {
      const length = must(table.rawLengths[block], 'a block has a length');
      if (length < SHINGLE_BYTES || isKnown(idBytesAt(table, block))) continue;
      blocks.push(block);
      bytes += length;
    }
    return [{ pack, blocks, bytes }];
  });
}

/** Reads the planned blocks and fingerprints them. Throws INTERRUPTED, IO. */
export async function fingerprintBlocks(
  repository: Repository,
  { plan, kernel, sink }: { plan: readonly Work[]; kernel: SimHashKernel; sink: Sink },
  { onProgress, signal }: FingerprintOptions,
): Promise<void> {
  const totalBlocks = plan.reduce((sum, { blocks }) => sum + blocks.length, 0);
  const totalBytes = plan.reduce((sum, { bytes }) => sum + bytes, 0);
  let [done, bytes, turnAt] = [0, 0, TURN_BYTES];
  for (const { pack, blocks } of plan) {
    const table = tableOf(repository, pack);
    if (table === undefined) {
      sink.packDone(pack, blocks.length);
      continue;
    }
    let unreadable = 0;
    for (const block of blocks) {
      try {
        const raw = repository.reader.readPlace({ pack, block, table });
        sink.add(idBytesAt(table, block), kernel.of(raw));
      } catch (error) {
        if (!hasCode(error)) throw error;
        unreadable += 1;
      }
      done += 1;
      bytes += must(table.rawLengths[block], 'a block has a length');
      if (bytes < turnAt) continue;
      turnAt = bytes + TURN_BYTES;
      onProgress?.({ blocks: done, totalBlocks, bytes, totalBytes });
      await repository.ports.clock.turn();
      if (signal?.aborted) throw interrupted(done, totalBlocks);
    }
    sink.packDone(pack, unreadable);
  }
}

const interrupted = (done: number, total: number): PilotfishError =>
  new PilotfishError(
    'INTERRUPTED',
    `interrupted: ${done} of ${total} blocks are done and kept; run the command again for the rest`,
  );
