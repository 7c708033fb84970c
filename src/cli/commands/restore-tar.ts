import { resolve } from 'node:path';
import {
  asRepositoryError,
  errnoOf,
  exists,
  type FileSystem,
  PilotfishError,
  writeAll,
} from '../../base/index.ts';
import { type PathTest, type Repository, type TarOptions, tarStream } from '../../blocks/index.ts';
import type { Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { loadReadAhead, type ReadingOptions } from '../models/read-ahead.ts';
import { bytesText, safeText, secondsText } from '../text.ts';

/** What `restore --tar` was asked for. */
export interface TarRequest {
  /** A path, or `-` for stdout. */
  readonly tar: string;
  readonly options: ReadingOptions & { readonly overwrite?: true };
  readonly snapshot: string;
  readonly isIncluded: PathTest | undefined;
}

/** Takes one piece of the archive; must be done with it when it resolves. */
type Take = (piece: Uint8Array) => void | Promise<void>;

/** Writes a snapshot as a tar archive to stdout or into a file. */
export async function restoreTar(context: Context, request: TarRequest): Promise<void> {
  const { tar, options } = request;
  if (tar === '-') {
    if (options.json) throw usageError('--tar - uses standard output for the archive: leave out --json');
    if (context.output.isTerminal)
      throw usageError('the archive would go to the terminal: redirect it, or name a file');
    await context.withRepository(options, async (repository) => {
      await copy(context, repository, request, (piece) => context.output.write(piece));
      await context.output.flush();
    });
    context.terminal.status('');
    return;
  }
  const path = resolve(tar);
  const done = await context.withRepository(options, (repository) =>
    writeFile(context, repository, { ...request, path }),
  );
  const { seconds } = context.usage();
  const text = `wrote ${safeText(path)}, ${bytesText(done.archiveBytes)}, in ${secondsText(seconds)}\n`;
  await context.result(options, { json: { ...done, tar: path, seconds }, text });
}

/** Streams the archive; resolves to what it was made of. */
async function copy(context: Context, repository: Repository, request: TarRequest, take: Take) {
  const progress = context.progress(request.options);
  const { isIncluded } = request;
  const { id, bytes } = repository.snapshots.resolve(request.snapshot);
  if (isIncluded === undefined) progress.expect({ bytes });
  const options: TarOptions = {
    snapshot: id,
    signal: context.signal,
    readAhead: await loadReadAhead(request.options),
    ...(isIncluded === undefined ? {} : { isIncluded }),
  };
  let archiveBytes = 0;
  for await (const piece of tarStream(repository, options)) {
    await take(piece);
    archiveBytes += piece.length;
    progress.update({ bytes: archiveBytes });
  }
  return { snapshot: id, archiveBytes };
}

/** A file that cannot be completed is removed: half an archive under its name would mislead. */
async function writeFile(context: Context, repository: Repository, request: TarRequest & { path: string }) {
  const { fs } = repository.ports;
  const { path } = request;
  const fd = openTarget(fs, path, request.options.overwrite === true);
  let position = 0;
  let isDone = false;
  try {
    const done = await copy(context, repository, request, (piece) => {
      writePiece(fs, fd, { piece, position, path });
      position += piece.length;
    });
    isDone = true;
    return done;
  } finally {
    fs.close(fd);
    if (!isDone) fs.unlink(path);
  }
}

/** Only plain files: a failure removes what was begun, and that must never be a device. */
function openTarget(fs: FileSystem, path: string, overwrite: boolean): number {
  try {
    if (!overwrite || !exists(fs, path)) return fs.open(path, 'create', 0o666);
    if (fs.lstat(path).kind === 'file') return fs.open(path, 'truncate');
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') {
      throw new PilotfishError('EXISTS', `${path} is there already: choose another name, or use --overwrite`);
    }
    throw new PilotfishError('IO', `${path} cannot be written (${errnoOf(error)}): check the folder`, {
      cause: error,
    });
  }
  throw new PilotfishError('EXISTS', `${path} is no plain file: use --tar - and redirect standard output`);
}

function writePiece(
  fs: FileSystem,
  fd: number,
  at: { piece: Uint8Array; position: number; path: string },
): void {
  try {
    writeAll(fs, fd, at.piece, at.position);
  } catch (error) {
    throw asRepositoryError(error, at.path);
  }
}
