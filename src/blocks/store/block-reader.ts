import { MAX_CHAIN_DEPTH, MIB, must, PilotfishError, sha256Hex } from '../../base/index.ts';
import { decode, zstdDecode } from '../codec/index.ts';
import {
  type BlockRecord,
  blockIdAt,
  type DeltaRecord,
  type GroupRecord,
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

/**
 * Reads blocks. Each block handed out is checked against its id after decompression and delta; what comes back is
 * shared with the cache and must not be written to.
 */
export class BlockReader {
  readonly #packs: PackSet;
  /** Records opened for the block being read. */
  #decodes = 0;
  readonly #raw = new Lru<string, Buffer>(RAW_CACHE_BYTES);
  readonly #groups = new Lru<string, Buffer>(GROUP_CACHE_BYTES);

  constructor(packs: PackSet) {
    this.#packs = packs;
  }

  /** True when some readable pack holds the block. */
  has(id: string): boolean {
    return this.#packs.holds(id);
  }

  /** The raw bytes of a block. Throws MISSING, MISSING_BASE, DAMAGED, TRUNCATED, TAMPERED, LIMIT. */
  read(id: string): Buffer {
    const kept = this.#raw.get(id);
    if (kept !== undefined) return kept;
    const place = this.#packs.locateOrRebuild(id);
    if (place === undefined) throw this.#missing(id);
    return this.#orElsewhere(id, place, (at) => this.#verified(id, at));
  }

  /** As `read`, from this place and no other, and never from the cache. */
  readPlace(place: BlockPlace): Buffer {
    return this.#verified(blockIdAt(place.table, place.block), place);
  }

  /** What a block decodes to, unchecked: for a pack whose ids are lost. */
  salvage(place: BlockPlace): Buffer {
    return this.#decode(place, 0);
  }

  /** Forgets cached bytes, so that the next read comes from disk. */
  forget(): void {
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
    const raw = this.#decode(place, 0);
    if (sha256Hex(raw) !== id) {
      throw new PilotfishError(
        'DAMAGED',
        `block ${id} decodes to other bytes: run \`pilotfish verify --data\``,
      );
    }
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
    const slot = place.block - must(place.table.firstBlock[number], 'a record has a first block');
    if (place.table.types[number] === RECORD_TYPES.group) return this.#member(place, number, slot);
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
      const found = this.#packs.locateOrRebuild(record.base.id);
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

  #member(place: BlockPlace, number: number, slot: number): Buffer {
    const first = must(place.table.firstBlock[number], 'a group has a first block');
    let start = 0;
    for (let i = 0; i < slot; i++) start += must(place.table.rawLengths[first + i], 'members have lengths');
    const end = start + must(place.table.rawLengths[place.block], 'a member has a length');
    const group = this.#group(place.pack, number);
    if (end > group.length) throw disagree(place.pack);
    // A copy: a view would keep the whole group alive as long as one member is cached.
    return Buffer.from(group.subarray(start, end));
  }

  #group(pack: string, number: number): Buffer {
    const key = `${pack}/${number}`;
    const kept = this.#groups.get(key);
    if (kept !== undefined) return kept;
    const record = this.#packs.record(pack, number) as GroupRecord;
    if (record.type !== RECORD_TYPES.group) throw disagree(pack);
    const raw = decode(record.codec, record.payload, record.rawLength);
    this.#groups.set(key, raw, raw.length);
    return raw;
  }
}

function disagree(pack: string): PilotfishError {
  return new PilotfishError(
    'DAMAGED',
    `the footer of pack ${pack} and its records disagree: run \`pilotfish verify --data\``,
  );
}
