import {
  asRepositoryError,
  closeReader,
  type FileSystem,
  hasCode,
  type Log,
  MIB,
  must,
  PilotfishError,
  readAt,
} from '../../base/index.ts';
import { type ExactIndex, isBusy, type Place } from '../index/index.ts';
import { blockIdAt, openFrame, type PackRecord, type PackTable, readPackTable } from '../pack/index.ts';
import { doomedNames, type Layout, packNameOf } from '../repo/index.ts';
import type { Sealer } from '../seal/index.ts';
import { Lru } from './lru.ts';

/** Bytes of parsed pack tables kept. */
const TABLE_CACHE_BYTES = 16 * MIB;
const OPEN_FILES = 32;
/** What a parsed table takes per block: id 32, numbers 12, features stored about 20. */
const TABLE_BYTES_PER_BLOCK = 96;

const ID_BYTES = 32;
/** Blocks remembered as held, about 100 bytes each: versions of one tree ask for the same ones again and again. */
const HELD_IDS = 65_536;

/** Where a block lies. */
export interface BlockPlace {
  readonly pack: string;
  readonly block: number;
  readonly table: PackTable;
}

/** `keep` the index that is there, throw it away and start `fresh`, or leave it alone and use `memory`. */
export type IndexMode = 'keep' | 'fresh' | 'memory';

export interface PackSetDependencies {
  readonly fs: FileSystem;
  readonly layout: Layout;
  readonly sealer: Sealer;
  readonly log: Log;
  readonly openIndex: (mode: IndexMode) => ExactIndex;
  /** Bytes of parsed tables kept; 16 MiB unless given. */
  readonly tableCacheBytes?: number;
}

/**
 * The packs of a repository and the index over them. The index is brought up to what `store/` really holds, and
 * thrown away and rebuilt whenever it contradicts the packs or fails.
 */
export class PackSet {
  readonly #deps: PackSetDependencies;
  readonly #tables: Lru<string, PackTable>;
  readonly #files: Lru<string, number>;
  /** Where and how many the ids are in the files of packs whose table was checked once. */
  readonly #idsAt = new Map<string, { readonly offset: number; readonly count: number }>();
  /** Blocks found a while ago. Whatever makes a pack unreadable or replaces it empties the list. */
  readonly #held = new Lru<string, true>(HELD_IDS);
  readonly #damaged = new Map<string, PilotfishError>();
  /** Packs that are replaced: still in `store/`, but nobody's any more. */
  #doomed: ReadonlySet<string>;
  /** The index knew packs that are no longer there. */
  #gone = false;
  #index: ExactIndex;
  #names: string[] = [];

  constructor(deps: PackSetDependencies) {
    this.#deps = deps;
    this.#tables = new Lru(deps.tableCacheBytes ?? TABLE_CACHE_BYTES);
    this.#files = new Lru<string, number>(OPEN_FILES, (fd) => closeReader(deps.fs, fd));
    this.#doomed = doomedNames(deps.fs, deps.layout);
    this.#index = this.#open('keep');
  }

  /** Packs whose table cannot be read, and why. */
  get damaged(): ReadonlyMap<string, PilotfishError> {
    return this.#damaged;
  }

  /** Whether packs are known to be lost: then what refers to their blocks cannot be taken on trust. */
  get hasLosses(): boolean {
    return this.#gone || this.damaged.size > 0;
  }

  /** Whether a pack of this name would be taken for one that is replaced, and deleted. */
  isDoomed(name: string): boolean {
    return this.#doomed.has(name);
  }

