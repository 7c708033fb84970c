import {
  asRepositoryError,
  type ErrorCode,
  exists,
  hasCode,
  makeDirectories,
  PilotfishError,
  sha256,
} from '../../base/index.ts';
import { classify } from '../../signals/index.ts';
import { verify } from '../check/index.ts';
import { Chunker } from '../chunk/index.ts';
import type { PackTable } from '../pack/index.ts';
import { BlockOutput, type Problem, Problems, type Repository } from '../session/index.ts';
import type { BlockPlace, BlockWriter } from '../store/index.ts';
import { salvageTable } from './salvage.ts';
import { depthOf } from './usage.ts';

export interface RepairOptions {
  /** Say what is damaged and what it affects; change nothing. */
  readonly dryRun?: boolean;
  readonly onProgress?: (done: { packs: number; totalPacks: number; blocks: number }) => void;
  readonly signal?: AbortSignal;
}

export interface RepairResult {
  /** Packs that were damaged; they lie in `damaged/` now. */
  readonly damagedPacks: readonly string[];
  /** Files of `snapshots/` that could not be read; they lie in `damaged/` now. */
  readonly damagedSnapshots: readonly string[];
  /** Blocks brought over from them. */
  readonly salvagedBlocks: number;
  /** What is still not whole, each file once: `SNAPSHOT:path`; the first 10 000 of it. */
  readonly affected: readonly Problem[];
  readonly affectedCount: number;
}

/**
 * Takes damaged packs apart: what can still be read goes to new packs, the rest is named. Under the exclusive lock.
 * What stays affected is mended by a `pack --read-all` of the same files: equal content has equal ids, and old
 * snapshots find it again.
 */
export async function repair(repository: Repository, options: RepairOptions = {}): Promise<RepairResult> {
  const { onProgress, signal } = options;
  const { layout, packs, snapshots } = repository;
  // Told one by one: of what is wrong with a million blocks the result keeps only the first part.
  const codes = new Map<string, Set<ErrorCode>>();
  const before = filesOnly(repository, ({ path, code }) => {
    if (path.startsWith(`${layout.root}/`)) codes.set(path, (codes.get(path) ?? new Set()).add(code));
  });
  await verify(repository, {
    data: true,
    onProblem: before.note,
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  });
  refuseNewer(codes);
  const damagedPacks = packs.packNames().filter((name) => codes.has(layout.pack(name)));
  // Once more: nothing of a snapshot is brought over, and a device may refuse once what it gives the next time.
  const isUnreadable = (name: string) => readQuietly(() => snapshots.read(name)) === undefined;
  const suspects = snapshots.diskIds().filter((name) => codes.has(layout.snapshot(name)));
  const damagedSnapshots = suspects.filter(isUnreadable);
  if (options.dryRun === true || damagedPacks.length + damagedSnapshots.length === 0) {
    return { damagedPacks, damagedSnapshots, salvagedBlocks: 0, ...before.result() };
  }
  const { salvagedBlocks, published } = await salvage(repository, damagedPacks);
  const gone = damagedPacks.filter((name) => !published.has(name));
  setAside(repository, [
    ...gone.map((name) => ({ from: layout.pack(name), name: `${name}.pack` })),
    ...damagedSnapshots.map((name) => ({ from: layout.snapshot(name), name: `${name}.snapshot` })),
  ]);
  repository.packs.reload();
  repository.reader.forget();
  const after = filesOnly(repository);
  await verify(repository, { onProblem: after.note });
  return { damagedPacks, damagedSnapshots, salvagedBlocks, ...after.result() };
}

/** A file that a newer Pilotfish wrote is sound: other than one whose bytes were changed, it hashes to its name. */
function refuseNewer(codes: ReadonlyMap<string, ReadonlySet<ErrorCode>>): void {
  for (const [path, found] of codes) {
    if (!found.has('NEWER_VERSION') || found.has('DAMAGED')) continue;
    const message = `${path} was written by a newer Pilotfish: update Pilotfish, then repair with that`;
    throw new PilotfishError('NEWER_VERSION', message, { path });
  }
}

/** Keeps problems of files and snapshots, not of packs, which could fill the list; `others` hears of all. */
function filesOnly({ layout }: Repository, others?: (problem: Problem) => void) {
  const problems = new Problems();
  return {
    note: (problem: Problem): void => {
      others?.(problem);
      // By the folder: a file of a snapshot may be called `x.pack` as well.
      if (problem.path.startsWith(`${layout.store}/`)) return;
      problems.add(problem.path, problem.code, problem.message);
    },
    result: () => ({ affected: problems.list, affectedCount: problems.count }),
  };
}

