import { asRepositoryError, hasCode, makeDirectories, sha256 } from '../../base/index.ts';
import { classify } from '../../signals/index.ts';
import { type VerifyResult, verify } from '../check/index.ts';
import { Chunker } from '../chunk/index.ts';
import type { PackTable } from '../pack/index.ts';
import { BlockOutput, type Problem, type Repository } from '../session/index.ts';
import { salvageTable } from './salvage.ts';

export interface RepairOptions {
  /** Say what is damaged and what it affects; change nothing. */
  readonly dryRun?: boolean;
  readonly onProgress?: (done: { packs: number; totalPacks: number; blocks: number }) => void;
  readonly signal?: AbortSignal;
}

export interface RepairResult {
  /** Packs that were damaged; they lie in `damaged/` now. */
  readonly damagedPacks: readonly string[];
  /** Blocks brought over from them. */
  readonly salvagedBlocks: number;
  /** What is still not whole, each file once: `SNAPSHOT:path`. */
  readonly affected: readonly Problem[];
}

/**
 * Takes damaged packs apart: what can still be read goes to new packs, the rest is named. Under the exclusive lock.
 * What stays affected is mended by a `pack --read-all` of the same files: equal content has equal ids, and old
 * snapshots find it again.
 */
export async function repair(repository: Repository, options: RepairOptions = {}): Promise<RepairResult> {
  const { onProgress, signal } = options;
  const checks = { data: true, ...(onProgress && { onProgress }), ...(signal && { signal }) };
  const before = await verify(repository, checks);
  const damagedPacks = packsNamed(repository, before);
  if (options.dryRun === true || damagedPacks.length === 0) {
    return { damagedPacks, salvagedBlocks: 0, affected: filesOnly(before) };
  }
  const { salvagedBlocks, published } = await salvage(repository, damagedPacks);
  setAside(
    repository,
    damagedPacks.filter((name) => !published.has(name)),
  );
  repository.packs.reload();
  repository.reader.forget();
  const after = await verify(repository);
  return { damagedPacks, salvagedBlocks, affected: filesOnly(after) };
}

function packsNamed({ packs, layout }: Repository, { damage }: VerifyResult): string[] {
  const paths = new Set(damage.map(({ path }) => path));
  return packs.packNames().filter((name) => paths.has(layout.pack(name)));
}

/** Problems of files and snapshots, not of packs. */
function filesOnly({ damage }: VerifyResult): Problem[] {
  return damage.filter(({ path }) => !path.endsWith('.pack'));
}

async function salvage(
  repository: Repository,
  damaged: readonly string[],
): Promise<{ salvagedBlocks: number; published: ReadonlySet<string> }> {
  const { packs } = repository;
  const except = new Set(damaged);
  const output = new BlockOutput(repository, {
    isStored: (id) => packs.locate(id, except) !== undefined,
    doomed: except,
  });
  const chunker = new Chunker(repository.config.averageBlockBytes, repository.sealer.gearSeed);
  try {
    for (const name of damaged) await salvagePack(repository, name, { output, chunker });
    await output.writer.finish();
    repository.syncDirectory(repository.layout.store);
    return { salvagedBlocks: output.writer.counters.newBlocks, published: output.published };
  } finally {
    await output.close();
  }
}

async function salvagePack(
  repository: Repository,
  name: string,
  { output, chunker }: { output: BlockOutput; chunker: Chunker },
): Promise<void> {
  const table = readableTable(repository, name);
  for (let block = 0; block < table.blockCount; block++) {
    const raw = readQuietly(() => repository.reader.salvage({ pack: name, block, table }));
    if (raw === undefined) continue;
    sha256(raw).copy(table.ids, 32 * block);
    const fileKind = classify(raw);
    output.writer.put(chunker.whole(raw), {
      fileKind,
      nameClass: fileKind + 1,
      fileOffsetBytes: 0,
      isTree: false,
    });
    if (output.writer.wantsDrain) await output.writer.drain();
  }
}

/** The table of a pack, from its records where its footer is lost. */
function readableTable({ packs, ports, layout, sealer }: Repository, name: string): PackTable {
  try {
    return packs.table(name);
  } catch (error) {
    if (!hasCode(error)) throw error;
  }
  const fd = ports.fs.open(layout.pack(name), 'read');
  try {
    return packs.adopt(name, salvageTable(ports.fs, fd, sealer));
  } finally {
    ports.fs.close(fd);
  }
}

function readQuietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    // A block that does not decode is what is lost; the others are tried all the same.
    if (!hasCode(error) || hasCode(error, 'INTERNAL')) throw error;
    return undefined;
  }
}

/** Moves damaged packs out of the way: nothing refers to them any more, but they are not ours to destroy. */
function setAside({ ports, layout }: Repository, names: readonly string[]): void {
  try {
    makeDirectories(ports.fs, layout.damaged);
    for (const name of names) ports.fs.rename(layout.pack(name), `${layout.damaged}/${name}.pack`);
    ports.fs.fsyncDirectory(layout.damaged);
    ports.fs.fsyncDirectory(layout.store);
  } catch (error) {
    throw asRepositoryError(error, layout.damaged);
  }
}