  /** Every pack in `store/` that is not doomed. */
  packNames(): string[] {
    try {
      const names = this.#deps.fs.readDirectory(this.#deps.layout.store);
      const packs = names.flatMap((name) => packNameOf(name.toString()) ?? []);
      return packs.filter((name) => !this.#doomed.has(name)).sort();
    } catch (error) {
      throw asRepositoryError(error, this.#deps.layout.store);
    }
  }

  /** Readable packs, oldest first as far as the index knows. */
  inOrder(): string[] {
    return this.#names.filter((name) => !this.damaged.has(name));
  }

  /** Where the block is, or undefined when no readable pack, other than those in `except`, holds it. */
  locate(id: string, except?: ReadonlySet<string>): BlockPlace | undefined {
    const diskId = this.#deps.sealer.diskId(id);
    for (const place of this.#find(diskId)) {
      const found = this.#confirm(place, id);
      if (found !== undefined && except?.has(found.pack) !== true) return found;
    }
    return undefined;
  }

  /**
   * Whether a readable pack holds the block: `locate` without the table. Of a pack whose table was read and checked
   * but is no longer kept, only the one id is read, so that look-ups all over a large repository stay cheap.
   */
  holds(id: string): boolean {
    if (this.#held.get(id) === true) return true;
    const isHeld = this.#find(this.#deps.sealer.diskId(id)).some((place) => this.#holdsAt(place, id));
    if (isHeld) this.#held.set(id, true);
    return isHeld;
  }

  /** Everywhere the block is: more than one place when a copy could not be read and it was stored again. */
  places(id: string): BlockPlace[] {
    return this.#find(this.#deps.sealer.diskId(id)).flatMap((place) => this.#confirm(place, id) ?? []);
  }

  /** As `locate`, but an index that does not know the block is rebuilt once before giving up. */
  locateOrRebuild(id: string): BlockPlace | undefined {
    return this.locate(id) ?? (this.#rebuildOnce() ? this.locate(id) : undefined);
  }

  /** The contents of a pack. Throws what `readPackTable` throws, naming the file. */
  table(name: string): PackTable {
    const kept = this.#tables.get(name);
    if (kept !== undefined) return kept;
    const path = this.#deps.layout.pack(name);
    const table = this.#named(path, () => readPackTable(this.#deps.fs, this.#file(name), this.#deps.sealer));
    this.#tables.set(name, table, table.blockCount * TABLE_BYTES_PER_BLOCK + 1024);
    // The ids of a sealed footer cannot be read one by one.
    const footer = must(table.offsets[table.recordCount], 'records end somewhere');
    if (!this.#deps.sealer.encrypted)
      this.#idsAt.set(name, { offset: footer + table.idsOffset, count: table.blockCount });
    return table;
  }

  /** Uses this table for a pack whose own cannot be read. */
  adopt(name: string, table: PackTable): PackTable {
    this.#tables.set(name, table, table.blockCount * TABLE_BYTES_PER_BLOCK + 1024);
    return table;
  }

  /** Reads and opens one record of a pack. */
  record(name: string, record: number): PackRecord {
    const table = this.table(name);
    const start = must(table.offsets[record], 'a record number of this pack');
    const length = must(table.offsets[record + 1], 'records end somewhere') - start;
    return this.#named(this.#deps.layout.pack(name), () => {
      const frame = readAt(this.#deps.fs, this.#file(name), start, length);
      if (frame.length < length) {
        throw new PilotfishError(
          'TRUNCATED',
          'a record reaches beyond the end of its pack: run `pilotfish verify`',
        );
      }
      return openFrame(frame, this.#deps.sealer);
    });
  }

  /**
   * Takes a pack that was just renamed into place into the index. Throws when its table does not read back: nothing
   * that needs the pack may be committed then.
   */
  add(name: string): void {
    // Equal blocks make an equal pack: what was known under the name may be a damaged one that was just replaced.
    this.#files.delete(name);
    this.#tables.delete(name);
    this.#idsAt.delete(name);
    this.#damaged.delete(name);
    this.#addToIndex(name);
    const damage = this.damaged.get(name);
    if (damage !== undefined) throw damage;
  }

  /** Looks at the repository again after its packs were replaced. */
  reload(): void {
    this.#doomed = doomedNames(this.#deps.fs, this.#deps.layout);
    this.#files.clear();
    this.#tables.clear();
    this.#idsAt.clear();
    this.#damaged.clear();
    this.#held.clear();
    this.#index.close();
    this.#index = this.#open('fresh');
    this.#gone = false;
  }

  close(): void {
    this.#files.clear();
    this.#index.close();
  }

  #open(mode: IndexMode): ExactIndex {
    let index: ExactIndex | undefined;
    try {
      index = this.#deps.openIndex(mode);
      this.#index = index;
      this.#names = index.packNames();
      this.#synchronise();
      return index;
    } catch (error) {
      if (mode === 'memory' || hasCode(error, 'INTERNAL', 'IO', 'MISSING')) throw error;
      this.#deps.log.write('debug', 'the index cannot be used', { reason: String(error) });
      index?.close();
      return this.#open(mode === 'keep' && !isBusy(error) ? 'fresh' : 'memory');
    }
  }

  /** Adds packs the index lacks; an index that knows packs which are gone is rebuilt. */
  #synchronise(): void {
    const present = this.packNames();
    const known = new Set(this.#names);
    const there = new Set(present);
    if (this.#names.some((name) => !there.has(name))) {
      this.#gone = true;
      throw new PilotfishError('DAMAGED', 'the index names packs that are gone: it will be rebuilt');
    }
    for (const name of present) {
      const diskIds = known.has(name) ? undefined : this.#diskIds(name);
      if (diskIds !== undefined) this.#index.addPack(name, diskIds);
    }
    this.#names = this.#index.packNames();
  }

  #addToIndex(name: string): void {
    const diskIds = this.#diskIds(name);
    if (diskIds === undefined) return;
    try {
      const ordinal = this.#index.addPack(name, diskIds);
      // Listing all packs for each new one would make a large repository slower with every pack.
      if (ordinal === this.#names.length) this.#names.push(name);
      else if (this.#names[ordinal] !== name) this.#names = this.#index.packNames();
    } catch (error) {
      this.#rebuild(error);
    }
  }

  /** A pack whose table cannot be read stays out of the index: its blocks count as not stored. */
  #diskIds(name: string): string[] | undefined {
    try {
      const table = this.table(name);
      const ids = Array.from({ length: table.blockCount }, (_, block) => blockIdAt(table, block));
      return ids.map((id) => this.#deps.sealer.diskId(id));
    } catch (error) {
      if (!hasCode(error)) throw error;
      this.#lose(name, error);
      return undefined;
    }
  }

  /** Asks the index; one that fails is thrown away, rebuilt and asked again. */
  #find(diskId: string): Place[] {
    try {
      const places = this.#index.find(diskId);
      // A place beyond the packs we know was added by another writer since.
      if (places.some(({ pack }) => pack >= this.#names.length)) this.#names = this.#index.packNames();
      return places;
    } catch (error) {
      this.#rebuild(error);
      return this.#index.find(diskId);
    }
  }

  #rebuilt = false;

  #rebuildOnce(): boolean {
    if (this.#rebuilt) return false;
    this.#rebuild(undefined);
    return true;
  }

  #rebuild(reason: unknown): void {
    this.#rebuilt = true;
    this.#held.clear();
    this.#deps.log.write('debug', 'the index is rebuilt from the packs', {
      reason: String(reason ?? 'a block is missing'),
    });
    this.#index.close();
    this.#index = this.#open(isBusy(reason) ? 'memory' : 'fresh');
  }

  #confirm(place: Place, id: string): BlockPlace | undefined {
    const pack = this.#names[place.pack];
    if (pack === undefined) return undefined;
    try {
      const table = this.table(pack);
      if (place.block >= table.blockCount || blockIdAt(table, place.block) !== id) return undefined;
      return { pack, block: place.block, table };
    } catch (error) {
      if (!hasCode(error)) throw error;
      this.#lose(pack, error);
      return undefined;
    }
  }

  #lose(pack: string, reason: PilotfishError): void {
    this.#damaged.set(pack, reason);
    this.#held.clear();
  }

  #holdsAt(place: Place, id: string): boolean {
    const pack = this.#names[place.pack];
    if (pack === undefined) return false;
    const ids = this.#tables.get(pack) === undefined ? this.#idsAt.get(pack) : undefined;
    if (ids === undefined || this.damaged.has(pack)) return this.#confirm(place, id) !== undefined;
    // The index may say anything.
    if (!(place.block >= 0 && place.block < ids.count)) return false;
    try {
      const at = ids.offset + ID_BYTES * Math.floor(place.block);
      return readAt(this.#deps.fs, this.#file(pack), at, ID_BYTES).toString('hex') === id;
    } catch {
      // Whatever is wrong with the file, reading its table says it better.
      return this.#confirm(place, id) !== undefined;
    }
  }

  #file(name: string): number {
    const kept = this.#files.get(name);
    if (kept !== undefined) return kept;
    const fd = this.#deps.fs.open(this.#deps.layout.pack(name), 'read');
    this.#files.set(name, fd);
    return fd;
  }

  #named<T>(path: string, run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (!hasCode(error)) throw asRepositoryError(error, path);
      if (error.path !== undefined) throw error;
      throw new PilotfishError(error.code, `${path}: ${error.message}`, { cause: error, path });
    }
  }
}
