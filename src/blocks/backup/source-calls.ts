import { CID } from 'multiformats/cid';
import { errnoOf, type FileStat, type FileSystem, PilotfishError } from '../../base/index.ts';
import type { ReadInto } from '../chunk/index.ts';
import { blockOf } from '../tree/index.ts';

const SLASH = Buffer.from('/');

/** Undefined for bytes that are no link: the cache is nothing to rely on. */
export function decodeCid(bytes: Uint8Array): CID | undefined {
  try {
    const cid = CID.decode(bytes);
    blockOf(cid);
    return cid;
  } catch {
    return undefined;
  }
}

/** A failed call on the source, as opposed to one on the repository: the file is skipped, the run goes on. */
export class SourceFailure extends Error {
  constructor(cause: unknown) {
    super('a source call failed', { cause });
  }
}

export function source<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw errnoOf(error) === undefined ? error : new SourceFailure(error);
  }
}

export function changed(): PilotfishError {
  return new PilotfishError('CHANGED', 'it was replaced by something else while it was read');
}

/** Reads a file in order. A short read at its known size is the end, which saves one call for each small file. */
export function fileReader(fs: FileSystem, fd: number, sizeBytes: number): ReadInto {
  let position = 0;
  let ended = false;
  return (into, offset, length) => {
    if (ended) return 0;
    const got = source(() => fs.read(fd, into, { offset, length, position }));
    position += got;
    ended = got === 0 || (got < length && position >= sizeBytes);
    return got;
  };
}

export function isSteady(before: FileStat, after: FileStat): boolean {
  return (
    before.inode === after.inode && before.sizeBytes === after.sizeBytes && before.mtimeNs === after.mtimeNs
  );
}

export function join(directory: Buffer, name: Buffer): Buffer {
  if (directory.equals(SLASH)) return Buffer.concat([SLASH, name]);
  return Buffer.concat([directory, SLASH, name]);
}
