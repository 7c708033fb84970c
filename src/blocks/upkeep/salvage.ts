import { closeReader, errnoOf, type FileSystem, hasCode, readAt } from '../../base/index.ts';
import {
  HEADER_BYTES,
  MAX_FRAME_BYTES,
  openFrame,
  type PackRecord,
  type PackTable,
  RECORD_TYPES,
  WireReader,
} from '../pack/index.ts';
import type { Sealer } from '../seal/index.ts';

const CHECKSUM_BYTES = 4;
/** Longest frame head: a varint length of 5 bytes and a checksum. */
const FRAME_HEAD_BYTES = 5 + CHECKSUM_BYTES;
const ID_BYTES = 32;

/**
 * The contents of a pack whose footer is lost, read from its records up to the first that does not parse. Ids are not
 * in records; they are left zero for the caller, who knows them once the blocks are decoded. Of depths only the least
 * they can be is known.
 */
export function salvageTable(fs: FileSystem, path: string, sealer: Sealer): PackTable {
  const records: PackRecord[] = [];
  const offsets = [HEADER_BYTES];
  for (const { record, end } of readRecords(fs, path, sealer)) {
    records.push(record);
    offsets.push(end);
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
    // There is no footer; an adopted table never goes by places in the file.
    idsOffset: 0,
    rawLengths: Uint32Array.from(lengths.flat()),
    recordOf: Uint32Array.from(lengths.flatMap((members, i) => members.map(() => i))),
    firstBlock,
    types: Uint8Array.from(records, (record) => record.type),
    depths: Uint8Array.from(records, (record) => (record.type === RECORD_TYPES.block ? 0 : 1)),
    offsets: Float64Array.from(offsets),
    storedFeatures: Buffer.alloc(0),
  };
}

interface Found {
  readonly record: PackRecord;
  /** Where the next one begins. */
  readonly end: number;
}

/** Ends at the first bytes that are no record, or that the device does not give, asked twice. */
function* readRecords(fs: FileSystem, path: string, sealer: Sealer): Generator<Found> {
  let start = HEADER_BYTES;
  for (let tries = 0; tries < 2; tries++) {
    try {
      for (const found of recordsFrom(fs, path, { start, sealer })) {
        start = found.end;
        yield found;
      }
      return;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
  }
}

function* recordsFrom(
  fs: FileSystem,
  path: string,
  { start, sealer }: { start: number; sealer: Sealer },
): Generator<Found> {
  const fd = fs.open(path, 'read');
  try {
    for (let at = start; ; ) {
      const length = frameLength(readAt(fs, fd, at, FRAME_HEAD_BYTES));
      const record = openFrame(readAt(fs, fd, at, length), sealer);
      at += length;
      yield { record, end: at };
    }
  } catch (error) {
    if (!hasCode(error)) throw error;
  } finally {
    closeReader(fs, fd);
  }
}

/** Bytes of the whole frame that begins with `head`. Throws DAMAGED when no frame does. */
function frameLength(head: Buffer): number {
  const reader = new WireReader(head);
  const stored = reader.varint(MAX_FRAME_BYTES);
  return head.length - reader.remaining + CHECKSUM_BYTES + stored;
}
