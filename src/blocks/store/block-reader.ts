import { freeBytes, MAX_CHAIN_DEPTH, MIB, must, PilotfishError, sha256Hex } from '../../base/index.ts';
import { decode, zstdDecode } from '../codec/index.ts';
import { NearTables } from '../index/index.ts';
import {
  type BlockRecord,
  blockIdAt,
  type DeltaRecord,
  type GroupRecord,
  type PackRecord,
  RECORD_TYPES,
} from '../pack/index.ts';
import { Lru } from './lru.ts';
import type { BlockPlace, PackSet } from './pack-set.ts';

/** Copies of one block that are tried, and records opened for it in all: forged deltas could ask for millions. */
const MAX_PLACES = 8;
const MAX_DECODES = 64;
/** What a cached block takes beside its bytes: a million blocks of 16 bytes must not pass for 16 MB. */
const ENTRY_BYTES = 512;
const RAW_CACHE_BYTES = 16 * MIB;
const GROUP_CACHE_BYTES = 8 * MIB;

/** Blocks that were decoded before anyone asked for them. */
export interface DecodedAhead {
  /**
   * The bytes of a block, checked against its id; undefined when there are none. A group it is in is given to
   * `keepGroup` instead.
   */
  take(id: string): Buffer | undefined;
  /** The same without a copy: valid until the next call of either. */
  lend(id: string): Uint8Array | undefined;
}

/**
 * Reads blocks. Each block handed out is checked against its id after decompression and delta; what comes back is
 * shared with the cache and must not be written to.
 */
export class BlockReader {
  readonly #packs: PackSet;
  /** Records opened for the block being read. */
  #decodes = 0;
  readonly #raw: Lru<string, Buffer>;
  readonly #groups = new Lru<string, Buffer>(GROUP_CACHE_BYTES);
  #ahead: DecodedAhead | undefined;
  /** What `readOnce` gave out last. */
  #once: Buffer | undefined;
  readonly #near = new NearTables();

  constructor(packs: PackSet, cacheBytes = RAW_CACHE_BYTES) {
    this.#packs = packs;
    this.#raw = new Lru(cacheBytes);
  }

  /** Asks these first, from now on; undefined: no more. */
  follow(ahead: DecodedAhead | undefined): void {
    this.#ahead = ahead;
  }

  /** True when some readable pack holds the block. */
  has(id: string): boolean {
    return this.#packs.holds(id);
  }

  /** The raw bytes of a block. Throws MISSING, MISSING_BASE, DAMAGED, TRUNCATED, TAMPERED, LIMIT. */
  read(id: string): Buffer {
    const kept = this.#raw.get(id);
    if (kept !== undefined) return kept;
    const ready = this.#ahead?.take(id);
    return this.#keep(id, ready ?? this.#found(id));
  }

