import {
  asRepositoryError,
  exists,
  type FileSystem,
  PilotfishError,
  readSmallFile,
} from '../../base/index.ts';

/** What the list of a data folder says about one file. */
export type Listed = {
  readonly bytes: number;
  readonly sha256: string;
  /** Whether what is learnt from it may be shipped. */
  readonly use: 'train+ship' | 'evaluate';
};

const LIST_NAME = 'MANIFEST.tsv';
const MAX_LIST_BYTES = 4 * 1024 * 1024;

/**
 * Reads `MANIFEST.tsv` of a data folder: path, source, licence, bytes, sha256, use, note, with a header line. A folder
 * without one is allowed: then everything is only for evaluation. @throws PilotfishError `DAMAGED`, `LIMIT`, `IO`.
 */
export function readListing(fs: FileSystem, folder: string): ReadonlyMap<string, Listed> {
  const path = `${folder}/${LIST_NAME}`;
  if (!exists(fs, path)) return new Map();
  const [header, ...lines] = readList(fs, path).trimEnd().split('\n');
  const columns = (header ?? '').split('\t');
  const [pathAt, bytesAt, sha256At, useAt] = ['path', 'bytes', 'sha256', 'use'].map((name) =>
    columns.indexOf(name),
  );
  const listed = lines.map((line): [string, Listed] => {
    const cells = line.split('\t');
    const cell = (at: number | undefined): string => cells[at ?? -1] ?? '';
    const use = cell(useAt);
    const entry = { bytes: Number(cell(bytesAt)), sha256: cell(sha256At) };
    const sound =
      /^\d+$/.test(cell(bytesAt)) &&
      Number.isSafeInteger(entry.bytes) &&
      /^[0-9a-f]{64}$/.test(entry.sha256) &&
      cell(pathAt) !== '';
    if (!sound || (use !== 'train+ship' && use !== 'evaluate')) {
      throw new PilotfishError('DAMAGED', `${path} has a line that does not parse: ${line.slice(0, 80)}`, {
        path,
      });
    }
    return [cell(pathAt), { ...entry, use }];
  });
  return new Map(listed);
}

function readList(fs: FileSystem, path: string): string {
  let bytes: Buffer;
  try {
    if (fs.lstat(path).kind === 'directory') {
      throw new PilotfishError('DAMAGED', `${path} is a folder: put the list of the files there`, { path });
    }
    bytes = readSmallFile(fs, path, MAX_LIST_BYTES);
  } catch (error) {
    throw asRepositoryError(error, path);
  }
  if (bytes.length > MAX_LIST_BYTES)
    throw new PilotfishError('LIMIT', `${path} is longer than 4 MiB`, { path });
  return bytes.toString('utf8');
}
