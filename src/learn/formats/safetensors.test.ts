import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  MAX_SAFETENSORS_HEADER_BYTES,
  type Safetensors,
  type SafetensorsTensor,
  type SafetensorsType,
} from './safetensors.ts';
import { codeOf, damagedCopy } from './testing/damage.ts';

/** Array type and the reference implementation's name of each element type. */
const TYPES = {
  BOOL: ['bool', Uint8Array],
  U8: ['uint8', Uint8Array],
  I8: ['int8', Int8Array],
  I16: ['int16', Int16Array],
  U16: ['uint16', Uint16Array],
  F16: ['float16', Uint16Array],
  BF16: ['bfloat16', Uint16Array],
  I32: ['int32', Int32Array],
  U32: ['uint32', Uint32Array],
  F32: ['float32', Float32Array],
  F64: ['float64', Float64Array],
  I64: ['int64', BigInt64Array],
  U64: ['uint64', BigUint64Array],
} as const;
type Type = keyof typeof TYPES;

function tensorOf(dtype: Type, shape: readonly number[], bytes: Uint8Array): SafetensorsTensor {
  return { dtype, shape, data: new TYPES[dtype][1](bytes.slice().buffer) };
}

const tensor = fc
  .record({
    dtype: fc.constantFrom(...(Object.keys(TYPES) as Type[])),
    shape: fc.array(fc.nat(3), { maxLength: 3 }),
    seed: fc.nat(255),
  })
  .map(({ dtype, shape, seed }) => {
    const length = shape.reduce((all, size) => all * size, TYPES[dtype][1].BYTES_PER_ELEMENT);
    return tensorOf(
      dtype,
      shape,
      Uint8Array.from({ length }, (_, i) => (seed + 37 * i) & 255),
    );
  });
const name = fc.string({ unit: 'binary' }).filter((text) => text !== '__metadata__');
const file = fc
  .record({
    tensors: fc.array(fc.tuple(name, tensor), { maxLength: 6 }),
    metadata: fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), {
      maxLength: 4,
    }),
  })
  .map(({ tensors, metadata }): Safetensors => {
    return { tensors: Object.fromEntries(tensors), metadata: Object.fromEntries(metadata) };
  });

