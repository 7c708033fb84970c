import { MAX_BLOCK_BYTES, MAX_CHAIN_DEPTH, must } from '../../base/index.ts';
import { FEATURE_COUNT } from '../../signals/index.ts';
import { zstdDecode, zstdEncode } from '../codec/index.ts';
import { MAX_FRAME_BYTES, MAX_GROUP_MEMBERS, RECORD_TYPES, type RecordType } from './record.ts';
import { malformed, WireReader, WireWriter } from './wire.ts';

/**
 * The footer says what a pack holds. It is written once, when the pack is complete:
 *
 *   footer   := table ‖ ids ‖ features
 *   table    := rawLength u32 ‖ storedLength u32 ‖ zstd( recordCount varint ‖ record × recordCount )
 *   record   := (type | depth << 2) u8 ‖ diskLength varint ‖ (group: memberCount varint) ‖ rawLength varint per block
 *   ids      := 32 bytes per block, in record order
 *   features := storedLength u32 ‖ zstd( 12 × u16 per block, LE: the low 16 bits of each feature )
 *
 * Behind the features' frame may stand a skippable one: it makes a pack another file than one of the same records.
 * Depth is the number of steps from the record to bytes that need no other record. Features are there so that a
 * later writer finds delta bases without decoding; blocks without any have twelve zeros.
 */
const FEATURE_BYTES = 2 * FEATURE_COUNT;
/** Footers beyond this are refused before anything is allocated. */
export const MAX_FOOTER_BYTES = 32 * 1024 * 1024;
const MAX_RECORDS = 2 ** 22;
const TABLE_LEVEL = 9;
/** RFC 8878, 3.1.2. */
const SKIPPABLE_MAGIC = 0x184d2a50;

export interface FooterRecord {
  readonly type: RecordType;
  readonly depth: number;
  /** Bytes the record takes in the pack, frame included. */
  readonly diskLength: number;
  /** One per block in the record. */
  readonly blocks: readonly FooterBlock[];
}

export interface FooterBlock {
  /** 64 hex digits. */
  readonly id: string;
  readonly rawLength: number;
  /** 12 values, of which the low 16 bits are kept; undefined = none. */
  readonly features?: Uint32Array | undefined;
}

/** The contents of a pack, ready for look-ups by record and by block number. */
export interface PackTable {
  readonly blockCount: number;
  readonly recordCount: number;
  /** 32 bytes per block. */
  readonly ids: Buffer;
  /** Where the ids begin within the footer, before sealing. */
  readonly idsOffset: number;
  readonly rawLengths: Uint32Array;
  /** Record number of each block. */
  readonly recordOf: Uint32Array;
  /** Number of each record's first block; one entry more than records. */
  readonly firstBlock: Uint32Array;
  readonly types: Uint8Array;
  readonly depths: Uint8Array;
  /** Offset of each record in the pack; one entry more than records, the last is where records end. */
  readonly offsets: Float64Array;
  /** zstd-compressed feature column; decoded on demand by `packFeatures`. */
  readonly storedFeatures: Buffer;
}

/** Footers of one list of records are as many different ones as there are variants, and mean the same. */
export function encodeFooter(records: readonly FooterRecord[], variant = 0): Buffer {
  const table = new WireWriter().varint(records.length);
  const ids: Buffer[] = [];
  const blocks: FooterBlock[] = [];
  for (const record of records) {
    table.u8(record.type | (record.depth << 2)).varint(record.diskLength);
    if (record.type === RECORD_TYPES.group) table.varint(record.blocks.length);
    for (const block of record.blocks) {
      table.varint(block.rawLength);
      ids.push(Buffer.from(block.id, 'hex'));
      blocks.push(block);
    }
  }
  const raw = table.finish();
  const stored = zstdEncode(raw, { level: TABLE_LEVEL });
  const column = zstdEncode(featureColumn(blocks), { level: TABLE_LEVEL });
  const features = variant === 0 ? column : Buffer.concat([column, skippableFrame(variant)]);
  const out = new WireWriter().u32(raw.length).u32(stored.length).bytes(stored);
  for (const id of ids) out.bytes(id);
  return out.u32(features.length).bytes(features).finish();
}