  #found(id: string): Buffer {
    const place = this.locate(id) ?? this.#packs.locateOrRebuild(id);
    if (place === undefined) throw this.#missing(id);
    return this.#orElsewhere(id, place, (at) => this.#verified(id, at));
  }

  /**
   * As `read`, for bytes that are used at once and will hardly be wanted again: valid until the next block is read, and
   * not kept.
   */
  readOnce(id: string): Uint8Array {
    if (this.#once !== undefined) freeBytes(this.#once);
    this.#once = undefined;
    const ready = this.#raw.get(id) ?? this.#ahead?.lend(id);
    if (ready !== undefined) return ready;
    this.#once = this.#found(id);
    return this.#once;
  }

  /** A block that is in memory. */
  cached(id: string): Buffer | undefined {
    return this.#raw.get(id);
  }

  /** Where a block lies, as `read` would find it, unless that takes more than looking. */
  locate(id: string): BlockPlace | undefined {
    const near = this.#near.find(id);
    if (near !== undefined) return near;
    const place = this.#packs.locate(id);
    if (place !== undefined) this.#near.remember(place);
    return place;
  }

  /** The record a block lies in, unchecked. Throws as `read` does. */
  record({ pack, table, block }: BlockPlace): PackRecord {
    return this.#packs.record(pack, must(table.recordOf[block], 'a block has a record'));
  }

  /** The bytes of a block that stands alone, from its record; checked and not kept. Throws DAMAGED. */
  decoded(record: BlockRecord, id: string): Buffer {
    return checked(decode(record.codec, record.payload, record.rawLength), id);
  }

  /** A decoded group that is in memory. */
  cachedGroup(key: string): Buffer | undefined {
    return this.#groups.get(key);
  }

  /** Keeps a decoded group. Its members are checked as they are read, whoever decoded it. */
  keepGroup(key: string, raw: Buffer): void {
    this.#groups.set(key, raw, raw.length);
  }

  /** As `read`, from this place and no other, and never from the cache. */
  readPlace(place: BlockPlace): Buffer {
    const id = blockIdAt(place.table, place.block);
    return this.#keep(id, this.#verified(id, place));
  }

  /** What a block decodes to, unchecked: for a pack whose ids are lost. */
  salvage(place: BlockPlace): Buffer {
    return this.#decode(place, 0);
  }

  /** Forgets cached bytes, so that the next read comes from disk. */
  forget(): void {
    this.#near.clear();
    this.#raw.clear();
    this.#groups.clear();
  }

  /** Tries the place given, then every other: a block that could not be read may have been stored again. */
  #orElsewhere(id: string, place: BlockPlace, decode: (place: BlockPlace) => Buffer): Buffer {
    try {
      return decode(place);
    } catch (error) {
      for (const other of this.#packs.places(id).slice(0, MAX_PLACES)) {
        if (other.pack === place.pack && other.block === place.block) continue;
        try {
          return decode(other);
        } catch {
          // What was wrong with the first place says it best.
        }
      }
      throw error;
    }
  }

  #verified(id: string, place: BlockPlace): Buffer {
    return checked(this.#decode(place, 0), id);
  }

  #keep(id: string, raw: Buffer): Buffer {
    this.#raw.set(id, raw, raw.length + ENTRY_BYTES);
    return raw;
  }

  #missing(id: string): PilotfishError {
    const [damage] = this.#packs.damaged.values();
    if (damage !== undefined) return damage;
    return new PilotfishError(
      'MISSING',
      `block ${id} is in no pack: run \`pilotfish verify\` to see what it affects`,
    );
  }

  #decode(place: BlockPlace, steps: number): Buffer {
    if (steps === 0) this.#decodes = 0;
    this.#decodes += 1;
    if (steps > MAX_CHAIN_DEPTH || this.#decodes > MAX_DECODES) {
      throw new PilotfishError(
        'LIMIT',
        `a delta chain is longer than ${MAX_CHAIN_DEPTH}: the repository is damaged or forged`,
      );
    }
    const number = must(place.table.recordOf[place.block], 'a block has a record');
    if (place.table.types[number] === RECORD_TYPES.group) return this.#member(place, number);
    const record = this.#packs.record(place.pack, number) as BlockRecord | DeltaRecord;
    if (record.type === RECORD_TYPES.block) return decode(record.codec, record.payload, record.rawLength);
    if (record.type === RECORD_TYPES.delta) return this.#delta(record, place, steps);
    throw disagree(place.pack);
  }

  #delta(record: DeltaRecord, delta: BlockPlace, steps: number): Buffer {
    const basePlace = this.basePlace(record, delta);
    const baseId = blockIdAt(basePlace.table, basePlace.block);
    const base =
      this.#raw.get(baseId) ??
      this.#orElsewhere(baseId, basePlace, (place) => this.#decode(place, steps + 1));
    // Bases are kept unchecked: if one is wrong, the block built on it fails its own check.
    return zstdDecode(record.payload, record.rawLength, base);
  }

  /** Where the base of a delta lies. Throws MISSING_BASE. */
  basePlace(record: DeltaRecord, place: BlockPlace): BlockPlace {
    const number = must(place.table.recordOf[place.block], 'a block has a record');
    if (record.base.kind === 'id') {
      const found = this.locate(record.base.id) ?? this.#packs.locateOrRebuild(record.base.id);
      if (found !== undefined) return found;
      throw new PilotfishError(
        'MISSING_BASE',
        `base ${record.base.id} of a delta is in no pack: run \`pilotfish verify\``,
      );
    }
    const target = number - record.base.distance;
    const first = place.table.firstBlock[target];
    const end = place.table.firstBlock[target + 1];
    if (first === undefined || end === undefined || first + record.base.slot >= end) {
      throw new PilotfishError(
        'MISSING_BASE',
        `a delta in pack ${place.pack} points outside it: run \`pilotfish verify\``,
      );
    }
    return { ...place, block: first + record.base.slot };
  }

  #member(place: BlockPlace, number: number): Buffer {
    const { start, end } = memberRange(place);
    const group = this.#group(place.pack, number);
    if (end > group.length) throw disagree(place.pack);
    // A copy: a view would keep the whole group alive as long as one member is cached.
    return Buffer.from(group.subarray(start, end));
  }

  #group(pack: string, number: number): Buffer {
    const key = groupKey(pack, number);
    const kept = this.#groups.get(key);
    if (kept !== undefined) return kept;
    const record = this.#packs.record(pack, number) as GroupRecord;
    if (record.type !== RECORD_TYPES.group) throw disagree(pack);
    const raw = decode(record.codec, record.payload, record.rawLength);
    this.keepGroup(key, raw);
    return raw;
  }
}

/** What a decoded group is kept under. */
export function groupKey(pack: string, number: number): string {
  return `${pack}/${number}`;
}

/** Where a block lies within its group once that is decoded. */
export function memberRange({ table, block }: BlockPlace): { start: number; end: number } {
  const number = must(table.recordOf[block], 'a block has a record');
  const first = must(table.firstBlock[number], 'a group has a first block');
  let start = 0;
  for (let member = first; member < block; member++)
    start += must(table.rawLengths[member], 'members have lengths');
  return { start, end: start + must(table.rawLengths[block], 'a member has a length') };
}

function checked(raw: Buffer, id: string): Buffer {
  if (sha256Hex(raw) === id) return raw;
  throw new PilotfishError('DAMAGED', `block ${id} decodes to other bytes: run \`pilotfish verify --data\``);
}

function disagree(pack: string): PilotfishError {
  return new PilotfishError(
    'DAMAGED',
    `the footer of pack ${pack} and its records disagree: run \`pilotfish verify --data\``,
  );
}
