import { crc32 } from 'node:zlib';
import { encode, zstdEncode } from '../../src/blocks/codec/index.ts';
import { codecName, decode } from '../../src/blocks/codec/registry.ts';
import { zstdDecode } from '../../src/blocks/codec/zstd.ts';
import { encodeFooter, packFeatures, parseFooter } from '../../src/blocks/pack/footer.ts';
import { openFrame, readPackTable, WireWriter } from '../../src/blocks/pack/index.ts';
import { decodeRecord, encodeRecord, type PackRecord } from '../../src/blocks/pack/record.ts';
import { plainSealer } from '../../src/blocks/seal/index.ts';
import { type Target, withFile } from './target.ts';

const BASE = Buffer.from('the base of all deltas');
const RAW = Buffer.from('what is stored, '.repeat(20));

function recordSamples(): Buffer[] {
  const rawLength = RAW.length;
  const delta = zstdEncode(RAW, { level: 3, base: BASE });
  const here = { kind: 'here', distance: 1, slot: 2 } as const;
  const far = { kind: 'id', id: 'ab'.repeat(32) } as const;
  const records: PackRecord[] = [
    { type: 2, codec: 'zstd', rawLength, base: here, payload: delta },
    { type: 2, codec: 'zstd', rawLength, base: far, payload: delta },
  ];
  for (const codec of [0, 1, 2, 3].map(codecName)) {
    const payload = encode({ codec, level: 3 }, RAW);
    records.push({ type: 1, codec, rawLength, payload });
    records.push({ type: 3, codec, rawLength, memberLengths: [100, 200, 20], payload });
  }
  return records.map(encodeRecord);
}

/** A record and what its payload decodes to. */
function parseRecord(bytes: Buffer): void {
  const record = decodeRecord(bytes);
  if (record.type === 2) zstdDecode(record.payload, record.rawLength, BASE);
  else decode(record.codec, record.payload, record.rawLength);
}

function frameAround(record: Buffer): Buffer {
  return new WireWriter().varint(record.length).u32(crc32(record)).bytes(record).finish();
}

function footerSample(): Buffer {
  const features = new Uint32Array(12).fill(7);
  const members = [1, 2, 3].map((i) => ({ id: `c${i}`.repeat(32), rawLength: i }));
  return encodeFooter([
    { type: 1, depth: 0, diskLength: 100, blocks: [{ id: 'ab'.repeat(32), rawLength: 90, features }] },
    { type: 3, depth: 1, diskLength: 300, blocks: members },
  ]);
}

/** A footer around a table: compression hides the table from mutation. */
function footerAround(table: Buffer): Buffer {
  const blocks = Math.min(table[0] ?? 0, 50);
  const stored = zstdEncode(table, { level: 1 });
  const features = zstdEncode(Buffer.alloc(24 * blocks), { level: 1 });
  const out = new WireWriter().u32(table.length).u32(stored.length).bytes(stored);
  return out
    .bytes(Buffer.alloc(32 * blocks))
    .u32(features.length)
    .bytes(features)
    .finish();
}

function parsePack(bytes: Buffer): void {
  const fs = withFile('/pack', bytes);
  const table = readPackTable(fs, fs.open('/pack', 'read'), plainSealer);
  packFeatures(table);
  for (let record = 0; record < table.recordCount; record += 1) {
    openFrame(Buffer.from(bytes.subarray(table.offsets[record], table.offsets[record + 1])), plainSealer);
  }
}

const payloadTargets: readonly Target[] = (['lz4', 'snappy', 'zstd'] as const).map((codec) => ({
  name: `${codec} payload`,
  samples: [Buffer.from(encode({ codec, level: 3 }, RAW))],
  parse: (bytes) => decode(codec, bytes, RAW.length),
}));

/** Payloads, records, footers and whole packs, of which some are given. */
export function packTargets(packs: readonly Buffer[]): Target[] {
  const records = recordSamples();
  return [
    ...payloadTargets,
    { name: 'record', samples: records, parse: parseRecord },
    { name: 'frame', samples: records.map(frameAround), parse: (bytes) => openFrame(bytes, plainSealer) },
    { name: 'footer', samples: [footerSample()], parse: (bytes) => packFeatures(parseFooter(bytes, 16)) },
    {
      name: 'footer table',
      samples: [Buffer.from([4, 1, 100, 90, 2, 70, 60, 5, 50, 40, 7, 30, 1, 9])],
      parse: (bytes) => parseFooter(footerAround(bytes), 16),
    },
    { name: 'pack file', samples: packs, parse: parsePack },
  ];
}
