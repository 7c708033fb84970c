import { backup, DatabaseSync, type StatementSync } from 'node:sqlite';
import {
  type Clock,
  exists,
  type FileSystem,
  NodeFileSystem,
  PilotfishError,
  systemClock,
} from '../../../base/index.ts';
import { withSqliteCodes } from '../../telemetry/sqlite.ts';
import type { RegistryState, Row, Sql, SqlValue, Work } from './port.ts';
import { prepareSchema } from './schema.ts';

/** Another process that writes blocks this thread so long; then others are served before the next try. */
const BUSY_TIMEOUT_MS = 50;
const DEFAULT_LOCK_WAIT_MS = 10_000;
const MAX_LOCK_WAIT_MS = 3_600_000;
/** Writes that wait; more are refused. */
const MAX_WAITING = 10_000;
/** Most writes of one commit: bounds how long readers and other processes wait for it. */
const MAX_GROUP = 256;
const MAX_STATEMENTS = 256;
const ALL_PAGES = 2 ** 31 - 1;
const CACHE_KIB = 8192;
/** WAL pages (4 KiB) between two checkpoints: fewer syncs of the main file under load. */
const CHECKPOINT_PAGES = 4000;

type Waiting = {
  readonly work: Work<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** In memory also what only reads waits here. */
  readonly isChange: boolean;
};

