import { PilotfishError } from '../../base/index.ts';

/** What is used of `@duckdb/node-api` 1.x. */
export type DuckdbConnection = {
  run(sql: string): Promise<unknown>;
  runAndReadAll(
    sql: string,
  ): Promise<{ columnNames(): string[]; columnTypes(): object[]; getRows(): unknown[][] }>;
  stream(sql: string): Promise<{ yieldRows(): AsyncIterable<unknown[][]> }>;
  createAppender(table: string): Promise<DuckdbAppender>;
  closeSync(): void;
};

export type DuckdbAppender = {
  appendDouble(value: number): void;
  appendVarchar(value: string): void;
  appendNull(): void;
  endRow(): void;
  closeSync(): void;
};

type Duckdb = {
  readonly DuckDBInstance: {
    create(
      path: string,
      options: Readonly<Record<string, string>>,
    ): Promise<{ connect(): Promise<DuckdbConnection>; closeSync(): void }>;
  };
};

const PACKAGE: string = '@duckdb/node-api';

/** Brings the package; a test brings another. */
export type LoadDuckdb = () => Promise<unknown>;

const loadPackage: LoadDuckdb = () => import(PACKAGE);

/** One thread keeps the order of rows; nothing is fetched from anywhere. */
const SETTINGS = {
  threads: '1',
  memory_limit: '1GB',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
};

/**
 * Runs `work` with a database in memory that may touch the file `path` and no other.
 * @throws PilotfishError `UNSUPPORTED` when the package is not installed.
 */
export async function withDuckdb<Result>(
  path: string,
  work: (connection: DuckdbConnection) => Promise<Result>,
  load: LoadDuckdb = loadPackage,
): Promise<Result> {
  const { DuckDBInstance } = await loaded(load);
  const instance = await DuckDBInstance.create(':memory:', SETTINGS);
  try {
    const connection = await instance.connect();
    try {
      await connection.run(`SET allowed_paths = [${quoted(path)}]`);
      await connection.run('SET enable_external_access = false');
      await connection.run('SET lock_configuration = true');
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

async function loaded(load: LoadDuckdb): Promise<Duckdb> {
  try {
    return (await load()) as Duckdb;
  } catch (cause) {
    const message = `Parquet needs the package ${PACKAGE}: install it with \`npm install ${PACKAGE}\`, or save as .json`;
    throw new PilotfishError('UNSUPPORTED', message, { cause });
  }
}

/** A text as an SQL literal. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** A name as an SQL identifier. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