/** Decoders of zstd pass over it. */
function skippableFrame(content: number): Buffer {
  return new WireWriter().u32(SKIPPABLE_MAGIC).u32(4).u32(content).finish();
}

function featureColumn(blocks: readonly FooterBlock[]): Buffer {
  const column = Buffer.alloc(blocks.length * FEATURE_BYTES);
  blocks.forEach((block, index) => {
    for (let i = 0; block.features !== undefined && i < FEATURE_COUNT; i++) {
      column.writeUInt16LE((block.features[i] ?? 0) & 0xffff, index * FEATURE_BYTES + 2 * i);
    }
  });
  return column;
}

/** Parses a footer; `recordsStart` is the offset of the first record. Throws DAMAGED. */
export function parseFooter(footer: Buffer, recordsStart: number): PackTable {
  const reader = new WireReader(footer);
  const rawLength = reader.u32();
  const stored = reader.take(reader.u32());
  // Each block has 32 bytes of id here and at most 12 in the table: a longer table is a bomb.
  if (rawLength > footer.length) throw malformed(`a footer table of ${rawLength} bytes`);
  const table = parseTable(zstdDecode(stored, rawLength), recordsStart, Math.floor(footer.length / 32));
  const idsOffset = footer.length - reader.remaining;
  const ids = reader.take(32 * table.blockCount);
  const storedFeatures = reader.take(reader.u32());
  if (reader.remaining !== 0) throw malformed('bytes after the footer');
  return { ...table, ids, idsOffset, storedFeatures };
}

type Table = Omit<PackTable, 'ids' | 'idsOffset' | 'storedFeatures'>;

function parseTable(raw: Buffer, recordsStart: number, maxBlocks: number): Table {
  const reader = new WireReader(raw);
  const recordCount = reader.varint(Math.min(MAX_RECORDS, raw.length));
  const types = new Uint8Array(recordCount);
  const depths = new Uint8Array(recordCount);
  const offsets = new Float64Array(recordCount + 1);
  const firstBlock = new Uint32Array(recordCount + 1);
  const rawLengths: number[] = [];
  const recordOf: number[] = [];
  offsets[0] = recordsStart;
  for (let record = 0; record < recordCount; record++) {
    const head = reader.u8();
    types[record] = head & 3;
    depths[record] = head >> 2;
    if (types[record] === 0 || head >> 2 > MAX_CHAIN_DEPTH) throw malformed(`record head ${head}`);
    offsets[record + 1] = (offsets[record] as number) + reader.varint(MAX_FRAME_BYTES);
    const members = types[record] === RECORD_TYPES.group ? reader.varint(MAX_GROUP_MEMBERS) : 1;
    if (members === 0) throw malformed('a group without members');
    // Each block has an id of 32 bytes in the footer; without this a small table could ask for millions.
    if (rawLengths.length + members > maxBlocks) throw malformed('more blocks than ids');
    for (let i = 0; i < members; i++) {
      rawLengths.push(reader.varint(MAX_BLOCK_BYTES));
      recordOf.push(record);
    }
    firstBlock[record + 1] = rawLengths.length;
  }
  return {
    blockCount: rawLengths.length,
    recordCount,
    rawLengths: Uint32Array.from(rawLengths),
    recordOf: Uint32Array.from(recordOf),
    firstBlock,
    types,
    depths,
    offsets,
  };
}

/** The id of block `block` of a pack, 64 hex digits. */
export function blockIdAt(table: PackTable, block: number): string {
  return table.ids.toString('hex', 32 * block, 32 * block + 32);
}

/** Steps from a block to bytes that need no other record. */
export function depthAt({ depths, recordOf }: PackTable, block: number): number {
  return must(depths[must(recordOf[block], 'a block has a record')], 'a record has a depth');
}

/** All features of a pack: 12 per block, 16 bits each. */
export function packFeatures(table: PackTable): Uint32Array {
  const column = zstdDecode(table.storedFeatures, table.blockCount * FEATURE_BYTES);
  if (column.length !== table.blockCount * FEATURE_BYTES)
    throw malformed('the feature column has another length');
  const out = new Uint32Array(table.blockCount * FEATURE_COUNT);
  for (let i = 0; i < out.length; i++) out[i] = column.readUInt16LE(2 * i);
  return out;
}
