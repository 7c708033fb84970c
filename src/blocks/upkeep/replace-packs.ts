import { asRepositoryError, assert, type FileSystem } from '../../base/index.ts';
import { classify } from '../../signals/index.ts';
import { Chunker } from '../chunk/index.ts';
import type { StoreAdviser } from '../questions.ts';
import { readDoomed, writeDoomed } from '../repo/index.ts';
import { BlockOutput, type Repository } from '../session/index.ts';
import type { BlockWriter } from '../store/index.ts';
import type { PackUsage, Usage } from './usage.ts';

export interface ReplaceOptions {
  /** Packs to replace; what is live in them is written to new ones. */
  readonly doomed: ReadonlySet<string>;
  readonly usage: Usage;
  readonly adviser?: StoreAdviser | undefined;
  /** How hard groups and deltas are tried; see `BlockWriter`. */
  readonly effort?: 'normal' | 'high';
  readonly onProgress?: ((done: { packs: number; totalPacks: number }) => void) | undefined;
  readonly throwIfInterrupted: () => void;
}

/**
 * Writes what is live in some packs to new ones and dooms the old. In this order: new packs are durable, then the list
 * of the doomed appears, which is the moment they are replaced. Stopped before it, nothing has changed but that some
 * blocks are stored twice; after it, the doomed are deleted by this or any later `prune`.
 */
export async function replacePacks(repository: Repository, options: ReplaceOptions): Promise<void> {
  const { packs } = repository;
  const output = new BlockOutput(repository, {
    isStored: (id) => packs.locate(id, options.doomed) !== undefined,
    doomed: options.doomed,
    adviser: options.adviser,
    effort: options.effort,
  });
  const chunker = new Chunker(repository.config.averageBlockBytes, repository.sealer.gearSeed);
  try {
    let done = 0;
    for (const name of options.doomed) {
      const usage = options.usage.packs.get(name);
      if (usage !== undefined)
        await moveLive(repository, { writer: output.writer, chunker }, { name, usage });
      done += 1;
      options.onProgress?.({ packs: done, totalPacks: options.doomed.size });
      await repository.ports.clock.turn();
      options.throwIfInterrupted();
    }
    await output.writer.finish();
  } finally {
    await output.close();
  }
  doom(repository, options.doomed.difference(output.published));
}

async function moveLive(
  repository: Repository,
  { writer, chunker }: { writer: BlockWriter; chunker: Chunker },
  pack: { name: string; usage: PackUsage },
): Promise<void> {
  const table = repository.packs.table(pack.name);
  for (let block = 0; block < table.blockCount; block++) {
    if (pack.usage.live[block] !== 1) continue;
    const raw = repository.reader.readPlace({ pack: pack.name, block, table });
    const fileKind = classify(raw);
    // Names are not known here: small blocks of one kind of content share a group. Features are taken anew: a footer
    // keeps none for blocks at the end of a chain.
    const isTree = pack.usage.node[block] === 1;
    writer.put(chunker.whole(raw), { fileKind, nameClass: fileKind + 1, fileOffsetBytes: 0, isTree });
    if (writer.wantsDrain) await writer.drain();
  }
}

/** The moment of replacement. */
export function doom(repository: Repository, names: ReadonlySet<string>): void {
  const { ports, layout, lock } = repository;
  if (names.size === 0) return;
  repository.syncDirectory(layout.store);
  const before = readDoomed(ports.fs, layout);
  const packs = [...new Set([...before.packs, ...names])].sort();
  writeDoomed({ fs: ports.fs, layout, writerId: lock.writerId }, { packs, sinceMs: ports.clock.nowMs() });
  repository.packs.reload();
  repository.reader.forget();
}

/** Deletes doomed packs that were replaced at least `graceMs` ago; returns how many, and their bytes. */
export function deleteDoomed(repository: Repository, graceMs: number): { packs: number; bytes: number } {
  const { ports, layout, lock } = repository;
  const { fs } = ports;
  const doomed = readDoomed(fs, layout);
  if (doomed.packs.length === 0 || ports.clock.nowMs() - doomed.sinceMs < graceMs)
    return { packs: 0, bytes: 0 };
  assert(lock.mode === 'exclusive', 'packs are deleted under the exclusive lock');
  let bytes = 0;
  for (const name of doomed.packs) bytes += remove(fs, layout.pack(name));
  repository.syncDirectory(layout.store);
  writeDoomed({ fs, layout, writerId: lock.writerId }, { packs: [], sinceMs: 0 });
  return { packs: doomed.packs.length, bytes };
}

function remove(fs: FileSystem, path: string): number {
  try {
    const { sizeBytes } = fs.lstat(path);
    fs.unlink(path);
    return sizeBytes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw asRepositoryError(error, path);
  }
}
