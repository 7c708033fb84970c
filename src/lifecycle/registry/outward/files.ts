import {
  asRepositoryError,
  closeReader,
  type FileSystem,
  PilotfishError,
  readAt,
} from '../../../base/index.ts';
import type { Upload } from './mlflow-server.ts';

/** A file of a model, by its path within it. */
export type ModelFile = Upload & { readonly name: string };

const CHUNK_BYTES = 1024 * 1024;
const MAX_FILES = 1000;
const MAX_DEPTH = 8;

/** The content of a file, in pieces of at most 1 MiB. @throws Error as the file system throws. */
export function* filePieces(fs: FileSystem, path: string): Generator<Uint8Array> {
  const fd = fs.open(path, 'read');
  try {
    for (let position = 0; ; ) {
      const chunk = readAt(fs, fd, position, CHUNK_BYTES);
      if (chunk.length === 0) return;
      yield chunk;
      position += chunk.length;
    }
  } finally {
    closeReader(fs, fd);
  }
}

/**
 * A file by its own name, or all files below a folder, in order. Their content is read when it is asked for.
 * @throws PilotfishError `EMPTY`, `LIMIT`, `UNSUPPORTED` for links and devices within a folder, `MISSING`, `IO`.
 */
export function modelFilesAt(fs: FileSystem, path: string): ModelFile[] {
  try {
    const files = [...below(fs, path, { name: '', depth: 0 })];
    if (files.length === 0) throw new PilotfishError('EMPTY', `${path} holds no file: name another folder`);
    return files;
  } catch (error) {
    throw asRepositoryError(error, path);
  }
}

type Place = { readonly name: string; readonly depth: number };

function* below(fs: FileSystem, path: string, { name, depth }: Place): Generator<ModelFile> {
  const { kind, sizeBytes } = fs.lstat(path);
  if (kind === 'file') {
    const own = name === '' ? path.slice(path.lastIndexOf('/') + 1) : name;
    return yield {
      name: own,
      bytes: sizeBytes,
      open: () => unchanged(filePieces(fs, path), [path, sizeBytes]),
    };
  }
  if (kind !== 'directory')
    throw new PilotfishError('UNSUPPORTED', `${path} is no file: name the file itself`);
  const entries = fs.readDirectory(path).map(String).sort();
  if (depth >= MAX_DEPTH || entries.length > MAX_FILES)
    throw new PilotfishError(
      'LIMIT',
      `${path} has more than ${MAX_FILES} files or ${MAX_DEPTH} levels: name less`,
    );
  for (const entry of entries) {
    yield* below(fs, `${path}/${entry}`, {
      name: name === '' ? entry : `${name}/${entry}`,
      depth: depth + 1,
    });
  }
}

/** The pieces, if they are as many bytes as were promised. @throws PilotfishError `CHANGED`, `IO`. */
function* unchanged(
  pieces: Iterable<Uint8Array>,
  [path, bytes]: readonly [string, number],
): Generator<Uint8Array> {
  let left = bytes;
  try {
    for (const piece of pieces) {
      left -= piece.length;
      if (left < 0) break;
      yield piece;
    }
  } catch (error) {
    throw asRepositoryError(error, path);
  }
  if (left !== 0)
    throw new PilotfishError('CHANGED', `${path} was changed while it was sent: run the command again`);
}
