import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { hasCode, Rng, readSmallFile, seededBytes, sha256Hex } from '../../base/index.ts';
import { AesGcmSealer, plainSealer, type Sealer } from '../seal/index.ts';
import { blockIdAt, type PackTable, packFeatures } from './footer.ts';
import { HEADER_BYTES, openFrame, readPackTable, TRAILER_BYTES } from './pack-file.ts';
import { PackWriter } from './pack-writer.ts';
import { type PackRecord, RECORD_TYPES } from './record.ts';

const PATH = '/pack';
const MASTER = Buffer.alloc(32, 7);
const newSealer = (seed: number): Sealer => new AesGcmSealer(MASTER, seededBytes(seed));
const SEALERS: Readonly<Record<string, Sealer>> = { plain: plainSealer, sealed: newSealer(1) };

const idOf = (text: string): string => sha256Hex(Buffer.from(text));
const RECORDS: readonly PackRecord[] = [
  { type: RECORD_TYPES.block, codec: 'none', rawLength: 5, payload: Buffer.from('first') },
  {
    type: RECORD_TYPES.group,
    codec: 'none',
    rawLength: 6,
    memberLengths: [2, 4],
    payload: Buffer.from('abcdef'),
  },
  {
    type: RECORD_TYPES.delta,
    codec: 'zstd',
    rawLength: 9,
    base: { kind: 'here', distance: 1, slot: 1 },
    payload: Buffer.from('no real delta'),
  },
];
const BLOCKS = [['first'], ['ab', 'cdef'], ['the delta']];

/** Bytes of a small pack. */
function packBytes(sealer: Sealer): Buffer {
  const fs = new SimFileSystem();
  const writer = new PackWriter(fs, PATH, sealer);
  RECORDS.forEach((record, index) => {
    const blocks = (BLOCKS[index] as string[]).map((text) => ({
      id: idOf(text),
      rawLength: text.length,
      features: Uint32Array.from({ length: 12 }, (_, i) => i * text.length),
    }));
    writer.append(record, { depth: index, blocks });
  });
  writer.finish();
  return readSmallFile(fs, PATH, 1e6);
}

/** Reads a whole pack: its table and every record by the offsets in it. */
function readPack(bytes: Uint8Array, sealer: Sealer): { table: PackTable; records: PackRecord[] } {
  const fs = new SimFileSystem();
  writeFile(fs, PATH, bytes);
  const table = readPackTable(fs, fs.open(PATH, 'read'), sealer);
  packFeatures(table);
  const frame = (index: number): Buffer =>
    Buffer.from(bytes.subarray(table.offsets[index], table.offsets[index + 1]));
  return {
    table,
    records: Array.from({ length: table.recordCount }, (_, index) => openFrame(frame(index), sealer)),
  };
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'fine';
  } catch (error) {
    return hasCode(error) ? error.code : `crash: ${error}`;
  }
}

for (const [name, sealer] of Object.entries(SEALERS)) {
  test(`a ${name} pack reads back as it was written`, () => {
    const { table, records } = readPack(packBytes(sealer), sealer);
    assert.deepEqual(records, RECORDS);
    const ids = Array.from({ length: table.blockCount }, (_, block) => blockIdAt(table, block));
    assert.deepEqual(ids, BLOCKS.flat().map(idOf));
    assert.deepEqual([...table.depths], [0, 1, 2]);
  });

  test(`every changed byte of a ${name} pack is noticed`, () => {
    const bytes = packBytes(sealer);
    for (let at = 0; at < bytes.length; at += 1) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ mask;
        const code = codeOf(() => readPack(changed, sealer));
        assert.match(code, /^(DAMAGED|TAMPERED|TRUNCATED|NEWER_VERSION)$/, `byte ${at} ^ ${mask}: ${code}`);
      }
    }
  });

  test(`a ${name} pack cut at any length says that it is cut`, () => {
    const bytes = packBytes(sealer);
    for (let length = 0; length < bytes.length; length += 1) {
      assert.equal(
        codeOf(() => readPack(bytes.subarray(0, length), sealer)),
        'TRUNCATED',
        `${length} bytes`,
      );
    }
    assert.match(
      codeOf(() => readPack(Buffer.concat([bytes, Buffer.from('more')]), sealer)),
      /^(TRUNCATED|DAMAGED)$/,
    );
  });
}

test('a sealed pack shows neither content nor ids', () => {
  const bytes = packBytes(newSealer(2));
  for (const text of BLOCKS.flat()) {
    assert.equal(bytes.indexOf(Buffer.from(idOf(text), 'hex')), -1);
    if (text.length > 4) assert.equal(bytes.indexOf(text), -1);
  }
});

test('a pack is not read without or with another key', () => {
  const [plain, sealed] = [packBytes(plainSealer), packBytes(newSealer(1))];
  const other = new AesGcmSealer(Buffer.alloc(32, 8), seededBytes(1));
  assert.equal(
    codeOf(() => readPack(sealed, other)),
    'TAMPERED',
  );
  assert.equal(
    codeOf(() => readPack(sealed, plainSealer)),
    'DAMAGED',
  );
  assert.equal(
    codeOf(() => readPack(plain, newSealer(1))),
    'DAMAGED',
  );
});

test('a sealed footer does not pass for a record', () => {
  const sealer = newSealer(3);
  const { table } = readPack(packBytes(sealer), sealer);
  const bytes = packBytes(sealer);
  const footerAt = table.offsets[table.recordCount] as number;
  assert.equal(
    codeOf(() => sealer.open(bytes.subarray(footerAt, bytes.length - TRAILER_BYTES), 'record')),
    'TAMPERED',
  );
});

test('a pack of a newer format says so', () => {
  const bytes = packBytes(plainSealer);
  bytes.writeUInt32LE(2, 8);
  assert.equal(
    codeOf(() => readPack(bytes, plainSealer)),
    'NEWER_VERSION',
  );
  bytes.writeUInt32LE(0, 8);
  assert.equal(
    codeOf(() => readPack(bytes, plainSealer)),
    'DAMAGED',
  );
});

test('a trailer that points anywhere else is refused without reading there', () => {
  const bytes = packBytes(plainSealer);
  const trailer = bytes.length - TRAILER_BYTES;
  for (const [length, offset] of [
    [0xffff_ffff, 16n],
    [0, 2n ** 63n],
    [bytes.length, 0n],
    [0, BigInt(trailer)],
    [trailer - HEADER_BYTES, BigInt(HEADER_BYTES)],
  ] as const) {
    const changed = Buffer.from(bytes);
    changed.writeUInt32LE(length, trailer);
    changed.writeBigUInt64LE(offset, trailer + 8);
    assert.equal(
      codeOf(() => readPack(changed, plainSealer)),
      'DAMAGED',
      `${length} at ${offset}`,
    );
  }
});

test('other files are not packs', () => {
  assert.equal(
    codeOf(() => readPack(new Rng(1).bytes(1000), plainSealer)),
    'DAMAGED',
  );
  assert.equal(
    codeOf(() => readPack(Buffer.alloc(1000), plainSealer)),
    'DAMAGED',
  );
});
