import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { PilotfishError } from '../../base/index.ts';
import type { Sealer } from '../seal/index.ts';
import { type ExactIndex, indexKey, type Place, packPlace, unpackPlace } from './exact-index.ts';

/** Page cache, fixed: what the index may take of memory whatever its size. */
const CACHE_KIB = 16384;
const BUSY_TIMEOUT_MS = 5000;
const SCHEMA_VERSION = 1;
const TABLES = [
  'meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID',
  'packs (ordinal INTEGER PRIMARY KEY, name BLOB NOT NULL)',
  'blocks (key INTEGER, place ANY, PRIMARY KEY (key, place)) WITHOUT ROWID',
];
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

/**
 * The index in SQLite. It is not on the way to a commit: nothing is synced, and a file that is absent, cut,
 * garbled or of another version is thrown away and rebuilt from the packs (the caller does that on any
 * exception from here). In an encrypted repository keys are HMACs of ids and places are sealed.
 */
export class SqliteIndex implements ExactIndex {
  readonly #db: DatabaseSync;
  readonly #sealer: Sealer;
  readonly #find: StatementSync;
  readonly #listPacks: StatementSync;

  constructor(path: string, repositoryId: string, sealer: Sealer) {
    this.#db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    this.#sealer = sealer;
    try {
      this.#db.exec(
        `PRAGMA cache_size = -${CACHE_KIB}; PRAGMA synchronous = OFF; PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF;`,
      );
      this.#prepareSchema(repositoryId);
      this.#find = this.#db.prepare('SELECT place FROM blocks WHERE key = ? LIMIT 8');
      this.#listPacks = this.#db.prepare('SELECT name FROM packs ORDER BY ordinal');
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  packNames(): string[] {
    return this.#listPacks.all().map((row) => Buffer.from(row.name as Uint8Array).toString('hex'));
  }

  addPack(name: string, diskIds: readonly string[]): number {
    // Sorted keys fill pages evenly and touch each page once.
    const rows = diskIds
      .map((diskId, block) => ({ key: indexKey(diskId), block }))
      .sort((a, b) => a.key - b.key);
    const insert = this.#db.prepare('INSERT OR IGNORE INTO blocks (key, place) VALUES (?, ?)');
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      // Another writer may have added packs since we looked: under the lock the table says what is there.
      const bytes = Buffer.from(name, 'hex');
      const known = this.#db.prepare('SELECT ordinal FROM packs WHERE name = ?').get(bytes);
      const next = this.#db.prepare('SELECT count(*) AS packs FROM packs').get();
      const pack = Number(known?.['ordinal'] ?? next?.['packs']);
      if (known === undefined) {
        this.#db.prepare('INSERT INTO packs (ordinal, name) VALUES (?, ?)').run(pack, bytes);
        for (const { key, block } of rows) insert.run(key, this.#sealPlace({ pack, block }));
      }
      this.#db.exec('COMMIT');
      return pack;
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  find(diskId: string): Place[] {
    return this.#find.all(indexKey(diskId)).map((row) => this.#openPlace(row.place));
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #prepareSchema(repositoryId: string): void {
    // Before any other statement: what is called `packs` could be a view without end.
    const found = this.#db.prepare('SELECT type, sql FROM sqlite_schema LIMIT 9').all();
    const isOurs = (row: Record<string, unknown>): boolean =>
      row.type === 'table' && TABLES.some((table) => row.sql === `CREATE TABLE ${table}`);
    if (!found.every(isOurs)) {
      throw new PilotfishError(
        'DAMAGED',
        'the index holds what Pilotfish never put there: it will be rebuilt',
      );
    }
    for (const table of TABLES) this.#db.exec(`CREATE TABLE IF NOT EXISTS ${table}`);
    const want = `${SCHEMA_VERSION} ${repositoryId}`;
    const row = this.#db.prepare("SELECT value FROM meta WHERE name = 'index'").get();
    if (row === undefined) this.#db.prepare("INSERT INTO meta VALUES ('index', ?)").run(want);
    else if (row.value !== want)
      throw new PilotfishError(
        'DAMAGED',
        'the index belongs to another repository or version: it will be rebuilt',
      );
  }

  #sealPlace(place: Place): number | Buffer {
    const value = packPlace(place);
    if (!this.#sealer.encrypted) return value;
    const plain = Buffer.alloc(8);
    plain.writeDoubleLE(value);
    return this.#sealer.seal(plain, 'index-row');
  }

  #openPlace(stored: unknown): Place {
    if (typeof stored === 'number' && !this.#sealer.encrypted) return checkedPlace(stored);
    return checkedPlace(this.#sealer.open(stored as Uint8Array, 'index-row').readDoubleLE(0));
  }
}

/** Anything but a whole number is garbage, for which the index is rebuilt. */
function checkedPlace(value: number): Place {
  if (Number.isSafeInteger(value) && value >= 0) return unpackPlace(value);
  throw new PilotfishError('DAMAGED', 'the index holds a place that cannot be: it will be rebuilt');
}

/** Whether an index call failed only because another process is writing to it. */
export function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: number } | null | undefined)?.errcode;
  return typeof code === 'number' && [SQLITE_BUSY, SQLITE_LOCKED].includes(code & 0xff);
}
