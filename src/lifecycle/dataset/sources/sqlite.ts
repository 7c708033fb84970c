import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { PilotfishError } from '../../../base/index.ts';
import { withSqliteCodes } from '../../telemetry/index.ts';
import { damaged } from '../header.ts';
import { sampleReader } from './columns.ts';
import type { DataSource, SourcedSample } from './source.ts';

const ROWS_A_TURN = 256;
const TIMEOUT_MS = 5000;

/** The rows that a query to an SQLite file answers; the file is opened for reading only. */
export class SqliteSamples implements DataSource {
  readonly url: string;
  readonly #path: string;
  readonly #query: string;
  readonly #label: string | undefined;

  constructor(
    url: string,
    {
      path,
      query,
      label,
    }: { readonly path: string; readonly query: string; readonly label: string | undefined },
  ) {
    this.url = url;
    this.#path = path;
    this.#query = query;
    this.#label = label;
  }

  async *samples({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<SourcedSample> {
    const db = withSqliteCodes(
      this.#path,
      () => new DatabaseSync(this.#path, { readOnly: true, timeout: TIMEOUT_MS }),
    );
    try {
      // Tells what is no database from a query that is none.
      withSqliteCodes(this.#path, () => db.exec('PRAGMA schema_version'));
      const statement = this.#prepare(db);
      const names = statement.columns().map(({ name }) => name);
      const read = sampleReader(names, { label: this.#label, where: this.url });
      let count = 0;
      for (const row of this.#rows(statement)) {
        if (count % ROWS_A_TURN === 0 && signal?.aborted === true) {
          throw new PilotfishError('INTERRUPTED', `reading ${this.url} was stopped`);
        }
        count += 1;
        yield read(row);
      }
    } finally {
      db.close();
    }
  }

  #prepare(db: DatabaseSync): StatementSync {
    try {
      const statement = db.prepare(this.#query);
      statement.setReturnArrays(true);
      return statement;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new PilotfishError('USAGE', `${this.#path} cannot be asked so (${reason}): give one SELECT`, {
        cause,
      });
    }
  }

  *#rows(statement: StatementSync): Generator<readonly unknown[]> {
    try {
      yield* statement.iterate() as unknown as Iterable<readonly unknown[]>;
    } catch (error) {
      if (error instanceof PilotfishError) throw error;
      throw damaged(this.#path, error instanceof Error ? error.message : String(error));
    }
  }
}
