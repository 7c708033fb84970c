import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_CHAIN_DEPTH, MIB, Rng } from '../../base/index.ts';
import { zstdEncode } from '../codec/index.ts';
import {
  blockIdAt,
  encodeFooter,
  type FooterBlock,
  type FooterRecord,
  packFeatures,
  parseFooter,
} from './footer.ts';
import { RECORD_TYPES } from './record.ts';
import { WireWriter } from './wire.ts';

const damaged = { name: 'PilotfishError', code: 'DAMAGED' };
const START = 16;

const block: fc.Arbitrary<FooterBlock> = fc.record({
  id: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  rawLength: fc.integer({ min: 0, max: MIB }),
  features: fc.option(fc.uint32Array({ minLength: 12, maxLength: 12 }), { nil: undefined }),
});
const record: fc.Arbitrary<FooterRecord> = fc
  .record({
    type: fc.constantFrom(RECORD_TYPES.block, RECORD_TYPES.delta, RECORD_TYPES.group),
    depth: fc.integer({ min: 0, max: MAX_CHAIN_DEPTH }),
    diskLength: fc.integer({ min: 6, max: MIB }),
    blocks: fc.array(block, { minLength: 1, maxLength: 6 }),
  })
  .map((fields) =>
    fields.type === RECORD_TYPES.group ? fields : { ...fields, blocks: fields.blocks.slice(0, 1) },
  );

test('a footer says of every block what the writer said', () => {
  const check = (records: FooterRecord[]): void => {
    const table = parseFooter(encodeFooter(records), START);
    const features = packFeatures(table);
    assert.equal(table.recordCount, records.length);
    let number = 0;
    let offset = START;
    for (const [index, { type, depth, diskLength, blocks }] of records.entries()) {
      assert.deepEqual(
        [table.types[index], table.depths[index], table.offsets[index]],
        [type, depth, offset],
      );
      assert.equal(table.firstBlock[index], number);
      offset += diskLength;
      for (const { id, rawLength, features: given } of blocks) {
        assert.equal(blockIdAt(table, number), id);
        assert.deepEqual([table.rawLengths[number], table.recordOf[number]], [rawLength, index]);
        const low = Array.from({ length: 12 }, (_, i) => (given?.[i] ?? 0) & 0xffff);
        assert.deepEqual([...features.subarray(12 * number, 12 * number + 12)], low);
        number += 1;
      }
    }
    assert.deepEqual([table.blockCount, table.offsets[records.length]], [number, offset]);
    assert.equal(table.firstBlock[records.length], number);
  };
  fc.assert(fc.property(fc.array(record, { maxLength: 20 }), check), { seed: 1 });
});

/** A footer with a table of one's own making. */
function forged(
  table: Buffer,
  parts: { blocks?: number; declared?: number; features?: Buffer; more?: Buffer } = {},
): Buffer {
  const { blocks = 0, declared = table.length, more = Buffer.alloc(0) } = parts;
  const stored = zstdEncode(table, { level: 3 });
  const features = parts.features ?? zstdEncode(Buffer.alloc(36 * blocks), { level: 3 });
  const out = new WireWriter()
    .u32(declared)
    .u32(stored.length)
    .bytes(stored)
    .bytes(Buffer.alloc(32 * blocks));
  return out.u32(features.length).bytes(features).bytes(more).finish();
}

const oneBlock = (): WireWriter => new WireWriter().varint(1).u8(1).varint(100).varint(50);

test('heads that no writer makes are refused', () => {
  assert.equal(parseFooter(forged(oneBlock().finish(), { blocks: 1 }), START).blockCount, 1);
  const head = (value: number): Buffer =>
    forged(new WireWriter().varint(1).u8(value).varint(9).varint(9).finish(), { blocks: 1 });
  for (const type of [0, 4, 8]) assert.throws(() => parseFooter(head(type), START), damaged);
  const deepest = 1 | (MAX_CHAIN_DEPTH << 2);
  assert.equal(parseFooter(head(deepest), START).depths[0], MAX_CHAIN_DEPTH);
  assert.throws(() => parseFooter(head(deepest + 4), START), damaged, 'deeper than any chain');
});

test('lengths that do not fit are refused', () => {
  const table = oneBlock().finish();
  const wrong: Record<string, Buffer> = {
    'an id is missing': forged(table, { blocks: 0 }),
    'an id too many': forged(table, { blocks: 2 }),
    'bytes after the end': forged(table, { blocks: 1, more: Buffer.from([0]) }),
    'a table shorter than declared': forged(table, { blocks: 1, declared: table.length - 1 }),
    'a table cut': forged(table.subarray(0, -1), { blocks: 1 }),
    'more records than bytes': forged(new WireWriter().varint(1e6).finish(), { blocks: 1 }),
  };
  for (const [what, footer] of Object.entries(wrong))
    assert.throws(() => parseFooter(footer, START), damaged, what);
});

test('a feature column of another length is refused', () => {
  for (const length of [0, 35, 37, MIB]) {
    const features = Buffer.from(zstdEncode(Buffer.alloc(length), { level: 3 }));
    const table = parseFooter(forged(oneBlock().finish(), { blocks: 1, features }), START);
    assert.throws(() => packFeatures(table), damaged, `${length}`);
  }
});

test('a record cannot claim more than any record takes', () => {
  // Whoever reads it allocates what the footer says; a sparse pack of many GiB costs its maker nothing.
  const huge = forged(
    new WireWriter()
      .varint(1)
      .u8(1)
      .varint(2 ** 31)
      .varint(9)
      .finish(),
    { blocks: 1 },
  );
  assert.throws(() => parseFooter(huge, START), damaged);
});

test('a few bytes cannot claim millions of blocks', () => {
  const groups = 1000;
  const out = new WireWriter().varint(groups);
  const members = Buffer.alloc(65_536);
  for (let i = 0; i < groups; i += 1) out.u8(3).varint(10).varint(members.length).bytes(members);
  const footer = forged(out.finish());
  assert.ok(footer.length < 64 * 1024, `${footer.length}`);
  const before = process.memoryUsage();
  assert.throws(() => parseFooter(footer, START), damaged);
  const after = process.memoryUsage();
  assert.ok(after.arrayBuffers + after.heapTotal - before.arrayBuffers - before.heapTotal < 64 * MIB);
});

test('random tables and random footers never crash', () => {
  const rng = new Rng(1);
  for (let i = 0; i < 500; i += 1) {
    const table = rng.bytes(1 + rng.below(40));
    assert.throws(() => parseFooter(forged(table, { blocks: 60 }), START), damaged);
    assert.throws(() => parseFooter(rng.bytes(rng.below(200)), START), damaged);
  }
});
