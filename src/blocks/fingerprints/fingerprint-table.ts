import { must, PilotfishError } from '../../base/index.ts';
import { MAX_FINGERPRINTS, NearestFingerprints, similarityOf } from '../../signals/index.ts';

export const ID_BYTES = 32;
const ID_DIGITS = 2 * ID_BYTES;
/** An id is given by so many digits at least. */
const MIN_PREFIX_DIGITS = 4;

/** Where ids come from: a file's blocks are found by its path. */
const HINT = '`pilotfish similar SNAPSHOT --path FILE` shows those of a file';

/** A block that resembles another. */
export interface SimilarBlock {
  /** 64 hex digits. */
  readonly id: string;
  /** Share of equal bits of the two fingerprints, 0.859 to 1. */
  readonly similarity: number;
}

/** Throws LIMIT for more blocks than one table may have. */
export function assertFits(rows: number): void {
  if (rows <= MAX_FINGERPRINTS) return;
  throw new PilotfishError(
    'LIMIT',
    `fingerprints are kept of at most ${MAX_FINGERPRINTS} blocks: use several repositories to search in more`,
  );
}

/** Fingerprints of blocks in the order of their ids: 40 bytes a block. */
export class FingerprintTable {
  /** 32 bytes a row, ascending, each once. */
  readonly ids: Buffer;
  readonly #near: NearestFingerprints;

  /** Rows without fingerprints: fill `fingerprints` next. Throws LIMIT beyond 16 777 216. */
  constructor(ids: Buffer) {
    const rows = ids.length / ID_BYTES;
    assertFits(rows);
    this.ids = ids;
    this.#near = new NearestFingerprints(rows);
  }

  get rows(): number {
    return this.fingerprints.length;
  }

  /** One entry a row. */
  get fingerprints(): BigUint64Array {
    return this.#near.fingerprints;
  }

  idAt(row: number): string {
    return this.ids.toString('hex', ID_BYTES * row, ID_BYTES * (row + 1));
  }

  /** The row of a block; undefined when it has none. */
  rowOf(id: Buffer): number | undefined {
    const row = this.#firstFrom(id);
    return row < this.rows && this.#compare(row, id) === 0 ? row : undefined;
  }

  /** The one id that begins with these digits; 64 are an id, known or not. Throws USAGE, MISSING, AMBIGUOUS. */
  resolve(prefix: string): string {
    const isPrefix = /^[0-9a-f]+$/.test(prefix) && prefix.length >= MIN_PREFIX_DIGITS;
    if (!isPrefix || prefix.length > ID_DIGITS) {
      throw new PilotfishError(
        'USAGE',
        `a block is named by 4 to 64 digits of its id, 0 to 9 and a to f: ${HINT}`,
      );
    }
    if (prefix.length === ID_DIGITS) return prefix;
    const first = this.#firstFrom(Buffer.from(prefix.padEnd(ID_DIGITS, '0'), 'hex'));
    const fits = [first, first + 1].filter((row) => row < this.rows && this.idAt(row).startsWith(prefix));
    if (fits.length > 1) {
      throw new PilotfishError('AMBIGUOUS', `more than one block begins with ${prefix}: give more digits`);
    }
    if (fits[0] !== undefined) return this.idAt(fits[0]);
    throw new PilotfishError('MISSING', `no block of 4 bytes or more begins with ${prefix}: ${HINT}`);
  }

  /** The `topK` blocks nearest to a fingerprint, other than the one in row `except`: by similarity, then id. */
  similarTo(fingerprint: bigint, topK: number, except?: number): SimilarBlock[] {
    const near = this.#near.find(fingerprint, except === undefined ? topK : topK + 1);
    const others = near.filter(({ row }) => row !== except).slice(0, topK);
    return others.map(({ row, distance }) => ({ id: this.idAt(row), similarity: similarityOf(distance) }));
  }

  /** A table of these rows and of what was added. */
  with(added: Additions): FingerprintTable {
    const rows = new Rows(this.rows + added.rows);
    let from = 0;
    for (const entry of added.order()) {
      const id = added.idAt(entry);
      const row = this.#firstFrom(id);
      rows.copy(this, from, row);
      from = row;
      const isHere = row < this.rows && this.#compare(row, id) === 0;
      if (!isHere) rows.append(id, must(added.fingerprints[entry], 'an entry has a fingerprint'));
    }
    rows.copy(this, from, this.rows);
    return rows.table();
  }

