import { type FileSystem, hasCode, readAt } from '../../base/index.ts';
import { HEADER_BYTES, openFrame, type PackRecord, type PackTable, RECORD_TYPES } from '../pack/index.ts';
import type { Sealer } from '../seal/index.ts';

/** Longest frame head: a varint length of 5 bytes and a checksum of 4. */
const FRAME_HEAD_BYTES = 9;
const ID_BYTES = 32;

/**
 * The contents of a pack whose footer is lost, read from its records up to the first that does not parse. Ids are not
 * in records; they are left zero for the caller, who knows them once the blocks are decoded.
 */
export function salvageTable(fs: FileSystem, fd: number, sealer: Sealer): PackTable {
  const records: PackRecord[] = [];
  const offsets = [HEADER_BYTES];
  for (let at = HEADER_BYTES; ; ) {
    const found = readRecord(fs, fd, { at, sealer });
    if (found === undefined) break;
    records.push(found.record);
    at += found.length;
    offsets.push(at);
  }
  const lengths = records.map((record) =>
    record.type === RECORD_TYPES.group ? record.memberLengths : [record.rawLength],
  );
  const firstBlock = new Uint32Array(records.length + 1);
  lengths.forEach((members, i) => {
    firstBlock[i + 1] = (firstBlock[i] ?? 0) + members.length;
  });
  const blockCount = firstBlock[records.length] ?? 0;
  return {
    blockCount,
    recordCount: records.length,
    ids: Buffer.alloc(ID_BYTES * blockCount),
    rawLengths: Uint32Array.from(lengths.flat()),
    recordOf: Uint32Array.from(lengths.flatMap((members, i) => members.map(() => i))),
    firstBlock,
    types: Uint8Array.from(records, (record) => record.type),
    depths: new Uint8Array(records.length),
    offsets: Float64Array.from(offsets),
    storedFeatures: Buffer.alloc(0),
  };
}

function readRecord(
  fs: FileSystem,
  fd: number,
  { at, sealer }: { at: number; sealer: Sealer },
): { record: PackRecord; length: number } | undefined {
  const head = readAt(fs, fd, at, FRAME_HEAD_BYTES);
  const length = frameLength(head);
  if (length === undefined) return undefined;
  try {
    return { record: openFrame(readAt(fs, fd, at, length), sealer), length };
  } catch (error) {
    if (!hasCode(error)) throw error;
    return undefined;
  }
}

/** Bytes of the whole frame that begins with `head`. */
function frameLength(head: Buffer): number | undefined {
  let stored = 0;
  for (let i = 0; i < 5 && i < head.length; i++) {
    const byte = head[i] ?? 0;
    stored += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return i + 1 + 4 + stored;
  }
  return undefined;
}