/** A file with the given header and length of numbers. */
function fileOf(header: unknown, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const floats = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

test('the bytes of the reference implementation', () => {
  const url = new URL('../../../test/vectors/safetensors.json', import.meta.url);
  const record = JSON.parse(readFileSync(url, 'utf8'));
  type Described = { dtype: string; shape: number[]; bytes: string };
  for (const { name, tensors, metadata, file } of record.files) {
    const ours = Object.entries(tensors as Record<string, Described>).map(([key, item]) => {
      const [dtype] = Object.entries(TYPES).find(([, [word]]) => word === item.dtype) as [Type, unknown];
      return [key, tensorOf(dtype, item.shape, Uint8Array.from(Buffer.from(item.bytes, 'hex')))];
    });
    const contents = { tensors: Object.fromEntries(ours), metadata };
    assert.deepEqual(Buffer.from(encodeSafetensors(contents)).toString('base64'), file, name);
    assert.deepEqual(decodeSafetensors(Buffer.from(file, 'base64')), contents, name);
  }
});

test('what is written is read again, and the order of keys does not matter', () => {
  fc.assert(
    fc.property(file, ({ tensors, metadata }) => {
      const bytes = encodeSafetensors({ tensors, metadata });
      assert.deepEqual(decodeSafetensors(bytes), { tensors, metadata });
      const turned = (record: object) => Object.fromEntries(Object.entries(record).reverse());
      assert.deepEqual(encodeSafetensors({ tensors: turned(tensors), metadata: turned(metadata) }), bytes);
    }),
  );
});

test('every tensor lies at a multiple of its element size', () => {
  fc.assert(
    fc.property(file, (contents) => {
      const bytes = encodeSafetensors(contents);
      const length = new DataView(bytes.buffer).getUint32(0, true);
      const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
      for (const [name, { data }] of Object.entries(contents.tensors)) {
        assert.equal((8 + length + header[name].data_offsets[0]) % data.BYTES_PER_ELEMENT, 0);
      }
    }),
  );
});

test('reads at any place in memory, and shares none of it', () => {
  const data = Float64Array.of(1, -0, Number.NaN, 5e-324);
  const bytes = encodeSafetensors({ tensors: { a: { dtype: 'F64', shape: [4], data } }, metadata: {} });
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  const read = decodeSafetensors(shifted.subarray(3));
  shifted.fill(0);
  assert.deepEqual(read.tensors['a']?.data, data);
});

test('a name like __proto__ is a name', () => {
  const tensors = Object.fromEntries([['__proto__', tensorOf('U8', [1], Uint8Array.of(7))]]);
  assert.deepEqual(decodeSafetensors(encodeSafetensors({ tensors, metadata: {} })).tensors, tensors);
});

test('files that break the format are refused', () => {
  const broken: Record<string, Uint8Array> = {
    'too short for a length': new Uint8Array(7),
    'header longer than the file': fileOf({}).subarray(0, 9),
    'no object': fileOf('[]'),
    'blank before the brace': fileOf(' {}'),
    'no JSON': fileOf('{"a"}'),
    'name twice': fileOf('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{}}'),
    'numbers nobody describes': fileOf({}, 1),
    'fewer numbers than described': fileOf({ a: floats(0, 8) }, 7),
    overlap: fileOf({ a: floats(0, 8), b: floats(4, 12) }, 12),
    gap: fileOf({ a: floats(0, 4), b: floats(8, 12) }, 12),
    'does not begin at zero': fileOf({ a: floats(4, 8) }, 8),
    'end before begin': fileOf({ a: floats(0, 8), b: floats(8, 4, [1]) }, 8),
    'shape that does not fit': fileOf({ a: floats(0, 8, [3]) }, 8),
    'shape that overflows': fileOf({ a: floats(0, 0, [2 ** 40, 2 ** 40, 2 ** 40, 0]) }, 8),
    'negative size': fileOf({ a: floats(0, 8, [-1, -2]) }, 8),
    'size that is not whole': fileOf({ a: floats(0, 8, [0.5, 4]) }, 8),
    'negative offset': fileOf({ a: floats(-4, 0) }),
    'three offsets': fileOf({ a: { dtype: 'U8', shape: [0], data_offsets: [0, 0, 0] } }),
    'no type': fileOf({ a: { shape: [0], data_offsets: [0, 0] } }),
    'no shape': fileOf({ a: { dtype: 'U8', data_offsets: [0, 0] } }),
    'not described': fileOf({ a: null }),
    'metadata that are no text': fileOf({ __metadata__: { a: 1 } }),
    'metadata that are no object': fileOf({ __metadata__: ['a'] }),
  };
  for (const [name, bytes] of Object.entries(broken)) {
    assert.throws(() => decodeSafetensors(bytes), { code: 'DAMAGED' }, name);
  }
});

test('types from later versions are named in the error', () => {
  const bytes = fileOf({ a: { dtype: 'F4', shape: [2], data_offsets: [0, 1] } }, 1);
  assert.throws(() => decodeSafetensors(bytes), { code: 'UNSUPPORTED', message: /F4/ });
});

test('sizes are only believed as far as the file goes', () => {
  for (const length of [BigInt(MAX_SAFETENSORS_HEADER_BYTES) + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    assert.throws(() => decodeSafetensors(bytes), { code: 'LIMIT' });
  }
  const claim = fileOf({ a: floats(0, 2 ** 52, [2 ** 50]) }, 64);
  assert.throws(() => decodeSafetensors(claim), { code: 'DAMAGED' });
  assert.throws(() => decodeSafetensors(fileOf({ a: { b: { c: { d: {} } } } })), { code: 'LIMIT' });
});

test('what cannot be stored is refused', () => {
  const write = (tensors: Safetensors['tensors'], metadata: Safetensors['metadata'] = {}) =>
    encodeSafetensors({ tensors, metadata });
  const one = tensorOf('U8', [1], Uint8Array.of(1));
  assert.throws(() => write({ __metadata__: one }), { code: 'USAGE' });
  assert.throws(() => write({ '\ud800': one }), { code: 'USAGE' });
  assert.throws(() => write({}, { a: '\udc00' }), { code: 'USAGE' });
  assert.throws(() => write({ a: { ...one, dtype: 'F32' } }), { code: 'USAGE' });
  assert.throws(() => write({ a: { ...one, dtype: 'toString' as SafetensorsType } }), { code: 'USAGE' });
  assert.throws(() => write({ a: { ...one, shape: [2] } }), { code: 'SHAPE' });
  assert.throws(() => write({ a: { ...one, shape: [-1, -1] } }), { code: 'SHAPE' });
  assert.throws(() => write({}, { a: 'x'.repeat(MAX_SAFETENSORS_HEADER_BYTES) }), { code: 'LIMIT' });
});

test('damaged files give a coded error or a value', () => {
  const tensors = {
    w: tensorOf('F32', [2, 3], new Uint8Array(24).fill(63)),
    b: tensorOf('I64', [1], new Uint8Array(8)),
  };
  const bytes = encodeSafetensors({ tensors, metadata: { kind: 'mlp' } });
  const codes = new Set<string | undefined>();
  const damaged = (seed: number) => damagedCopy(bytes, new FastRng(seed));
  fc.assert(
    fc.property(fc.nat(), (seed) => void codes.add(codeOf(() => decodeSafetensors(damaged(seed))))),
    { numRuns: 1000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (any) => void codeOf(() => decodeSafetensors(any))),
  );
  assert.ok(codes.has('DAMAGED') && codes.has(undefined), 'some copies must be read, some refused');
  for (let length = 0; length < bytes.length; length += 1) {
    assert.throws(() => decodeSafetensors(bytes.subarray(0, length)), { name: 'PilotfishError' });
  }
});
