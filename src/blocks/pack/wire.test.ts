import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { malformed, WireReader, WireWriter } from './wire.ts';

const damaged = { name: 'PilotfishError', code: 'DAMAGED' };

type Field =
  | { readonly kind: 'u8' | 'u32' | 'varint'; readonly value: number }
  | { readonly kind: 'bytes'; readonly value: Uint8Array };

const anyField: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ kind: fc.constant('u8' as const), value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant('u32' as const), value: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }),
  fc.record({ kind: fc.constant('varint' as const), value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 600 }) }),
);

function write(out: WireWriter, field: Field): void {
  if (field.kind === 'bytes') out.bytes(field.value);
  else out[field.kind](field.value);
}

function read(from: WireReader, field: Field): unknown {
  if (field.kind === 'bytes') return new Uint8Array(from.take(field.value.length));
  return field.kind === 'varint' ? from.varint(Number.MAX_SAFE_INTEGER) : from[field.kind]();
}

test('fields read back in the order they were written', () => {
  fc.assert(
    fc.property(fc.array(anyField, { maxLength: 30 }), (fields) => {
      const out = new WireWriter();
      for (const field of fields) write(out, field);
      const bytes = out.finish();
      assert.equal(bytes.length, out.length);
      const reader = new WireReader(bytes);
      for (const field of fields) assert.deepEqual(read(reader, field), field.value);
      assert.equal(reader.remaining, 0);
      assert.equal(reader.position, bytes.length);
    }),
    { seed: 1 },
  );
});

test('numbers have the written form of the format', () => {
  const hex = (value: number): string => new WireWriter().varint(value).finish().toString('hex');
  assert.deepEqual([0, 1, 127, 128, 300, 16383, 16384, 2 ** 32, Number.MAX_SAFE_INTEGER].map(hex), [
    '00',
    '01',
    '7f',
    '8001',
    'ac02',
    'ff7f',
    '808001',
    '8080808010',
    'ffffffffffffff0f',
  ]);
  assert.equal(new WireWriter().u32(0x01020304).finish().toString('hex'), '04030201');
});

test('a finished buffer does not change when the writer goes on', () => {
  const out = new WireWriter().u8(1);
  const first = out.finish();
  out.u8(2);
  assert.deepEqual([...first], [1]);
  assert.deepEqual([...out.finish()], [1, 2]);
});

test('what is not there cannot be read', () => {
  const short = () => new WireReader(Buffer.from([0x80, 0x80]));
  assert.throws(() => new WireReader(Buffer.alloc(0)).u8(), damaged);
  assert.throws(() => short().u32(), damaged);
  assert.throws(() => short().take(3), damaged);
  assert.throws(() => short().varint(1e9), damaged);
  assert.equal(short().rest().length, 2);
});

test('a number beyond its limit is refused', () => {
  const reader = (value: number) => new WireReader(new WireWriter().varint(value).finish());
  assert.equal(reader(1000).varint(1000), 1000);
  assert.throws(() => reader(1001).varint(1000), damaged);
  const endless = Buffer.alloc(100, 0xff);
  assert.throws(() => new WireReader(endless).varint(Number.MAX_SAFE_INTEGER), damaged);
});

test('the error says what to do', () => {
  assert.match(malformed('a reason').message, /a reason.*pilotfish verify/);
});
