import { exists, type FileSystem, PilotfishError } from '../../../base/index.ts';
import { quoted, withDuckdb } from '../duckdb.ts';
import { damaged } from '../header.ts';
import { checkParquetPath } from '../parquet-file.ts';
import { sampleReader } from './columns.ts';
import type { DataSource, SourcedSample } from './source.ts';

/** The rows of a Parquet file, ours or another tool's. */
export class ParquetSamples implements DataSource {
  readonly url: string;
  readonly #fs: FileSystem;
  readonly #label: string | undefined;

  constructor(path: string, { fs, label }: { readonly fs: FileSystem; readonly label: string | undefined }) {
    checkParquetPath(path);
    this.url = path;
    this.#fs = fs;
    this.#label = label;
  }

  async *samples({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<SourcedSample> {
    if (!exists(this.#fs, this.url)) throw new PilotfishError('MISSING', `there is no ${this.url}`);
    const rows = await withDuckdb(this.url, async (connection) => {
      const sql = `SELECT * FROM read_parquet(${quoted(this.url)})`;
      const names = (await connection.runAndReadAll(`${sql} LIMIT 0`)).columnNames();
      const read = sampleReader(names, { label: this.#label, where: this.url });
      const all: SourcedSample[] = [];
      const result = await connection.stream(sql);
      for await (const chunk of result.yieldRows()) {
        if (signal?.aborted === true)
          throw new PilotfishError('INTERRUPTED', `reading ${this.url} was stopped`);
        for (const row of chunk) all.push(read(row));
      }
      return all;
    }).catch((error: unknown) => {
      if (error instanceof PilotfishError) throw error;
      throw damaged(this.url, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
    });
    yield* rows;
  }
}
