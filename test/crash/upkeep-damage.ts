// Repositories to be damaged. What can be saved, and which files are affected, is worked out from the places of the
// records in the sound packs and the bytes that were spoilt, not by reading through the store.
import assert from 'node:assert/strict';
import { exists, KIB, MIB, must, Rng } from '../../src/base/index.ts';
import { walkTree } from '../../src/blocks/browse/index.ts';
import { pack, type Repository } from '../../src/blocks/index.ts';
import { blockIdAt, type DeltaRecord, type PackTable, RECORD_TYPES } from '../../src/blocks/pack/index.ts';
import { blockOf, fileBlocks, fileNodes } from '../../src/blocks/tree/index.ts';
import { REPOSITORY, Workbench, type WorkbenchOptions } from '../golden/workbench.ts';
import { noise } from '../sim/noise.ts';
import { treeVersions } from '../sim/sources.ts';
import { writeFile } from '../sim/tree.ts';
import { readTree, type TreeState } from '../sim/tree-state.ts';

const SIZES = { arenaBytes: 32 * MIB, resemblanceBytes: MIB / 4, packBytes: 40 * KIB };
export const VERSIONS = 3;

/** Where a record lies, and what it rests on. */
interface Copy {
  readonly pack: string;
  readonly start: number;
  readonly end: number;
  readonly base: string | undefined;
}

/** One file or directory of a snapshot and the blocks that are its own. */
interface Item {
  readonly path: string;
  readonly blocks: readonly string[];
  /** Blocks of the directories above it: without them nobody can know of it. */
  readonly above: readonly string[];
}

/** A repository while it is sound. */
export interface Sound {
  readonly bench: Workbench;
  readonly trees: ReadonlyMap<string, TreeState>;
  readonly copies: ReadonlyMap<string, readonly Copy[]>;
  readonly items: readonly Item[];
}

export async function newSound(seed: number, options: WorkbenchOptions = {}): Promise<Sound> {
  const bench = new Workbench({ seed, sizes: SIZES, ...options });
  const trees = new Map<string, TreeState>();
  const versions = treeVersions(new Rng(seed), VERSIONS, { files: 12, maxFileBytes: 30_000 });
  for (const [i, sources] of versions.entries()) {
    // Every version stays on disk: directories have the time they were made.
    bench.build([...sources, { path: 'several', bytes: noise(new Rng(seed), 120_000) }], `/v${i}`);
    const id = await packVersion(bench, i);
    trees.set(id, readTree(bench.fs, `/v${i}`));
  }
  const { copies, items } = await bench.open((repository) => ({
    copies: copiesOf(repository),
    items: repository.snapshots
      .list((error) => assert.fail(error))
      .flatMap((one) => itemsOf(repository, one)),
  }));
  return { bench, trees, copies, items };
}

export async function packVersion(bench: Workbench, number: number): Promise<string> {
  bench.clock.advance(60_000);
  const paths = [Buffer.from(`/v${number}`)];
  const { snapshot } = await bench.open((repository) => pack(repository, { paths, readAll: true }), 'write');
  return must(snapshot, 'a snapshot');
}

function copiesOf({ packs }: Repository): Map<string, Copy[]> {
  const copies = new Map<string, Copy[]>();
  for (const name of packs.packNames()) {
    const table = packs.table(name);
    for (let block = 0; block < table.blockCount; block++) {
      const record = must(table.recordOf[block], 'a record');
      const [start, end] = [
        must(table.offsets[record], 'a start'),
        must(table.offsets[record + 1], 'an end'),
      ];
      const id = blockIdAt(table, block);
      const isDelta = table.types[record] === RECORD_TYPES.delta;
      const base = isDelta ? baseOf(packs.record(name, record) as DeltaRecord, table, record) : undefined;
      copies.set(id, [...(copies.get(id) ?? []), { pack: name, start, end, base }]);
    }
  }
  return copies;
}

function baseOf({ base }: DeltaRecord, table: PackTable, record: number): string {
  if (base.kind === 'id') return base.id;
  return blockIdAt(table, must(table.firstBlock[record - base.distance], 'a base') + base.slot);
}

function itemsOf(
  { reader }: Repository,
  { id, root }: { id: string; root: Parameters<typeof blockOf>[0] },
): Item[] {
  const label = `${id.slice(0, 12)}:`;
  const read = (block: string): Uint8Array => reader.read(block);
  const rootId = blockOf(root).id;
  const nodes = new Map([['', [rootId]]]);
  const items: Item[] = [{ path: label, blocks: [rootId], above: [] }];
  for (const { path, entry } of walkTree(root, read)) {
    const name = path.toString('latin1');
    const above = must(nodes.get(name.slice(0, Math.max(0, name.lastIndexOf('/')))), 'parents come first');
    if (entry.type === 'directory') {
      const own = [blockOf(entry.node).id];
      nodes.set(name, [...above, ...own]);
      items.push({ path: label + path.toString(), blocks: own, above });
    } else if (entry.type === 'file') {
      const blocks = [
        ...fileNodes(entry.content, read),
        ...[...fileBlocks(entry, read)].map((one) => one.id),
      ];
      items.push({ path: label + path.toString(), blocks, above });
    }
  }
  return items;
}