/** A connection with its prepared statements. */
class Connection implements Sql {
  readonly db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.db = db;
  }

  async get(sql: string, ...values: readonly SqlValue[]): Promise<Row | undefined> {
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  async all(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#statement(sql).all(...values) as readonly Row[];
  }

  async run(sql: string, ...values: readonly SqlValue[]): Promise<number> {
    return Number(this.#statement(sql).run(...values).changes);
  }

  async runMany(sql: string, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    const statement = this.#statement(sql);
    for (const row of rows) statement.run(...row);
  }

  exec(sql: string): void {
    this.#statement(sql).run();
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      // Searches make statements without end; the usual ones are soon prepared again.
      if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
      statement = this.db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** What the state runs on. */
export type SqliteStateOptions = {
  /** The file; `:memory:` for a state that ends with the process. */
  readonly path: string;
  readonly fs?: FileSystem;
  readonly clock?: Clock;
  /** Opening, or a write, that another process keeps locked out this long is given up with `LOCKED`. 10 s. */
  readonly lockWaitMs?: number | undefined;
};

/**
 * The state in SQLite: write-ahead log, synced at every commit. Writes that come in one turn of the event loop share a
 * commit and so a sync; reads have a connection of their own and never wait for a write.
 */
export class SqliteState implements RegistryState {
  readonly #path: string;
  readonly #fs: FileSystem;
  readonly #clock: Clock;
  readonly #lockWaitMs: number;
  readonly #writer: Connection;
  /** The same as the writer in memory, where no second connection sees the data. */
  readonly #reader: Connection;
  readonly #waiting: Waiting[] = [];
  readonly #listeners = new Set<() => void>();
  #reads: Promise<unknown> = Promise.resolve();
  #draining: Promise<void> | undefined;
  #isClosed = false;

  /**
   * Opens or makes the file, mode 0600; one of an older version is brought to this one.
   * @throws PilotfishError `DAMAGED` for a file that is none of ours, `NEWER_VERSION`, `MISSING` without its folder,
   * `LOCKED`, `NO_SPACE`, `IO`; `USAGE` for a time that is none.
   */
  constructor(options: SqliteStateOptions) {
    const { path, fs = new NodeFileSystem(), clock = systemClock } = options;
    const { lockWaitMs = DEFAULT_LOCK_WAIT_MS } = options;
    if (!(Number.isSafeInteger(lockWaitMs) && lockWaitMs >= 0 && lockWaitMs <= MAX_LOCK_WAIT_MS))
      throw new PilotfishError('USAGE', 'lockWaitMs cannot be used: give whole milliseconds up to an hour');
    this.#lockWaitMs = lockWaitMs;
    this.#path = path;
    this.#fs = fs;
    this.#clock = clock;
    this.#writer = this.#open();
    try {
      withSqliteCodes(path, () => {
        this.#writer.db.exec(`PRAGMA busy_timeout = ${lockWaitMs}`);
        prepareSchema(this.#writer.db);
        this.#writer.db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      });
      this.#reader = path === ':memory:' ? this.#writer : this.#open();
      if (this.#reader !== this.#writer) this.#reader.exec('PRAGMA query_only = ON');
    } catch (error) {
      this.#writer.db.close();
      throw error;
    }
  }

  read<T>(work: Work<T>): Promise<T> {
    if (this.#reader === this.#writer) return this.#inTurn(work, { isChange: false });
    if (this.#isClosed) return Promise.reject(closed());
    // One after the other: each has a snapshot that is not older than its call.
    const result = this.#reads.then(() => this.#readAlone(work));
    this.#reads = result.catch(() => undefined);
    return result;
  }

  write<T>(work: Work<T>): Promise<T> {
    return this.#inTurn(work, { isChange: true });
  }

  #inTurn<T>(work: Work<T>, { isChange }: { readonly isChange: boolean }): Promise<T> {
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(
        new PilotfishError('LIMIT', `${MAX_WAITING} changes wait already: try again later`),
      );
    }
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject, isChange });
      this.#draining ??= this.#drain();
    });
  }

  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async backup(path: string): Promise<void> {
    if (exists(this.#fs, path)) {
      throw new PilotfishError('EXISTS', `${path} is there already: name a new file`, { path });
    }
    // A connection of its own, and all in one step of another thread: nobody waits, and no writer makes it begin again.
    const isShared = this.#path === ':memory:';
    const { db } = isShared ? this.#writer : this.#open();
    try {
      await withCodes(path, () => backup(db, path, { rate: ALL_PAGES }));
    } finally {
      if (!isShared) db.close();
    }
    const fd = this.#fs.open(path, 'update');
    try {
      this.#fs.fsync(fd);
    } finally {
      this.#fs.close(fd);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#draining;
    await this.#reads;
    for (const { db } of [this.#reader, this.#writer]) if (db.isOpen) db.close();
  }

  #open(): Connection {
    const path = this.#path;
    return withSqliteCodes(path, () => {
      // SQLite gives the files beside it the mode of this one.
      if (path !== ':memory:' && !exists(this.#fs, path))
        this.#fs.close(this.#fs.open(path, 'truncate', 0o600));
      const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
      db.exec(
        `PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE_KIB};
         PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA case_sensitive_like = ON`,
      );
      return new Connection(db);
    });
  }

  async #readAlone<T>(work: Work<T>): Promise<T> {
    const reader = this.#reader;
    return await withCodes(this.#path, async () => {
      reader.exec('BEGIN');
      try {
        return await work(reader);
      } finally {
        reader.exec('COMMIT');
      }
    });
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Whatever else this turn asks for shares the commit.
      await this.#clock.turn();
      await this.#commit(this.#waiting.splice(0, MAX_GROUP));
    }
    this.#draining = undefined;
  }

  /** Runs works in one transaction; they are answered when it is on disk. */
  async #commit(group: readonly Waiting[]): Promise<void> {
    const answers: (() => void)[] = [];
    try {
      await withCodes(this.#path, async () => {
        await this.#begin();
        for (const waiting of group) answers.push(await this.#attempt(waiting));
        this.#writer.exec('COMMIT');
      });
    } catch (error) {
      if (this.#writer.db.isTransaction) this.#writer.exec('ROLLBACK');
      for (const { reject } of group) reject(error);
      return;
    }
    for (const answer of answers) answer();
    if (group.some(({ isChange }) => isChange)) for (const listener of this.#listeners) listener();
  }

  /** One work between two savepoints. @returns how its caller is to be answered */
  async #attempt({ work, resolve, reject }: Waiting): Promise<() => void> {
    const writer = this.#writer;
    writer.exec('SAVEPOINT work');
    try {
      const value = await withCodes(this.#path, () => work(writer));
      writer.exec('RELEASE work');
      return () => resolve(value);
    } catch (error) {
      // SQLite may have undone the whole transaction, as it does on a full disk.
      if (!writer.db.isTransaction) throw error;
      writer.exec('ROLLBACK TO work');
      writer.exec('RELEASE work');
      return () => reject(error);
    }
  }

  async #begin(): Promise<void> {
    const deadlineMs = this.#clock.monotonicMs() + this.#lockWaitMs;
    for (;;) {
      try {
        this.#writer.exec('BEGIN IMMEDIATE');
        return;
      } catch (error) {
        const isBusy = ((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY;
        if (!isBusy || this.#clock.monotonicMs() > deadlineMs) throw error;
        await this.#clock.turn();
      }
    }
  }
}

const SQLITE_BUSY = 5;
const closed = (): PilotfishError => new PilotfishError('USAGE', 'the state is closed: open it again');

/** Gives what SQLite throws within `work` a code. */
async function withCodes<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    return withSqliteCodes(path, () => {
      throw error;
    });
  }
}
