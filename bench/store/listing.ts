// What a directory holds, as a list that can be compared: path, size and SHA-256 of every file.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** A directory in three numbers. */
export interface Fingerprint {
  readonly files: number;
  readonly bytes: number;
  /** SHA-256 of the list: `SHA-256, two spaces, size, two spaces, path` per file, in byte order of the paths. */
  readonly listSha256: string;
}

const readBytes = 1024 * 1024;

/** Hands over the path of every file below a directory. Node's own recursive listing follows links, also in circles. */
function walk(directory: string, below: string, take: (path: string) => void): void {
  for (const entry of readdirSync(join(directory, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) walk(directory, path, take);
    else if (entry.isFile()) take(path);
  }
}

/** Paths of all files below a directory, relative to it, in byte order. */
export function filePaths(directory: string): string[] {
  const paths: Buffer[] = [];
  walk(directory, '', (path) => paths.push(Buffer.from(path)));
  return paths.sort(Buffer.compare).map(String);
}

/** Hands the bytes of a file over piece by piece; returns their number. A piece is valid until the next. */
function readPieces(path: string, buffer: Buffer, take: (piece: Buffer) => void): number {
  const fd = openSync(path, 'r');
  try {
    for (let total = 0; ; ) {
      const count = readSync(fd, buffer, 0, buffer.length, null);
      if (count === 0) return total;
      take(buffer.subarray(0, count));
      total += count;
    }
  } finally {
    closeSync(fd);
  }
}

/** The list of a directory, one line per file. */
export function listFiles(directory: string): { lines: string[]; bytes: number } {
  const buffer = Buffer.allocUnsafe(readBytes);
  const lines: string[] = [];
  let bytes = 0;
  for (const path of filePaths(directory)) {
    const hash = createHash('sha256');
    const size = readPieces(join(directory, path), buffer, (piece) => hash.update(piece));
    lines.push(`${hash.digest('hex')}  ${size}  ${path}`);
    bytes += size;
  }
  return { lines, bytes };
}

/** The fingerprint of a list. */
export function fingerprintOf({ lines, bytes }: { lines: readonly string[]; bytes: number }): Fingerprint {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(`${line}\n`);
  return { files: lines.length, bytes, listSha256: hash.digest('hex') };
}

/** The fingerprint of a directory. */
export const fingerprint = (directory: string): Fingerprint => fingerprintOf(listFiles(directory));

/** Reads every file once, so that all of it lies in the page cache if memory allows. */
export function warm(directory: string): void {
  const buffer = Buffer.allocUnsafe(readBytes);
  for (const path of filePaths(directory)) readPieces(join(directory, path), buffer, () => undefined);
}
