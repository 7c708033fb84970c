import { type FileSystem, PilotfishError, sha256Hex } from '../../base/index.ts';
import { decodeBrotli } from './archive.ts';
import { placesIn, readPlace } from './folder.ts';
import type { Listed } from './listing.ts';

/** Keys of recorded accesses, in order. */
export type TraceKeys = Float64Array | BigInt64Array | BigUint64Array;

/** One recorded run: what was accessed, one key a request. */
export type TraceSet = {
  /** Path within `traces/` without endings. */
  readonly name: string;
  /** Path within the data folder. */
  readonly path: string;
  readonly sha256: string;
  readonly use: Listed['use'];
  /** Decoded anew at each call. @throws PilotfishError `DAMAGED` for a file that does not parse, `LIMIT`, `IO`. */
  keys(): TraceKeys;
};

const BINARY = /\.([iu])(32|64)([bl]e)$/;
const PLAIN_ENDING = /\.(csv|lis|trace|[iu](32|64)[bl]e)$/;
const KEY_COLUMN = 'lbn';
const LINE_FEED = 0x0a;
const MAX_LINES = 2 ** 26;
const MAX_LINE_BYTES = 65_536;

/**
 * The recorded runs of a folder laid out as `traces/**`, in name order. The ending says how a file is read, `.br` after
 * it that it is compressed: `i32be`, `u64le` and the like are raw keys; `lis` has the key in the first column; `csv` in
 * the column `lbn`; `trace` one a line. Other files are skipped with a warning.
 * @throws PilotfishError `MISSING`, `USAGE` for what is no folder, `DAMAGED`, `LIMIT`, `IO`.
 */
export function discoverTraces(fs: FileSystem, folder: string, warn: (message: string) => void): TraceSet[] {
  const sets: TraceSet[] = [];
  for (const place of placesIn(fs, folder, 'traces', warn)) {
    const { path, listed } = place;
    const isPacked = path.endsWith('.br');
    const plain = isPacked ? path.slice(0, -'.br'.length) : path;
    if (!PLAIN_ENDING.test(plain)) {
      warn(
        `${path} is skipped: traces end in .i32be, .u64le and the like, .lis, .csv or .trace, and .br after that`,
      );
      continue;
    }
    const read = (): Buffer => readPlace(fs, place);
    sets.push({
      name: plain.slice('traces/'.length).replace(PLAIN_ENDING, ''),
      path,
      sha256: listed?.sha256 ?? sha256Hex(read()),
      use: listed?.use ?? 'evaluate',
      keys: () => keysOf(plain, isPacked ? decodeBrotli(path, read()) : read()),
    });
  }
  return sets;
}

function keysOf(path: string, bytes: Buffer): TraceKeys {
  const binary = BINARY.exec(path);
  if (binary !== null) return binaryKeys(path, bytes, binary);
  if (path.endsWith('.csv')) return columnKeys(path, bytes);
  // A line of a .trace that is `*` is a mark between two phases.
  const isMark = (line: string): boolean => path.endsWith('.trace') && line === '*';
  return numbers(path, bytes, (line) => (isMark(line) ? undefined : line.split(/\s/, 1)[0]));
}

function binaryKeys(path: string, bytes: Buffer, [, sign, bits, order]: RegExpExecArray): TraceKeys {
  const width = Number(bits) / 8;
  if (bytes.length % width !== 0) throw damaged(path, `its length is no multiple of ${width} bytes`);
  const count = bytes.length / width;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = order === 'le';
  if (width === 8) {
    const keys = sign === 'i' ? new BigInt64Array(count) : new BigUint64Array(count);
    for (let i = 0; i < count; i += 1) {
      keys[i] = sign === 'i' ? view.getBigInt64(8 * i, little) : view.getBigUint64(8 * i, little);
    }
    return keys;
  }
  return Float64Array.from({ length: count }, (_, i) =>
    sign === 'i' ? view.getInt32(4 * i, little) : view.getUint32(4 * i, little),
  );
}

function columnKeys(path: string, bytes: Buffer): TraceKeys {
  const headerEnd = (bytes.indexOf('\n') + 1 || bytes.length + 1) - 1;
  const column = lineAt(path, bytes, [0, headerEnd]).split(',').indexOf(KEY_COLUMN);
  if (column < 0) throw damaged(path, `it has no column ${KEY_COLUMN}`);
  return numbers(path, bytes.subarray(headerEnd + 1), (line) => line.split(',')[column] ?? '');
}

/** One key from each line that is not empty; undefined: the line has none. No array of lines is made. */
function numbers(path: string, bytes: Buffer, cellOf: (line: string) => string | undefined): Float64Array {
  const keys = new Float64Array(lineCount(path, bytes));
  let count = 0;
  for (let at = 0, end = 0; at < bytes.length; at = end + 1) {
    end = bytes.indexOf('\n', at);
    if (end < 0) end = bytes.length;
    const line = lineAt(path, bytes, [at, end]);
    const cell = line === '' ? undefined : cellOf(line);
    if (cell === undefined) continue;
    const key = Number(cell);
    if (cell.trim() === '' || !Number.isSafeInteger(key)) {
      throw damaged(path, `key ${count + 1} is no whole number`);
    }
    keys[count] = key;
    count += 1;
  }
  return keys.subarray(0, count);
}

/** @throws PilotfishError `LIMIT`: a megabyte may decode to half a billion lines. */
function lineCount(path: string, bytes: Buffer): number {
  let count = 1;
  for (const byte of bytes) if (byte === LINE_FEED) count += 1;
  if (count > MAX_LINES) {
    throw new PilotfishError('LIMIT', `${path} has more than ${MAX_LINES} lines; split it`, { path });
  }
  return count;
}

function lineAt(path: string, bytes: Buffer, [start, end]: readonly [number, number]): string {
  if (end - start > MAX_LINE_BYTES) throw damaged(path, `a line has more than ${MAX_LINE_BYTES} bytes`);
  return bytes.toString('latin1', start, end).trim();
}

const damaged = (path: string, what: string): PilotfishError =>
  new PilotfishError('DAMAGED', `${path} does not parse: ${what}; fetch it again`, { path });
