import { exists, type FileSystem, PilotfishError, readSmallFile } from '../../base/index.ts';

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
 * without one is allowed: then everything is only for evaluation. @throws PilotfishError `DAMAGED`.
 */
export function readListing(fs: FileSystem, folder: string): ReadonlyMap<string, Listed> {
  const path = `${folder}/${LIST_NAME}`;
  if (!exists(fs, path)) return new Map();
  const [header, ...lines] = readSmallFile(fs, path, MAX_LIST_BYTES).toString('utf8').trimEnd().split('\n');
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
      Number.isSafeInteger(entry.bytes) && /^[0-9a-f]{64}$/.test(entry.sha256) && cell(pathAt) !== '';
    if (!sound || (use !== 'train+ship' && use !== 'evaluate')) {
      throw new PilotfishError('DAMAGED', `${path} has a line that does not parse: ${line.slice(0, 80)}`, {
        path,
      });
    }
    return [cell(pathAt), { ...entry, use }];
  });
  return new Map(listed);
}