  /** A table of the rows where `isKept` has a 1. */
  only(isKept: Uint8Array): FingerprintTable {
    const rows = new Rows(this.rows);
    for (let from = 0; from < this.rows; ) {
      const next = isKept.indexOf(1 - must(isKept[from], 'each row is kept or not'), from);
      const end = next === -1 ? this.rows : next;
      if (isKept[from] === 1) rows.copy(this, from, end);
      from = end;
    }
    return rows.table();
  }

  /** The first row whose id is not below this one. */
  #firstFrom(id: Buffer): number {
    let [low, high] = [0, this.rows];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(middle, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Nearly always the first four bytes decide, without a call. */
  #compare(row: number, id: Buffer): number {
    const from = ID_BYTES * row;
    return (
      this.ids.readUInt32BE(from) - id.readUInt32BE(0) ||
      this.ids.compare(id, 0, ID_BYTES, from, from + ID_BYTES)
    );
  }
}

/** Rows of a table to be, in ascending order. */
class Rows {
  readonly #ids: Buffer;
  readonly #fingerprints: BigUint64Array;
  #end = 0;

  constructor(most: number) {
    this.#ids = Buffer.allocUnsafe(ID_BYTES * most);
    this.#fingerprints = new BigUint64Array(most);
  }

  copy(table: FingerprintTable, from: number, to: number): void {
    this.#ids.set(table.ids.subarray(ID_BYTES * from, ID_BYTES * to), ID_BYTES * this.#end);
    this.#fingerprints.set(table.fingerprints.subarray(from, to), this.#end);
    this.#end += to - from;
  }

  append(id: Buffer, fingerprint: bigint): void {
    const at = ID_BYTES * this.#end;
    // Two copies of one block.
    if (at > 0 && this.#ids.compare(id, 0, ID_BYTES, at - ID_BYTES, at) === 0) return;
    this.#ids.set(id, at);
    this.#fingerprints[this.#end] = fingerprint;
    this.#end += 1;
  }

  table(): FingerprintTable {
    const table = new FingerprintTable(this.#ids.subarray(0, ID_BYTES * this.#end));
    table.fingerprints.set(this.#fingerprints.subarray(0, this.#end));
    return table;
  }
}

/** At most 2^24 fingerprints that are not in a table yet, in the order in which they were made. */
export class Additions {
  #ids = Buffer.allocUnsafe(64 * ID_BYTES);
  #fingerprints = new BigUint64Array(64);
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  get fingerprints(): BigUint64Array {
    return this.#fingerprints.subarray(0, this.#rows);
  }

  idAt(row: number): Buffer {
    return this.#ids.subarray(ID_BYTES * row, ID_BYTES * (row + 1));
  }

  add(id: Uint8Array, fingerprint: bigint): void {
    if (this.#rows === this.#fingerprints.length) this.#grow();
    this.#ids.set(id, ID_BYTES * this.#rows);
    this.#fingerprints[this.#rows] = fingerprint;
    this.#rows += 1;
  }

  /** Rows in the order of their ids. */
  order(): Uint32Array {
    // The first 28 bits of an id and its row together are one number, which sorts without a call for each comparison.
    const keys = new Float64Array(this.#rows);
    for (let row = 0; row < this.#rows; row += 1) {
      keys[row] = (this.#ids.readUInt32BE(ID_BYTES * row) >>> 4) * MAX_FINGERPRINTS + row;
    }
    keys.sort();
    const rows = Uint32Array.from(keys, (key) => key % MAX_FINGERPRINTS);
    const startOf = (at: number): number => Math.floor((keys[at] as number) / MAX_FINGERPRINTS);
    // Few agree in these bits; they are told apart by the others.
    for (let end = 1; end < rows.length; end += 1) {
      for (let at = end; at > 0 && startOf(at) === startOf(at - 1); at -= 1) {
        const [before, row] = [rows[at - 1] as number, rows[at] as number];
        if (Buffer.compare(this.idAt(before), this.idAt(row)) <= 0) break;
        rows[at - 1] = row;
        rows[at] = before;
      }
    }
    return rows;
  }

  #grow(): void {
    const ids = Buffer.allocUnsafe(2 * this.#ids.length);
    ids.set(this.#ids);
    this.#ids = ids;
    const fingerprints = new BigUint64Array(2 * this.#fingerprints.length);
    fingerprints.set(this.#fingerprints);
    this.#fingerprints = fingerprints;
  }
}
