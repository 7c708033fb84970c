import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import type { Json, Snapshot } from '../contract/index.ts';
import { encodeSafetensors } from './safetensors.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot-file.ts';
import { codeOf, damagedCopy } from './testing/damage.ts';

const SNAPSHOT: Snapshot = {
  kind: 'mlp',
  version: 3,
  config: { seed: 7, layers: [8, 4], rate: 1e-3, best: -0, name: null, nested: { b: true, a: 'é"\n\ud800' } },
  tensors: {
    weights: { shape: [2, 2], data: Float32Array.of(1, -0, Number.NaN, Number.POSITIVE_INFINITY) },
    moments: { shape: [1], data: Float64Array.of(Math.PI) },
    state: { shape: [4], data: Uint32Array.of(1, 2, 3, 0xffffffff) },
    steps: { shape: [], data: Int32Array.of(-5) },
    flags: { shape: [0, 3], data: new Uint8Array(0) },
  },
};

const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;
const config = fc.dictionary(fc.string(), json, { maxKeys: 5, noNullPrototype: true });

test('a snapshot comes back bit for bit, −0 and NaN included', () => {
  const read = decodeSnapshot(encodeSnapshot(SNAPSHOT));
  assert.deepEqual(read, SNAPSHOT);
  assert.ok(Object.is(read.config['best'], -0));
});

test('any JSON as config comes back', () => {
  fc.assert(
    fc.property(config, (config) => {
      const back = decodeSnapshot(encodeSnapshot({ ...SNAPSHOT, config })).config;
      assert.deepEqual(Object.entries(back).sort(), Object.entries(config).sort());
    }),
  );
});

test('equal snapshots give equal bytes', () => {
  const config = {
    nested: { a: 'é"\n\ud800', b: true },
    name: null,
    best: -0,
    rate: 1e-3,
    layers: [8, 4],
    seed: 7,
  };
  const tensors = Object.fromEntries(Object.entries(SNAPSHOT.tensors).reverse());
  assert.deepEqual(encodeSnapshot({ version: 3, tensors, config, kind: 'mlp' }), encodeSnapshot(SNAPSHOT));
});

test('what JSON would silently change is refused', () => {
  const write = (config: unknown, version = 1) =>
    encodeSnapshot({ ...SNAPSHOT, version, config: config as Snapshot['config'] });
  assert.throws(() => write({ a: [Number.NaN] }), { code: 'NOT_FINITE' });
  assert.throws(() => write({ a: Number.NEGATIVE_INFINITY }), { code: 'NOT_FINITE' });
  assert.throws(() => write({ a: undefined }), { code: 'USAGE' });
  assert.throws(() => write({ a: 1n }), { code: 'USAGE' });
  for (const version of [0, 1.5, 1e9]) assert.throws(() => write({}, version), { code: 'USAGE' });
});

test('a config is as deep when read as it may be when written', () => {
  const nest = (depth: number): Json => (depth === 0 ? 1 : [nest(depth - 1)]);
  const deepest = { ...SNAPSHOT, config: { a: nest(31) } };
  assert.deepEqual(decodeSnapshot(encodeSnapshot(deepest)), deepest);
  assert.throws(() => encodeSnapshot({ ...SNAPSHOT, config: { a: nest(32) } }), { code: 'USAGE' });
});

test('other files are refused', () => {
  const good = { format: 'pilotfish-snapshot', kind: 'mlp', version: '1', config: '{}' };
  const read = (metadata: Record<string, string>, tensors = {}) =>
    decodeSnapshot(encodeSafetensors({ metadata, tensors }));
  assert.deepEqual(read(good), { kind: 'mlp', version: 1, config: {}, tensors: {} });
  for (const key of Object.keys(good)) {
    const { [key as 'kind']: _, ...rest } = good;
    assert.throws(() => read(rest as typeof good), { code: 'DAMAGED' }, key);
  }
  for (const version of ['0', '01', '-1', '1e3', '9999999999', '']) {
    assert.throws(() => read({ ...good, version }), { code: 'DAMAGED' }, version);
  }
  for (const config of ['', '[]', 'null', '{"a":1,"a":2}']) {
    assert.throws(() => read({ ...good, config }), { code: 'DAMAGED' }, config);
  }
  const halves = { w: { dtype: 'F16', shape: [1], data: Uint16Array.of(1) } };
  const flags = { w: { dtype: 'BOOL', shape: [1], data: Uint8Array.of(1) } };
  for (const tensors of [halves, flags]) assert.throws(() => read(good, tensors), { code: 'DAMAGED' });
});

test('damaged files give a coded error or a snapshot', () => {
  const bytes = encodeSnapshot(SNAPSHOT);
  const damaged = (seed: number) => damagedCopy(bytes, new FastRng(seed));
  fc.assert(
    fc.property(fc.nat(), (seed) => void codeOf(() => decodeSnapshot(damaged(seed)))),
    { numRuns: 500 },
  );
});
