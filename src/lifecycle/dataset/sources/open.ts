import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NodeFileSystem, PilotfishError } from '../../../base/index.ts';
import type { TableOptions } from '../builder.ts';
import { TrainingDataset } from '../dataset.ts';
import { identifier } from '../duckdb.ts';
import { AddressSamples } from './address.ts';
import { DirectorySamples } from './directory.ts';
import { ParquetSamples } from './parquet.ts';
import type { DataSource, DataSourceOptions } from './source.ts';
import { SqliteSamples } from './sqlite.ts';

/**
 * Opens what samples come from, by what its name looks like:
 * - `https://…` or `http://…`: JSON lines at an address;
 * - `sqlite:FILE?query=SELECT…` or `sqlite:FILE?table=NAME`: rows of an SQLite file;
 * - a path ending in `.parquet`, ours or another tool's;
 * - any other path: a file of JSON lines, or a directory with some (`*.jsonl`).
 *
 * Of tables, `_label` (or `options.label`), `_weight`, `_time`, `_group` and `_cost_0` … are what they say; every other
 * column is a feature. A line of JSON is `{ features, label, group, time, weight, cost }`, all but the first two optional.
 * @throws PilotfishError `USAGE` for what is none of these.
 */
export function openDataSource(url: string, options: DataSourceOptions = {}): DataSource {
  const { fs = new NodeFileSystem(), key, fetch: ask = fetch, label } = options;
  if (/^https?:/.test(url)) {
    if (!URL.canParse(url)) throw usage(`${url} is no address`);
    return new AddressSamples(url, { key, fetch: ask });
  }
  if (url.startsWith('sqlite:')) return new SqliteSamples(url, { ...queryOf(url), label });
  if (/^[a-z][a-z0-9+.-]+:/i.test(url) && !url.startsWith('file:')) {
    throw usage(`${url}: give a path, sqlite:FILE?query=…, or an address that begins with http`);
  }
  const path = url.startsWith('file:') ? fileURLToPath(url) : resolve(url);
  return path.endsWith('.parquet') ? new ParquetSamples(path, { fs, label }) : new DirectorySamples(path, fs);
}

/**
 * Reads a source into a data set.
 * @param table the slots and classes, where the first samples are not to decide
 * @throws PilotfishError as the source, and as `addSample`; `EMPTY` without a sample.
 */
export async function readDataSource(
  source: DataSource,
  { table = {}, signal }: { readonly table?: TableOptions; readonly signal?: AbortSignal } = {},
): Promise<TrainingDataset> {
  const dataset = new TrainingDataset(table);
  const asked = signal === undefined ? {} : { signal };
  for await (const { features, label, options } of source.samples(asked))
    dataset.addSample(features, label, options);
  if (dataset.length > 0) return dataset;
  throw new PilotfishError('EMPTY', `${source.url} has no samples`);
}

/** File and query of `sqlite:FILE?…`. @throws PilotfishError `USAGE`. */
function queryOf(url: string): { readonly path: string; readonly query: string } {
  const [file = '', rest = ''] = url.slice('sqlite:'.length).split(/\?(.*)/s);
  const asked = new URLSearchParams(rest);
  const [query, name] = [asked.get('query'), asked.get('table')];
  if (file === '' || (query === null) === (name === null)) {
    throw usage(`${url}: give sqlite:FILE?query=SELECT… or sqlite:FILE?table=NAME`);
  }
  return { path: resolve(file), query: query ?? `SELECT * FROM ${identifier(name ?? '')}` };
}

const usage = (message: string): PilotfishError => new PilotfishError('USAGE', message);
