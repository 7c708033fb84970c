import { asRepositoryError, type FileSystem, GIB, PilotfishError } from '../../base/index.ts';
import { type DuckdbConnection, identifier, type LoadDuckdb, quoted, withDuckdb } from './duckdb.ts';
import {
  buildDataset,
  checkHeader,
  damaged,
  type FileRow,
  fileRowAt,
  type Header,
  headerOf,
  type LoadedDataset,
  type SavedDataset,
} from './header.ts';
import { replaceFile } from './replace.ts';

const MAX_FILE_BYTES = 2 * GIB;
/** Key of the header in the metadata of the file. */
const METADATA_KEY = 'pilotfish';
const PATTERN = /[*?[\]{}]/;

/**
 * A Parquet file with a column a feature, then `_label`, `_weight`, `_time`, `_group`, `_cost_0` …; the header is JSON in
 * the metadata of the file, under `pilotfish`.
 * @throws PilotfishError `UNSUPPORTED` without DuckDB, `USAGE` for a path with wildcards, `NO_SPACE`, `IO`.
 */
export async function writeParquet(
  fs: FileSystem,
  path: string,
  dataset: SavedDataset,
  load?: LoadDuckdb,
): Promise<void> {
  checkParquetPath(path);
  const header = headerOf(dataset);
  const create = async (temporary: string, connection: DuckdbConnection): Promise<void> => {
    const columns = columnsOf(header).map(({ name, type }) => `${identifier(name)} ${type}`);
    await connection.run(`CREATE TABLE samples (${columns.join(', ')})`);
    await append(connection, dataset);
    const metadata = `{${METADATA_KEY}: ${quoted(JSON.stringify(header))}}`;
    const options = `FORMAT parquet, COMPRESSION zstd, KV_METADATA ${metadata}`;
    await connection.run(`COPY samples TO ${quoted(temporary)} (${options})`);
  };
  await replaceFile(fs, path, (temporary) =>
    withDuckdb(temporary, (connection) => create(temporary, connection), load),
  );
}

/** @throws PilotfishError `UNSUPPORTED` without DuckDB, `DAMAGED`, `LIMIT`, `NEWER_VERSION`, `MISSING`, `USAGE`, `IO`. */
export async function readParquet(fs: FileSystem, path: string, load?: LoadDuckdb): Promise<LoadedDataset> {
  checkParquetPath(path);
  try {
    if (fs.lstat(path).sizeBytes > MAX_FILE_BYTES) {
      throw new PilotfishError('LIMIT', `${path} has more than 2 GiB: split the data`, { path });
    }
  } catch (error) {
    throw asRepositoryError(error, path);
  }
  return await withDuckdb(path, (connection) => readSamples(connection, path), load);
}

async function readSamples(connection: DuckdbConnection, path: string): Promise<LoadedDataset> {
  const file = quoted(path);
  try {
    const header = checkHeader(await metadataOf(connection, file), path);
    const expected = columnsOf(header).map(({ name, type }) => `${name} ${type}`);
    const shape = await connection.runAndReadAll(`SELECT * FROM read_parquet(${file}) LIMIT 0`);
    const found = shape.columnNames().map((name, at) => `${name} ${String(shape.columnTypes()[at])}`);
    if (found.join('\n') !== expected.join('\n')) throw damaged(path, 'its columns');
    const rows: FileRow[] = [];
    const result = await connection.stream(`SELECT * FROM read_parquet(${file})`);
    for await (const chunk of result.yieldRows()) {
      for (const row of chunk) rows.push(rowFrom(header, row));
      if (rows.length > header.length) throw damaged(path, 'more samples than its header says');
    }
    return buildDataset(header, rows, path);
  } catch (error) {
    if (error instanceof PilotfishError) throw error;
    throw damaged(path, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
}

async function metadataOf(connection: DuckdbConnection, file: string): Promise<unknown> {
  const sql = `SELECT decode(value) FROM parquet_kv_metadata(${file}) WHERE decode(key) = '${METADATA_KEY}'`;
  const [row] = (await connection.runAndReadAll(sql)).getRows();
  return row === undefined ? undefined : JSON.parse(String(row[0]));
}

function columnsOf({ features, classes, costs }: Header): { name: string; type: 'DOUBLE' | 'VARCHAR' }[] {
  const double = (name: string) => ({ name, type: 'DOUBLE' }) as const;
  return [
    ...features.map(({ name }) => double(name)),
    classes === null ? double('_label') : { name: '_label', type: 'VARCHAR' },
    double('_weight'),
    double('_time'),
    { name: '_group', type: 'VARCHAR' },
    ...Array.from({ length: costs }, (_, at) => double(`_cost_${at}`)),
  ];
}

async function append(connection: DuckdbConnection, { table }: SavedDataset): Promise<void> {
  const appender = await connection.createAppender('samples');
  try {
    for (let row = 0; row < table.length; row += 1) {
      for (const value of fileRowAt(table, row).flat()) {
        if (value === null) appender.appendNull();
        else if (typeof value === 'number') appender.appendDouble(value);
        else appender.appendVarchar(value as string);
      }
      appender.endRow();
    }
  } finally {
    appender.closeSync();
  }
}

/** The values of a row as a file row; whether they are what they should be is checked when the sample is added. */
function rowFrom({ features }: Header, row: readonly unknown[]): FileRow {
  const [label, weight, time, group, ...cost] = row.slice(features.length);
  return [row.slice(0, features.length), label, weight, time, group, cost] as unknown as FileRow;
}

/** DuckDB takes such a path for many files. */
export function checkParquetPath(path: string): void {
  if (PATTERN.test(path)) {
    throw new PilotfishError('USAGE', `${path} has wildcards in it: choose another name`, { path });
  }
}
