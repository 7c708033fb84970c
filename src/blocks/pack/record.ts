import { assert, MAX_BLOCK_BYTES, MAX_GROUP_BYTES } from '../../base/index.ts';
import { CODEC_IDS, type CodecName, codecName } from '../codec/index.ts';
import { malformed, WireReader, WireWriter } from './wire.ts';

/**
 * A record is what one encoding covers: a block, a delta against a base block, or a group of small blocks.
 *
 *   plain record := type u8 ‖ codec u8 ‖ rawLength varint ‖ body
 *   block body   := payload
 *   delta body   := distance varint ‖ (distance = 0: base id 32 bytes; else base slot varint) ‖ payload
 *                   distance counts records back in the same pack; the slot picks a member of a group there
 *   group body   := memberCount varint ‖ rawLength varint × memberCount ‖ payload
 *
 * Block ids are not in the record: they are the hashes of what it decodes to, and stand in the pack's footer.
 */
export const RECORD_TYPES = { block: 1, delta: 2, group: 3 } as const;
export type RecordType = (typeof RECORD_TYPES)[keyof typeof RECORD_TYPES];

/** Where the base of a delta lies: in the same pack, or anywhere by id. */
export type BaseRef =
  | { readonly kind: 'here'; readonly distance: number; readonly slot: number }
  | { readonly kind: 'id'; readonly id: string };

export interface BlockRecord {
  readonly type: typeof RECORD_TYPES.block;
  readonly codec: CodecName;
  readonly rawLength: number;
  readonly payload: Uint8Array;
}
export interface DeltaRecord {
  readonly type: typeof RECORD_TYPES.delta;
  readonly codec: CodecName;
  readonly rawLength: number;
  readonly base: BaseRef;
  readonly payload: Uint8Array;
}
export interface GroupRecord {
  readonly type: typeof RECORD_TYPES.group;
  readonly codec: CodecName;
  readonly rawLength: number;
  readonly memberLengths: readonly number[];
  readonly payload: Uint8Array;
}
export type PackRecord = BlockRecord | DeltaRecord | GroupRecord;

/** Most members a group may declare; the smallest grouped block has one byte. */
export const MAX_GROUP_MEMBERS = 65536;
/** Largest sealed record: a group of 1 MiB that does not compress, with room for its table. */
export const MAX_RECORD_BYTES = 2 * 1024 * 1024;
/** The same with its frame: length and checksum in front. */
export const MAX_FRAME_BYTES = MAX_RECORD_BYTES + 8;
const MAX_RECORDS_BACK = 2 ** 32;

/** The plain bytes of a record. */
export function encodeRecord(record: PackRecord): Buffer {
  return Buffer.concat([encodeRecordHead(record), record.payload]);
}

/** What stands before the payload. What no reader would take is never written: found out here, it costs a run. */
export function encodeRecordHead(record: PackRecord): Buffer {
  const isGroup = record.type === RECORD_TYPES.group;
  assert(
    record.rawLength <= (isGroup ? MAX_GROUP_BYTES : MAX_BLOCK_BYTES),
    'a record is no longer than a reader takes',
  );
  assert(
    !isGroup || record.memberLengths.length <= MAX_GROUP_MEMBERS,
    'a group has no more members than a reader takes',
  );
  const out = new WireWriter().u8(record.type).u8(CODEC_IDS[record.codec]).varint(record.rawLength);
  if (record.type === RECORD_TYPES.delta) writeBase(out, record.base);
  if (record.type === RECORD_TYPES.group) {
    out.varint(record.memberLengths.length);
    for (const length of record.memberLengths) out.varint(length);
  }
  return out.finish();
}

function writeBase(out: WireWriter, base: BaseRef): void {
  if (base.kind === 'here') out.varint(base.distance).varint(base.slot);
  else out.varint(0).bytes(Buffer.from(base.id, 'hex'));
}

/** Parses the plain bytes of a record; the payload is a view into them. Throws DAMAGED. */
export function decodeRecord(plain: Buffer): PackRecord {
  const reader = new WireReader(plain);
  const type = reader.u8();
  const codec = codecName(reader.u8());
  switch (type) {
    case RECORD_TYPES.block: {
      const rawLength = reader.varint(MAX_BLOCK_BYTES);
      return { type, codec, rawLength, payload: reader.rest() };
    }
    case RECORD_TYPES.delta: {
      const rawLength = reader.varint(MAX_BLOCK_BYTES);
      if (codec !== 'zstd') throw malformed(`a delta of codec ${codec}`);
      const base = readBase(reader);
      return { type, codec, rawLength, base, payload: reader.rest() };
    }
    case RECORD_TYPES.group: {
      const rawLength = reader.varint(MAX_GROUP_BYTES);
      const memberLengths = readMembers(reader, rawLength);
      return { type, codec, rawLength, memberLengths, payload: reader.rest() };
    }
    default:
      throw malformed(`record type ${type} is unknown`);
  }
}

function readBase(reader: WireReader): BaseRef {
  const distance = reader.varint(MAX_RECORDS_BACK);
  if (distance === 0) return { kind: 'id', id: reader.take(32).toString('hex') };
  return { kind: 'here', distance, slot: reader.varint(MAX_GROUP_MEMBERS) };
}

function readMembers(reader: WireReader, rawLength: number): number[] {
  const count = reader.varint(MAX_GROUP_MEMBERS);
  const lengths: number[] = [];
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const length = reader.varint(rawLength);
    sum += length;
    lengths.push(length);
  }
  if (sum !== rawLength) throw malformed(`group members add up to ${sum}, not ${rawLength}`);
  return lengths;
}
