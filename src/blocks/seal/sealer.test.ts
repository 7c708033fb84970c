import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Rng, seededBytes, sha256Hex } from '../../base/index.ts';
import { AesGcmSealer, plainSealer, type SealContext } from './sealer.ts';

const MASTER = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
const CONTEXTS: readonly SealContext[] = [
  'record',
  'footer',
  'snapshot',
  'index-row',
  'fingerprints',
  'key-check',
];
const tampered = { name: 'PilotfishError', code: 'TAMPERED' };
const sealer = new AesGcmSealer(MASTER, seededBytes(1));

// Vectors made with another implementation: Python's hashlib and hmac (HKDF, HMAC) and `cryptography` (AES-GCM).
test('what is sealed is AES-256-GCM under the derived key, the context authenticated', () => {
  const counting = new AesGcmSealer(MASTER, (length) => Buffer.from(Array.from({ length }, (_, i) => i)));
  const sealed = counting.seal(Buffer.from('hello'), 'record');
  assert.equal(sealed.toString('hex'), '000102030405060708090a0bc696c863db1139f6a8e5acffaca9893ec23ca9e8c5');
  assert.equal(sealer.open(sealed, 'record').toString(), 'hello');
});

test('a name on disk is the HMAC of the id under a key of its own', () => {
  const id = sha256Hex(Buffer.alloc(0));
  assert.equal(sealer.diskId(id), '3d39067bc608e995803499279dfce64c9a4db3cfe479f7b314c5c6a87daafe90');
  assert.equal(plainSealer.diskId(id), id);
});

test('the gear seed is derived from the key', () => {
  assert.equal(
    Buffer.from(sealer.gearSeed).toString('hex'),
    'e709b5e72ad17e6dba4a8730698f0c5f2d238261a595227fec673408d407fdc7',
  );
  assert.equal(Buffer.from(plainSealer.gearSeed).toString(), 'pilotfish gear table 1');
});

test('what is sealed opens to what it was', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), fc.constantFrom(...CONTEXTS), (plain, context) => {
      for (const each of [sealer, plainSealer]) {
        const sealed = each.seal(plain, context);
        assert.equal(sealed.length, plain.length + each.overheadBytes);
        assert.deepEqual(Buffer.from(each.open(sealed, context)), Buffer.from(plain));
      }
    }),
    { seed: 1 },
  );
});

test('every flipped bit is refused', () => {
  const sealed = sealer.seal(Buffer.from('twenty bytes of text'), 'record');
  for (let bit = 0; bit < sealed.length * 8; bit += 1) {
    const flipped = Buffer.from(sealed);
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.throws(() => sealer.open(flipped, 'record'), tampered, `bit ${bit}`);
  }
});

test('a piece that is cut, longer or random is refused', () => {
  const sealed = sealer.seal(Buffer.from('text'), 'record');
  for (let length = 0; length < sealed.length; length += 1) {
    assert.throws(() => sealer.open(sealed.subarray(0, length), 'record'), tampered, `${length} bytes`);
  }
  assert.throws(() => sealer.open(Buffer.concat([sealed, Buffer.from([0])]), 'record'), tampered);
  assert.throws(() => sealer.open(new Rng(3).bytes(100), 'record'), tampered);
});

test('one kind of piece does not pass for another', () => {
  for (const context of CONTEXTS) {
    const sealed = sealer.seal(Buffer.from('text'), context);
    for (const other of CONTEXTS) {
      if (other !== context)
        assert.throws(() => sealer.open(sealed, other), tampered, `${context} as ${other}`);
    }
  }
});

test('another key opens nothing and names things otherwise', () => {
  const other = new AesGcmSealer(Buffer.alloc(32, 9), seededBytes(1));
  assert.throws(() => other.open(sealer.seal(Buffer.from('text'), 'record'), 'record'), tampered);
  const id = sha256Hex(Buffer.from('x'));
  assert.notEqual(other.diskId(id), sealer.diskId(id));
  assert.notDeepEqual(other.gearSeed, sealer.gearSeed);
});

test('the same piece is sealed otherwise each time', () => {
  const sealed = Array.from({ length: 50 }, () => sealer.seal(Buffer.from('text'), 'record').toString('hex'));
  assert.equal(new Set(sealed).size, 50);
  assert.equal(new Set(sealed.map((hex) => hex.slice(0, 24))).size, 50, 'no nonce twice');
});
