import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { exists, type FileSystem, hasCode, PilotfishError } from '../../base/index.ts';
import { EVENT_TYPES, type EventType, fieldsOf, SCHEMA_VERSION, type StoredEvent } from './events.ts';
import { FIELD_NAMES, type Field, type FieldName, fieldOf } from './fields.ts';
import type { TelemetryKey } from './keys.ts';
import { withSqliteCodes } from './sqlite.ts';

/** A checked event with its time and the key its hashes were made with. */
export type EventRow = {
  readonly type: EventType;
  readonly timeMs: number;
  readonly keyId: number;
  /** In the order of `fieldsOf(type)`. */
  readonly values: readonly (number | Uint8Array | null)[];
};

/** Which events are wanted. */
export type EventFilter = {
  readonly type: EventType | undefined;
  readonly sinceMs: number;
  /** Hashes of one block under every kept key; undefined for events of any block. */
  readonly blockHashes: readonly Uint8Array[] | undefined;
  readonly limit: number;
};

/** Events that are not there, of all runs. */
export type Losses = {
  /** For want of room or of a key. */
  readonly dropped: number;
  /** Outside the schema. */
  readonly refused: number;
  /** Past their retention. */
  readonly expired: number;
};

/** What a database holds, without its events. */
export type TelemetrySummary = {
  /** How many of each type. */
  readonly events: Readonly<Record<EventType, number>>;
  /** Times of the oldest and the newest event, milliseconds since the epoch; null without events. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  readonly keys: number;
} & Losses;

/** Another process that writes is waited for this long; the caller waits with us. */
const BUSY_TIMEOUT_MS = 100;
const APPLICATION_ID = 0x50464c54;
/** Most rows one call expires by age and by number: a limit that was lowered is reached over several calls. */
const EXPIRE_ROWS = 20_000;
const HASH_BYTES = 32;

const SQL_TYPES = { hash: 'BLOB', word: 'INTEGER' } as const;
const columnOf = (name: FieldName): string => `"${name}" ${sqlType(fieldOf(name))}`;
const sqlType = (field: Field): string => {
  if (field.kind !== 'number') return SQL_TYPES[field.kind];
  return field.whole ? 'INTEGER' : 'REAL';
};

/** STRICT: SQLite itself keeps text out, there is no column that would take it. */
const SCHEMA = [
  'CREATE TABLE keys (id INTEGER PRIMARY KEY, fromMs INTEGER NOT NULL, periodMs INTEGER NOT NULL) STRICT',
  `CREATE TABLE events (id INTEGER PRIMARY KEY, type INTEGER NOT NULL, timeMs INTEGER NOT NULL, keyId INTEGER NOT NULL, ${FIELD_NAMES.map(columnOf).join(', ')}) STRICT`,
  'CREATE TABLE losses (id INTEGER PRIMARY KEY, dropped INTEGER NOT NULL, refused INTEGER NOT NULL, expired INTEGER NOT NULL) STRICT',
  'CREATE INDEX events_by_type ON events (type, id)',
  'CREATE INDEX events_by_time ON events (timeMs)',
  'CREATE INDEX events_by_block ON events (blockHash) WHERE blockHash IS NOT NULL',
];

/** The events in SQLite, write-ahead log on: what was committed is there after the process was killed. */
export class TelemetryDatabase {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #inserts = new Map<EventType, StatementSync>();

  /**
   * Opens or makes the file, mode 0600; `frozen` opens one that nobody can change, without its write-ahead log.
   * @throws PilotfishError `DAMAGED` for a file that is none of ours, `NEWER_VERSION`, `UNSUPPORTED` for an older one,
   * `LOCKED`, `NO_SPACE`, `IO`.
   */
  constructor(fs: FileSystem, path: string, medium: 'writable' | 'frozen' = 'writable') {
    this.#path = path;
    this.#db = translate(path, () => {
      // SQLite gives the files beside it the mode of this one.
      if (!exists(fs, path)) fs.close(fs.open(path, 'create', 0o600));
      // SQLite would put a journal beside a device.
      const { kind } = fs.lstat(path);
      if (kind !== 'file' && kind !== 'symlink') throw damaged(`it is a ${kind}`);
      if (medium === 'writable') return new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
      return new DatabaseSync(new URL(`${pathToFileURL(path).href}?immutable=1`), { readOnly: true });
    });
    try {
      translate(path, () => (medium === 'writable' ? this.#prepare() : this.#checkSchema()));
    } catch (error) {
      this.#db.close();
      // The file is there: what cannot be opened is the log that SQLite keeps beside it.
      throw hasCode(error, 'MISSING') ? notBeside(path, error) : error;
    }
  }

  /** Runs `work` while no other process writes; all of it counts, or nothing. */
  exclusively<T>(work: () => T): T {
    return translate(this.#path, () => {
      this.#db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.#db.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /** Call within `exclusively`. */
  insert(row: EventRow): void {
    let statement = this.#inserts.get(row.type);
    if (statement === undefined) {
      const columns = ['type', 'timeMs', 'keyId', ...fieldsOf(row.type).map((name) => `"${name}"`)];
      const marks = columns.map(() => '?').join(', ');
      statement = this.#db.prepare(`INSERT INTO events (${columns.join(', ')}) VALUES (${marks})`);
      this.#inserts.set(row.type, statement);
    }
    statement.run(EVENT_TYPES.indexOf(row.type), row.timeMs, row.keyId, ...row.values);
  }

  /**
   * Deletes events from before `fromMs` or after `toMs` and all but the newest `maxRows`; returns how many. Deleted rows
   * are overwritten. Call within `exclusively`.
   */
  expire([fromMs, toMs]: readonly [number, number], maxRows: number): number {
    const old = this.#db
      .prepare(
        `DELETE FROM events WHERE id IN (SELECT id FROM events WHERE timeMs < ? OR timeMs > ? LIMIT ${EXPIRE_ROWS})`,
      )
      .run(fromMs, toMs);
    // Ids have no gaps but at the front: the highest ones are the newest events.
    const surplus = this.#db
      .prepare(
        `DELETE FROM events WHERE id IN (SELECT id FROM events WHERE id <= (SELECT MAX(id) FROM events) - ? LIMIT ${EXPIRE_ROWS})`,
      )
      .run(maxRows);
    return Number(old.changes) + Number(surplus.changes);
  }

  /** Notes which keys exist and since when; forgets the others. Call within `exclusively`. */
  noteKeys(keys: readonly TelemetryKey[], periodMs: number): void {
    this.#db.prepare('DELETE FROM keys WHERE id < ?').run(keys[0]?.id ?? 0);
    const note = this.#db.prepare('INSERT OR IGNORE INTO keys VALUES (?, ?, ?)');
    for (const { id, fromMs } of keys) note.run(id, fromMs, periodMs);
  }

  /** Adds to what was lost so far. Call within `exclusively`. */
  noteLosses({ dropped, refused, expired }: Losses): void {
    if (dropped + refused + expired === 0) return;
    this.#db
      .prepare(
        'INSERT INTO losses VALUES (1, ?1, ?2, ?3) ON CONFLICT DO UPDATE SET ' +
          'dropped = dropped + ?1, refused = refused + ?2, expired = expired + ?3',
      )
      .run(dropped, refused, expired);
  }

  /** What is in it. @throws PilotfishError `DAMAGED`, `IO`. */
  summary(): TelemetrySummary {
    return translate(this.#path, () => {
      const counts = this.#db.prepare('SELECT type, COUNT(*) AS events FROM events GROUP BY type').all();
      const of = (type: number): number =>
        Number(counts.find((row) => row['type'] === type)?.['events'] ?? 0);
      const span = this.#db.prepare('SELECT MIN(timeMs) AS first, MAX(timeMs) AS last FROM events').get();
      const losses = this.#db.prepare('SELECT dropped, refused, expired FROM losses').get();
      const [dropped, refused, expired] = ['dropped', 'refused', 'expired'].map((name) =>
        Number(losses?.[name] ?? 0),
      ) as [number, number, number];
      return {
        events: Object.fromEntries(EVENT_TYPES.map((type, i) => [type, of(i)])) as TelemetrySummary['events'],
        firstMs: timeOf(span?.['first']),
        lastMs: timeOf(span?.['last']),
        keys: Number(this.#db.prepare('SELECT COUNT(*) AS keys FROM keys').get()?.['keys']),
        ...{ dropped, refused, expired },
      };
    });
  }

  /** The highest key id that was ever noted here and not forgotten; 0 when none was. */
  lastKeyId(): number {
    return Number(this.#db.prepare('SELECT IFNULL(MAX(id), 0) AS id FROM keys').get()?.['id']);
  }

  /** The newest events that fit, oldest first. @throws PilotfishError `DAMAGED` for a row that cannot be ours. */
  select({ type, sinceMs, blockHashes, limit }: EventFilter): StoredEvent[] {
    const conditions = ['timeMs >= ?'];
    const values: (number | Uint8Array)[] = [sinceMs];
    if (type !== undefined) {
      conditions.push('type = ?');
      values.push(EVENT_TYPES.indexOf(type));
    }
    if (blockHashes !== undefined) {
      conditions.push(`blockHash IN (${blockHashes.map(() => '?').join(', ')})`);
      values.push(...blockHashes);
    }
    const sql = `SELECT * FROM events WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT ?`;
    return translate(this.#path, () => {
      const rows = this.#db.prepare(sql).all(...values, limit);
      // Processes write batch by batch: their events are stored out of step.
      return rows
        .map(eventOf)
        .reverse()
        .sort((a, b) => a.timeMs - b.timeMs);
    });
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #prepare(): void {
    // Looked at before anything is changed: the path may be a mistake, and the file someone else's.
    const isNew = this.#checkSchema();
    // `secure_delete`: what has expired is gone from the file, not only from the table.
    this.#db.exec('PRAGMA secure_delete = ON; PRAGMA synchronous = NORMAL; PRAGMA journal_mode = WAL;');
    if (!isNew) return;
    this.exclusively(() => {
      if (!this.#checkSchema()) return;
      for (const sql of SCHEMA) this.#db.exec(sql);
      this.#db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
    });
  }

  /** True for an empty file. */
  #checkSchema(): boolean {
    this.#db.exec('PRAGMA trusted_schema = OFF');
    const found = this.#db.prepare("SELECT sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*'").all();
    if (found.length === 0) return true;
    const version = this.#pragma('user_version');
    if (this.#pragma('application_id') === APPLICATION_ID && version > SCHEMA_VERSION) {
      throw new PilotfishError('NEWER_VERSION', `this telemetry is of version ${version}: update Pilotfish`);
    }
    if (this.#pragma('application_id') === APPLICATION_ID && version < SCHEMA_VERSION) {
      const what = `this telemetry is of version ${version}, this Pilotfish reads ${SCHEMA_VERSION}`;
      throw new PilotfishError('UNSUPPORTED', `${what}: move the file away, and a new one is begun`);
    }
    // Triggers and views would stand here as well: nothing runs that is not ours.
    if (found.length !== SCHEMA.length || !found.every(({ sql }) => SCHEMA.includes(String(sql)))) {
      throw damaged('it holds other tables');
    }
    return false;
  }

  #pragma(name: 'application_id' | 'user_version'): number {
    return Number(this.#db.prepare(`PRAGMA ${name}`).get()?.[name]);
  }
}

const timeOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function eventOf(row: Record<string, unknown>): StoredEvent {
  const type = EVENT_TYPES[Number(row['type'])];
  if (type === undefined) throw damaged('a row has no type');
  const event: Record<string, unknown> = { eventType: type, timeMs: row['timeMs'], keyId: row['keyId'] };
  for (const name of fieldsOf(type)) {
    if (row[name] !== null) event[name] = decodeField(fieldOf(name), row[name]);
  }
  return event as StoredEvent;
}

function decodeField(field: Field, value: unknown): string | number {
  if (field.kind === 'hash') {
    if (!(value instanceof Uint8Array) || value.length !== HASH_BYTES) throw damaged('a hash is none');
    return Buffer.from(value).toString('hex');
  }
  const text = field.kind === 'word' ? field.words[Number(value)] : undefined;
  if (text !== undefined) return text;
  const isNumber = field.kind === 'number' && typeof value === 'number';
  if (!isNumber || !(value >= field.min && value <= field.max)) throw damaged('a value is out of range');
  return value;
}

const damaged = (what: string): PilotfishError =>
  new PilotfishError('DAMAGED', `this is no telemetry of Pilotfish (${what}): move the file away`);

function notBeside(path: string, cause: unknown): PilotfishError {
  const advice = `copy it, and ${path}-wal if there is one, elsewhere`;
  const message = `${path} cannot be used where no file can be written beside it: ${advice}`;
  return new PilotfishError('IO', message, { cause, path });
}

/** Gives what SQLite or a file call throws a code. */
const translate = <T>(path: string, work: () => T): T =>
  withSqliteCodes(path, () => {
    try {
      return work();
    } catch (error) {
      // A whole number beyond 2^53: we never wrote one.
      throw error instanceof RangeError ? damaged('a value is out of range') : error;
    }
  });
