import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_BLOCK_BYTES, MAX_GROUP_BYTES } from '../../base/index.ts';
import { CODEC_IDS, type CodecName } from '../codec/index.ts';
import { decodeRecord, encodeRecord, MAX_GROUP_MEMBERS, type PackRecord, RECORD_TYPES } from './record.ts';
import { WireWriter } from './wire.ts';

const damaged = { name: 'PilotfishError', code: 'DAMAGED' };

const plain = { noNullPrototype: true } as const;
const codec = fc.constantFrom(...(Object.keys(CODEC_IDS) as CodecName[]));
const payload = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
const rawLength = fc.integer({ min: 0, max: MAX_BLOCK_BYTES });
const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const base = fc.oneof(
  fc.record({ kind: fc.constant('id' as const), id }, plain),
  fc.record(
    {
      kind: fc.constant('here' as const),
      distance: fc.integer({ min: 1, max: 2 ** 32 }),
      slot: fc.integer({ min: 0, max: MAX_GROUP_MEMBERS }),
    },
    plain,
  ),
);
const group = fc
  .record({ codec, payload, memberLengths: fc.array(fc.nat(20_000), { maxLength: 50 }) })
  .map((fields): PackRecord => {
    return {
      type: RECORD_TYPES.group,
      ...fields,
      rawLength: fields.memberLengths.reduce((sum, n) => sum + n, 0),
    };
  });
const anyRecord: fc.Arbitrary<PackRecord> = fc.oneof(
  fc.record({ type: fc.constant(RECORD_TYPES.block), codec, rawLength, payload }, plain),
  fc.record(
    { type: fc.constant(RECORD_TYPES.delta), codec: fc.constant('zstd' as const), rawLength, base, payload },
    plain,
  ),
  group.filter((record) => record.rawLength <= MAX_GROUP_BYTES),
);

test('a record reads back as it was written', () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      assert.deepEqual(decodeRecord(encodeRecord(record)), record);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test('records have the written form of the format', () => {
  const bytes = Buffer.from('data');
  const hex = (record: PackRecord): string => encodeRecord(record).toString('hex');
  const data = '64617461';
  assert.equal(hex({ type: 1, codec: 'none', rawLength: 4, payload: bytes }), `010004${data}`);
  const here = { kind: 'here', distance: 3, slot: 200 } as const;
  assert.equal(
    hex({ type: 2, codec: 'zstd', rawLength: 300, base: here, payload: bytes }),
    `0203ac0203c801${data}`,
  );
  const far = { kind: 'id', id: 'ab'.repeat(32) } as const;
  const delta = { type: 2, codec: 'zstd', rawLength: 5, base: far, payload: bytes } as const;
  assert.equal(hex(delta), `02030500${'ab'.repeat(32)}${data}`);
  const members = { type: 3, codec: 'lz4', rawLength: 7, memberLengths: [3, 4], payload: bytes } as const;
  assert.equal(hex(members), `030107020304${data}`);
});

test('unknown types and codecs are refused', () => {
  for (const type of [0, 4, 255]) assert.throws(() => decodeRecord(Buffer.from([type, 0, 0])), damaged);
  for (const codecId of [4, 255]) assert.throws(() => decodeRecord(Buffer.from([1, codecId, 0])), damaged);
  for (const codecId of [0, 1, 2]) {
    const delta = new WireWriter().u8(2).u8(codecId).varint(5).varint(1).varint(0).finish();
    assert.throws(() => decodeRecord(delta), damaged, 'deltas are made by zstd');
  }
  for (const length of [0, 1, 2]) assert.throws(() => decodeRecord(Buffer.alloc(length, 1)), damaged);
});

test('declared sizes beyond the limits are refused', () => {
  const head = (type: number, raw: number) => new WireWriter().u8(type).u8(0).varint(raw);
  const atLimit = head(1, MAX_BLOCK_BYTES).finish();
  assert.equal(decodeRecord(atLimit).rawLength, MAX_BLOCK_BYTES);
  assert.throws(() => decodeRecord(head(1, MAX_BLOCK_BYTES + 1).finish()), damaged);
  assert.throws(
    () =>
      decodeRecord(
        head(2, MAX_BLOCK_BYTES + 1)
          .varint(1)
          .varint(0)
          .finish(),
      ),
    damaged,
  );
  assert.throws(
    () =>
      decodeRecord(
        head(3, MAX_GROUP_BYTES + 1)
          .varint(0)
          .finish(),
      ),
    damaged,
  );
  assert.throws(
    () =>
      decodeRecord(
        head(3, 0)
          .varint(MAX_GROUP_MEMBERS + 1)
          .finish(),
      ),
    damaged,
  );
});

test('what no reader would take is not written', () => {
  const payload = Buffer.alloc(0);
  const mistake = { code: 'INTERNAL' };
  const head = { codec: 'none', payload } as const;
  assert.throws(() => encodeRecord({ type: 1, ...head, rawLength: MAX_BLOCK_BYTES + 1 }), mistake);
  assert.throws(
    () => encodeRecord({ type: 3, ...head, rawLength: MAX_GROUP_BYTES + 1, memberLengths: [] }),
    mistake,
  );
  const memberLengths = new Array<number>(MAX_GROUP_MEMBERS + 1).fill(1);
  assert.throws(
    () => encodeRecord({ type: 3, ...head, rawLength: memberLengths.length, memberLengths }),
    mistake,
  );
});

test('members that do not add up to their group are refused', () => {
  const members = (raw: number, ...lengths: number[]): Buffer => {
    const out = new WireWriter().u8(3).u8(0).varint(raw).varint(lengths.length);
    for (const length of lengths) out.varint(length);
    return out.finish();
  };
  assert.equal(decodeRecord(members(7, 3, 4)).rawLength, 7);
  for (const wrong of [members(7, 3), members(7, 3, 5), members(7, 8), members(7), members(0, 1)]) {
    assert.throws(() => decodeRecord(wrong), damaged);
  }
});

test('a delta without room for its base id is refused', () => {
  const cut = new WireWriter().u8(2).u8(3).varint(5).varint(0).bytes(Buffer.alloc(31)).finish();
  assert.throws(() => decodeRecord(cut), damaged);
});