async function salvage(
  repository: Repository,
  damaged: readonly string[],
): Promise<{ salvagedBlocks: number; published: ReadonlySet<string> }> {
  const except = new Set(damaged);
  const output = new BlockOutput(repository, { isStored: () => false, doomed: except });
  const chunker = new Chunker(repository.config.averageBlockBytes, repository.sealer.gearSeed);
  const to: Target = { writer: output.writer, chunker, except };
  try {
    let lost: BlockPlace[] = [];
    for (const name of damaged) lost.push(...(await salvagePack(repository, name, to)));
    // Again: a base may have been saved after its delta was tried, and a read that failed once may succeed.
    for (let before = Number.POSITIVE_INFINITY; lost.length > 0 && lost.length < before; ) {
      before = lost.length;
      await output.writer.finish();
      lost = await salvageBlocks(repository, lost, to);
    }
    await output.writer.finish();
    repository.syncDirectory(repository.layout.store);
    return { salvagedBlocks: output.writer.counters.newBlocks, published: output.published };
  } finally {
    await output.close();
  }
}

interface Target {
  readonly writer: BlockWriter;
  readonly chunker: Chunker;
  /** The damaged packs. */
  readonly except: ReadonlySet<string>;
}

/** Returns the blocks that could not be read. */
function salvagePack(repository: Repository, pack: string, to: Target): Promise<BlockPlace[]> {
  const table = readableTable(repository, pack);
  const places = Array.from({ length: table.blockCount }, (_, block) => ({ pack, block, table }));
  return salvageBlocks(repository, places, to);
}

async function salvageBlocks(
  { packs, reader }: Repository,
  places: readonly BlockPlace[],
  { writer, chunker, except }: Target,
): Promise<BlockPlace[]> {
  const lost: BlockPlace[] = [];
  for (const place of places) {
    const { pack, block, table } = place;
    packs.adopt(pack, table);
    const raw = readQuietly(() => reader.salvage(place));
    const id = raw === undefined ? undefined : sha256(raw);
    if (
      raw === undefined ||
      id === undefined ||
      !agrees(table.ids.subarray(32 * block, 32 * block + 32), id)
    ) {
      lost.push(place);
      continue;
    }
    id.copy(table.ids, 32 * block);
    // Deltas in sound packs may have it as their base: it must not get deeper, nor one of them its base.
    const maxDepth = depthOf(place);
    const copies = packs.places(id.toString('hex'));
    if (copies.some((copy) => !except.has(copy.pack) && depthOf(copy) <= maxDepth)) continue;
    const fileKind = classify(raw);
    const context = {
      fileKind,
      nameClass: fileKind + 1,
      fileOffsetBytes: 0,
      fileNumber: 0,
      isTree: false,
      maxDepth,
    };
    writer.put(chunker.whole(raw), context);
    if (writer.wantsDrain) await writer.drain();
  }
  return lost;
}

/** Whether a block that decodes to `id` is the one its footer names; a lost footer names none. */
function agrees(named: Buffer, id: Buffer): boolean {
  return named.equals(id) || named.every((byte) => byte === 0);
}

/** The table of a pack, from its records where its footer is lost. */
function readableTable({ packs, ports, layout, sealer }: Repository, name: string): PackTable {
  try {
    return packs.table(name);
  } catch (error) {
    if (!hasCode(error)) throw error;
  }
  return salvageTable(ports.fs, layout.pack(name), sealer);
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

/** Moves damaged files out of the way: nothing refers to them any more, but they are not ours to destroy. */
function setAside(
  { lock, ports, layout }: Repository,
  files: readonly { from: string; name: string }[],
): void {
  lock.assertHeld();
  try {
    makeDirectories(ports.fs, layout.damaged);
    for (const { from, name } of files) {
      ports.fs.rename(from, `${layout.damaged}/${name}`);
      // After a power cut a file may stand under both names, and renaming one to the other does nothing.
      if (exists(ports.fs, from)) ports.fs.unlink(from);
    }
    for (const path of [layout.root, layout.damaged, layout.store, layout.snapshots])
      ports.fs.fsyncDirectory(path);
  } catch (error) {
    throw asRepositoryError(error, layout.damaged);
  }
}
