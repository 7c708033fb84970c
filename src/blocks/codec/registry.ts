import * as lz4 from 'lz4-napi';
import * as snappy from 'snappy';
import { PilotfishError } from '../../base/index.ts';
import { zstdDecode, zstdEncode } from './zstd.ts';

/** What a record says about its payload. Ids are frozen; a retired id is never given to another codec. */
export const CODEC_IDS = { none: 0, lz4: 1, snappy: 2, zstd: 3 } as const;
export type CodecName = keyof typeof CODEC_IDS;

/** A codec and, for zstd, how hard it tries. */
export interface CodecChoice {
  readonly codec: CodecName;
  /** zstd 1–19; 0 elsewhere. */
  readonly level: number;
}

const NAMES: readonly CodecName[] = ['none', 'lz4', 'snappy', 'zstd'];
const DEFAULT_ZSTD_LEVEL = 3;
const MAX_ZSTD_LEVEL = 19;

/** Reads `none`, `lz4`, `snappy`, `zstd` (level 3) or `zstd-1` … `zstd-19`; undefined for anything else. */
export function parseAlgorithm(algorithm: string): CodecChoice | undefined {
  const [name, levelText, more] = algorithm.split('-');
  if (more !== undefined || name === undefined || !Object.hasOwn(CODEC_IDS, name)) return undefined;
  const codec = name as CodecName;
  if (codec !== 'zstd') return levelText === undefined ? { codec, level: 0 } : undefined;
  if (levelText === undefined) return { codec, level: DEFAULT_ZSTD_LEVEL };
  const level = /^[1-9][0-9]?$/.test(levelText) ? Number(levelText) : 0;
  return level >= 1 && level <= MAX_ZSTD_LEVEL ? { codec, level } : undefined;
}

/** The name of a codec id read from disk; throws DAMAGED when this version knows no such codec. */
export function codecName(id: number): CodecName {
  const name = NAMES[id];
  if (name === undefined) {
    throw new PilotfishError(
      'DAMAGED',
      `codec ${id} is unknown here: the record is damaged or needs a newer Pilotfish`,
    );
  }
  return name;
}

/** Encodes with one codec. May throw: the caller treats that as "does not pay". */
export function encode(choice: CodecChoice, raw: Uint8Array): Uint8Array {
  switch (choice.codec) {
    case 'none':
      return raw;
    case 'lz4':
      return lz4.compressSync(asBuffer(raw));
    case 'snappy':
      return snappy.compressSync(asBuffer(raw));
    case 'zstd':
      return zstdEncode(raw, { level: choice.level });
  }
}

/** Decodes to exactly `rawLength` bytes; anything else is DAMAGED, and no more than that is ever allocated. */
export function decode(codec: CodecName, stored: Uint8Array, rawLength: number): Buffer {
  const raw = guarded(codec, () => decodeUnchecked(codec, stored, rawLength));
  if (raw.length !== rawLength) throw wrongLength(codec, raw.length, rawLength);
  return raw;
}

function decodeUnchecked(codec: CodecName, stored: Uint8Array, rawLength: number): Buffer {
  switch (codec) {
    case 'none':
      return asBuffer(stored);
    case 'lz4':
      // lz4-napi writes the raw size in front (u32 LE) and would allocate whatever it says.
      if (stored.length < 4 || asBuffer(stored).readUInt32LE(0) !== rawLength)
        throw wrongLength(codec, -1, rawLength);
      return lz4.uncompressSync(asBuffer(stored));
    case 'snappy':
      if (snappyLength(stored) !== rawLength) throw wrongLength(codec, -1, rawLength);
      return snappy.uncompressSync(asBuffer(stored), { asBuffer: true }) as Buffer;
    case 'zstd':
      return zstdDecode(stored, rawLength);
  }
}

/** Snappy begins with the raw size as a varint (format description, section 1). */
function snappyLength(stored: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < 5 && i < stored.length; i++) {
    const byte = stored[i] ?? 0;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return value;
  }
  return -1;
}

function guarded(codec: CodecName, run: () => Buffer): Buffer {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof PilotfishError) throw cause;
    throw new PilotfishError(
      'DAMAGED',
      `a ${codec} payload does not decode: run \`pilotfish verify --data\``,
      { cause },
    );
  }
}

function wrongLength(codec: CodecName, got: number, want: number): PilotfishError {
  const found = got < 0 ? 'another size' : `${got} bytes`;
  return new PilotfishError(
    'DAMAGED',
    `a ${codec} payload holds ${found} where ${want} were declared: run \`pilotfish verify --data\``,
  );
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
