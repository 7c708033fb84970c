import { asRepositoryError, assert, type FileSystem } from '../../base/index.ts';
import { classify } from '../../signals/index.ts';
import { Chunker } from '../chunk/index.ts';
import type { StoreAdviser } from '../questions.ts';
import { readDoomed, writeDoomed } from '../repo/index.ts';
import { BlockOutput, type Repository } from '../session/index.ts';
import type { BlockWriter } from '../store/index.ts';
import { depthOf, type PackUsage, type Usage } from './usage.ts';

/** How far it is. Packs are large and may be few: blocks show that it moves. */
export interface Replaced {
  readonly packs: number;
  readonly totalPacks: number;
  /** Live ones, moved. */
  readonly blocks: number;
  readonly totalBlocks: number;
}

export interface ReplaceOptions {
  /** Packs to replace; what is live in them is written to new ones. */
  readonly doomed: ReadonlySet<string>;
  readonly usage: Usage;
  readonly adviser?: StoreAdviser | undefined;
  /** How hard groups and deltas are tried; see `BlockWriter`. */
  readonly effort?: 'normal' | 'high';
  readonly onProgress?: ((done: Replaced) => void) | undefined;
  readonly throwIfInterrupted: () => void;
}

/**
 * Writes what is live in some packs to new ones and dooms the old. In this order: new packs are durable, then the list
 * of the doomed appears, which is the moment they are replaced. Stopped before it, nothing has changed but that some
 * blocks are stored twice; after it, the doomed are deleted by this or any later `prune`.
 */
export async function replacePacks(repository: Repository, options: ReplaceOptions): Promise<void> {
  assert(repository.lock.mode === 'exclusive', 'packs are replaced under the exclusive lock');
  const output = new BlockOutput(repository, {
    // Each block that is moved is marked in one place. Another copy may be one that its base's other copies rest on.
    isStored: () => false,
    doomed: options.doomed,
    adviser: options.adviser,
    effort: options.effort,
  });
  const to: Target = {
    writer: output.writer,
    chunker: new Chunker(repository.config.averageBlockBytes, repository.sealer.gearSeed),
    keepsDepths: repository.packs.inOrder().some((name) => !options.doomed.has(name)),
  };
  const done = { packs: 0, totalPacks: options.doomed.size, blocks: 0, totalBlocks: liveBlocks(options) };
  const report = async (): Promise<void> => {
    options.onProgress?.({ ...done });
    await repository.ports.clock.turn();
    options.throwIfInterrupted();
  };
  try {
    for (const name of options.doomed) {
      const usage = options.usage.packs.get(name);
      if (usage !== undefined) await moveLive(repository, to, { name, usage, done, report });
      done.packs += 1;
      await report();
    }
    await output.writer.finish();
  } finally {
    await output.close();
  }
  doom(repository, options.doomed.difference(output.published));
}

function liveBlocks({ doomed, usage }: ReplaceOptions): number {
  let count = 0;
  for (const name of doomed) {
    for (const isLive of usage.packs.get(name)?.live ?? []) count += isLive;
  }
  return count;
}

interface Target {
  readonly writer: BlockWriter;
  readonly chunker: Chunker;
  /**
   * No block gets a longer chain than it had. Deltas in packs that stay have some of them as their base: deeper they
   * would go beyond the limit, or in a circle, the base having become a delta of its own delta.
   */
  readonly keepsDepths: boolean;
}

async function moveLive(
  repository: Repository,
  { writer, chunker, keepsDepths }: Target,
  pack: { name: string; usage: PackUsage; done: { blocks: number }; report: () => Promise<void> },
): Promise<void> {
  const table = repository.packs.table(pack.name);
  for (let block = 0; block < table.blockCount; block++) {
    if (pack.usage.live[block] !== 1) continue;
    const raw = repository.reader.readPlace({ pack: pack.name, block, table });
    const fileKind = classify(raw);
    // Names are not known here: small blocks of one kind of content share a group. Features are taken anew: a footer
    // keeps none for blocks at the end of a chain.
    const isTree = pack.usage.node[block] === 1;
    const maxDepth = keepsDepths ? depthOf({ pack: pack.name, block, table }) : undefined;
    writer.put(chunker.whole(raw), {
      fileKind,
      nameClass: fileKind + 1,
      fileOffsetBytes: 0,
      fileNumber: 0,
      isTree,
      maxDepth,
    });
    pack.done.blocks += 1;
    if (!writer.wantsDrain) continue;
    await writer.drain();
    await pack.report();
  }
}

/** The moment of replacement. */
export function doom(repository: Repository, names: ReadonlySet<string>): void {
  const { ports, layout, lock } = repository;
  if (names.size === 0) return;
  // A snapshot that `forget` removed without getting as far as this must not come back after a power cut.
  repository.syncDirectory(layout.snapshots);
  repository.syncDirectory(layout.store);
  lock.assertHeld();
  const batch = { packs: [...names].sort(), sinceMs: ports.clock.nowMs() };
  const at = { fs: ports.fs, layout, writerId: lock.writerId };
  writeDoomed(at, [...readDoomed(ports.fs, layout), batch]);
  repository.packs.reload();
  repository.reader.forget();
}

/** Deletes doomed packs that were replaced at least `graceMs` ago; returns how many, and their bytes. */
export function deleteDoomed(repository: Repository, graceMs: number): { packs: number; bytes: number } {
  const { ports, layout, lock } = repository;
  const { fs } = ports;
  const batches = readDoomed(fs, layout);
  // A time that has yet to come was taken from a clock that was wrong.
  const isDue = ({ sinceMs }: { sinceMs: number }) => Math.max(0, ports.clock.nowMs() - sinceMs) >= graceMs;
  const names = batches.filter(isDue).flatMap(({ packs }) => packs);
  if (names.length === 0) return { packs: 0, bytes: 0 };
  assert(lock.mode === 'exclusive', 'packs are deleted under the exclusive lock');
  lock.assertHeld();
  let bytes = 0;
  for (const name of names) bytes += remove(fs, layout.pack(name));
  repository.syncDirectory(layout.store);
  const later = batches.filter((batch) => !isDue(batch));
  writeDoomed({ fs, layout, writerId: lock.writerId }, later);
  return { packs: names.length, bytes };
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
