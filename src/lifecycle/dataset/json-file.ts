import {
  asRepositoryError,
  type FileSystem,
  MIB,
  PilotfishError,
  readSmallFile,
  writeAll,
} from '../../base/index.ts';
import {
  buildDataset,
  checkHeader,
  damaged,
  type FileRow,
  fileRowAt,
  headerOf,
  type LoadedDataset,
  type SavedDataset,
} from './header.ts';
import { replaceFile } from './replace.ts';

/** Larger data sets belong in a Parquet file: text of this size takes gigabytes to parse. */
const MAX_JSON_BYTES = 256 * MIB;
const CHUNK_BYTES = MIB;

/**
 * One JSON object, the header's keys and `samples`, a sample a line. Numbers are written so that the same ones are read.
 * @throws PilotfishError `LIMIT` for a data set of more than 256 MiB, `NO_SPACE`, `IO`.
 */
export async function writeJson(fs: FileSystem, path: string, dataset: SavedDataset): Promise<void> {
  await replaceFile(fs, path, async (temporary) => {
    const fd = fs.open(temporary, 'create');
    try {
      let position = 0;
      for (const chunk of chunksOf(dataset)) {
        writeAll(fs, fd, chunk, position);
        position += chunk.length;
        if (position > MAX_JSON_BYTES) {
          throw new PilotfishError('LIMIT', 'more than 256 MiB of JSON: save it as .parquet', { path });
        }
      }
    } finally {
      fs.close(fd);
    }
  });
}

function* chunksOf(dataset: SavedDataset): Generator<Buffer> {
  let text = `${JSON.stringify(headerOf(dataset)).slice(0, -1)},"samples":[\n`;
  for (let row = 0; row < dataset.table.length; row += 1) {
    text += `${row === 0 ? '' : ',\n'}${JSON.stringify(fileRowAt(dataset.table, row))}`;
    if (text.length < CHUNK_BYTES) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(`${text}\n]}\n`);
}

/** @throws PilotfishError `DAMAGED`, `LIMIT`, `NEWER_VERSION`, `MISSING`, `IO`. */
export async function readJson(fs: FileSystem, path: string): Promise<LoadedDataset> {
  let bytes: Buffer;
  try {
    bytes = readSmallFile(fs, path, MAX_JSON_BYTES);
  } catch (error) {
    throw asRepositoryError(error, path);
  }
  if (bytes.length > MAX_JSON_BYTES)
    throw new PilotfishError('LIMIT', `${path} has more than 256 MiB`, { path });
  const { samples, ...header } = parse(bytes, path);
  const checked = checkHeader(header, path);
  if (!Array.isArray(samples) || !samples.every(isRow)) throw damaged(path, 'its samples');
  return buildDataset(checked, samples, path);
}

function parse(bytes: Buffer, path: string): { readonly samples?: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw damaged(path, 'it is no JSON');
  }
  if (typeof value !== 'object' || value === null) throw damaged(path, 'it is no object');
  return value;
}

/** The shape alone: what the values must be is checked where every sample is, when it is added. */
function isRow(row: unknown): row is FileRow {
  return Array.isArray(row) && row.length === 6 && Array.isArray(row[0]) && Array.isArray(row[5]);
}
