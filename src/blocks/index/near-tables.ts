import { blockIdAt, type PackTable } from '../pack/index.ts';

/** Tables remembered: neighbours in a snapshot come from few packs. */
const MAX_TABLES = 8;
const ID_BYTES = 32;
const NONE = -1;
/**
 * Places looked at for one id. Among ids as they come none needs so many; forged ones that begin alike would else take
 * time by the square of their number. What finds no place is looked for elsewhere.
 */
const MAX_STEPS = 128;

/** Where in a table a block is. */
export interface NearPlace {
  readonly pack: string;
  readonly block: number;
  readonly table: PackTable;
}

/** The blocks of one table by the first 32 bits of their ids: open addressing, at most half full. */
class TableIds {
  readonly pack: string;
  readonly table: PackTable;
  readonly #slots: Int32Array;
  readonly #mask: number;

  constructor(pack: string, table: PackTable) {
    this.pack = pack;
    this.table = table;
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * table.blockCount)));
    this.#mask = size - 1;
    this.#slots = new Int32Array(size).fill(NONE);
    for (let block = 0; block < table.blockCount; block++) {
      let slot = this.#headAt(block);
      const end = slot + MAX_STEPS;
      while (slot < end && this.#slots[slot & this.#mask] !== NONE) slot += 1;
      if (slot < end) this.#slots[slot & this.#mask] = block;
    }
  }

  find(id: string, head: number): number {
    for (let slot = head; slot < head + MAX_STEPS; slot += 1) {
      const block = this.#slots[slot & this.#mask] ?? NONE;
      if (block === NONE) return NONE;
      if (this.#headAt(block) === head && blockIdAt(this.table, block) === id) return block;
    }
    return NONE;
  }

  #headAt(block: number): number {
    return this.table.ids.readUInt32BE(ID_BYTES * block);
  }
}

/**
 * The tables in which blocks were found last. A block beside one that was just read is found here in a fraction of a
 * microsecond; SQLite takes ten. It knows nothing of packs that came or went: whoever reads from a place that is no
 * longer there looks elsewhere.
 */
export class NearTables {
  #tables: TableIds[] = [];

  find(id: string): NearPlace | undefined {
    const head = Number.parseInt(id.slice(0, 8), 16);
    for (const ids of this.#tables) {
      const block = ids.find(id, head);
      if (block !== NONE) return { pack: ids.pack, block, table: ids.table };
    }
    return undefined;
  }

  /** Remembers the table of a block that was found by other means. */
  remember({ pack, table }: NearPlace): void {
    const others = this.#tables.filter((ids) => ids.table !== table).slice(0, MAX_TABLES - 1);
    const known = this.#tables.find((ids) => ids.table === table);
    this.#tables = [known ?? new TableIds(pack, table), ...others];
  }

  clear(): void {
    this.#tables = [];
  }
}