/** Bytes of one pack that are not what they were: from `start` up to `end`. */
export interface Spoilt {
  readonly pack: string;
  readonly start: number;
  readonly end: number;
}

/** Blocks of which no copy can be decoded any more. */
export function lostBlocks({ copies }: Sound, spoilt: readonly Spoilt[]): Set<string> {
  const known = new Map<string, boolean>();
  const isIntact = ({ pack: name, start, end }: Copy): boolean =>
    !spoilt.some((bytes) => bytes.pack === name && bytes.start < end && start < bytes.end);
  const isThere = (id: string): boolean => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const there = (copies.get(id) ?? []).some(
      (copy) => isIntact(copy) && (copy.base === undefined || isThere(copy.base)),
    );
    known.set(id, there);
    return there;
  };
  return new Set([...copies.keys()].filter((id) => !isThere(id)));
}

/** What must be named: each file or directory that lost a block, unless a directory above it is lost already. */
export function affectedBy({ items }: Sound, lost: ReadonlySet<string>): string[] {
  return items
    .filter(({ blocks, above }) => blocks.some((id) => lost.has(id)) && !above.some((id) => lost.has(id)))
    .map(({ path }) => path)
    .sort();
}

export const packsOf = (bench: Workbench): string[] =>
  [...bench.files().keys()].flatMap((name) => (name.startsWith('store/') ? name.slice(6, 70) : []));
export const pathOf = (name: string): string => `${REPOSITORY}/store/${name}.pack`;
export const bytesOf = (bench: Workbench, name: string): Buffer =>
  must(bench.files().get(`store/${name}.pack`), 'a pack');

/** Makes the repository what it was. */
export function reset(bench: Workbench, whole: ReadonlyMap<string, Buffer>): void {
  for (const [name, bytes] of bench.files()) {
    const was = whole.get(name);
    if (was === undefined) bench.fs.unlink(`${REPOSITORY}/${name}`);
    else if (!was.equals(bytes)) writeFile(bench.fs, `${REPOSITORY}/${name}`, was);
  }
  for (const [name, bytes] of whole)
    if (!exists(bench.fs, `${REPOSITORY}/${name}`)) writeFile(bench.fs, `${REPOSITORY}/${name}`, bytes);
}

/** Spoils bytes of one pack; what was spoilt. */
export type Spoil = (bench: Workbench, name: string, rng: Rng) => Spoilt;

const END = Number.MAX_SAFE_INTEGER;

export function overwrite(bench: Workbench, name: string, [start, end]: [number, number]): Spoilt {
  const bytes = Buffer.from(bytesOf(bench, name));
  for (let at = start; at < end; at += 1) bytes[at] = (bytes[at] as number) ^ 0x5a;
  writeFile(bench.fs, pathOf(name), bytes);
  return { pack: name, start, end };
}

/** The number of bytes before the footer: its offset stands in the trailer. */
export const footerAt = (bytes: Buffer): number => Number(bytes.readBigUInt64LE(bytes.length - 16));

export const SPOILS: Record<string, Spoil> = {
  'a bit flipped': (bench, name, rng) => {
    const at = rng.below(bytesOf(bench, name).length);
    return overwrite(bench, name, [at, at + 1]);
  },
  'a sector of noise': (bench, name, rng) => {
    // Behind the footer's beginning the records are all there.
    const length = footerAt(bytesOf(bench, name));
    const start = rng.below(Math.max(1, length - 600));
    return overwrite(bench, name, [start, Math.min(length, start + 512)]);
  },
  'the header gone': (bench, name) => overwrite(bench, name, [0, 16]),
  'the footer destroyed': (bench, name) => {
    const bytes = bytesOf(bench, name);
    return overwrite(bench, name, [footerAt(bytes), bytes.length]);
  },
  'the end cut off': (bench, name, rng) => {
    const bytes = bytesOf(bench, name);
    const start = rng.below(bytes.length);
    writeFile(bench.fs, pathOf(name), bytes.subarray(0, start));
    return { pack: name, start, end: END };
  },
  'an empty file': (bench, name) => {
    writeFile(bench.fs, pathOf(name), '');
    return { pack: name, start: 0, end: END };
  },
  gone: (bench, name) => {
    bench.fs.unlink(pathOf(name));
    return { pack: name, start: 0, end: END };
  },
};
