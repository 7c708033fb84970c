/**
 * The exact index says in which pack a block may lie. It is a cache: every answer is checked against the
 * pack's own table, so a wrong answer costs a look and a missing one a rebuild, never data. That is why an
 * entry needs 48 bits of the id instead of 256, and about 18 bytes on disk instead of 60.
 */
export interface ExactIndex {
  /** Names of the packs it covers, by ordinal. Ordinals are dense and never reused within one index. */
  packNames(): string[];
  /** Adds a pack and its blocks (disk ids, in block order); a pack it has already is left alone. Returns its ordinal. */
  addPack(name: string, diskIds: readonly string[]): number;
  /** Places whose key fits the disk id: usually none or one. */
  find(diskId: string): Place[];
  close(): void;
}

/** A block of a pack, by ordinals. */
export interface Place {
  readonly pack: number;
  readonly block: number;
}

/** Most blocks in one pack. */
export const MAX_PACK_BLOCKS = 2 ** 22;

/** The first 48 bits of a disk id: exact as a double, unique but for chance at 10^7 blocks. */
export function indexKey(diskId: string): number {
  return Number.parseInt(diskId.slice(0, 12), 16);
}

export function packPlace(place: Place): number {
  return place.pack * MAX_PACK_BLOCKS + place.block;
}

export function unpackPlace(value: number): Place {
  return { pack: Math.floor(value / MAX_PACK_BLOCKS), block: value % MAX_PACK_BLOCKS };
}
