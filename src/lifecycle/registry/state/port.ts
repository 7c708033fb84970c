/** What a cell holds. Numbers are finite; times are whole milliseconds since the epoch. */
export type SqlValue = string | number | Uint8Array | null;

/** A row by the names of its columns. */
export type Row = Readonly<Record<string, SqlValue>>;

/**
 * Statements within one transaction. The SQL is what SQLite and PostgreSQL share, with `?` for values. A work awaits
 * nothing but these calls: whoever writes after it waits for it.
 */
export interface Sql {
  get(sql: string, ...values: readonly SqlValue[]): Promise<Row | undefined>;
  all(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]>;
  /** @returns the number of rows changed */
  run(sql: string, ...values: readonly SqlValue[]): Promise<number>;
  /** The same statement for each of the rows. */
  runMany(sql: string, rows: readonly (readonly SqlValue[])[]): Promise<void>;
}

/** One transaction: its value is what the caller gets, what it throws undoes it. */
export type Work<T> = (sql: Sql) => Promise<T>;

/**
 * Where the registry keeps its state; the only port to a database. Everything a work reads is of one moment, and that
 * moment is not before the call. A write that was answered is on disk.
 */
export interface RegistryState {
  /** @throws PilotfishError `LOCKED`, `DAMAGED`, `IO`, and what `work` throws. */
  read<T>(work: Work<T>): Promise<T>;
  /**
   * Runs `work` alone among all writers, also those of other processes. Works that wait together may share one commit;
   * each succeeds or is undone by itself.
   * @throws PilotfishError `LIMIT` when too many wait, `LOCKED`, `NO_SPACE`, `IO`, and what `work` throws.
   */
  write<T>(work: Work<T>): Promise<T>;
  /** Calls `listener` after every commit of this process until the returned function is called. */
  onCommit(listener: () => void): () => void;
  /** Copies the state as of one moment to a file that is not there yet, while others go on. */
  backup(path: string): Promise<void>;
  /** Waits for writes that were accepted. */
  close(): Promise<void>;
}
