import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededBytes } from '../../base/index.ts';
import { type KeySlot, makeKeySlot, openKeySlot, parseKeySlot } from './key-slot.ts';

const MASTER = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
const COST_N = 1024;
const damaged = { name: 'PilotfishError', code: 'CONFIG_DAMAGED' };
const slotFor = (password: string, seed = 1): KeySlot =>
  makeKeySlot(MASTER, password, { random: seededBytes(seed), costN: COST_N });

test('a slot opens with its password and no other', () => {
  const slot = parseKeySlot(JSON.parse(JSON.stringify(slotFor('correct horse'))));
  assert.deepEqual(openKeySlot(slot, 'correct horse'), MASTER);
  for (const wrong of ['', 'correct hors', 'Correct horse', 'correct horse ']) {
    assert.equal(openKeySlot(slot, wrong), undefined);
  }
});

test('a slot made by another implementation opens', () => {
  // Python: hashlib.scrypt and cryptography's AESGCM, password in NFC.
  const slot = parseKeySlot({
    kdf: 'scrypt',
    costN: 1024,
    blockR: 8,
    parallelP: 1,
    salt: '000102030405060708090a0b0c0d0e0f',
    wrapped:
      '000102030405060708090a0b543e8f0cc297ebf7cfdc842d280c33d5a3e269b8f1c39d083fe05f67ef26e075ac9e6ac46658471581282f3b8ea8d61c',
  });
  assert.deepEqual(openKeySlot(slot, 'p\u00e4'), MASTER);
  assert.deepEqual(openKeySlot(slot, 'pa\u0308'), MASTER, 'however the letter is composed');
});

test('two slots of one password have nothing in common', () => {
  const [a, b] = [slotFor('same', 1), slotFor('same', 2)];
  assert.notEqual(a.salt, b.salt);
  assert.notEqual(a.wrapped, b.wrapped);
  assert.deepEqual(openKeySlot(a, 'same'), openKeySlot(b, 'same'));
});

test('a slot that was altered does not open', () => {
  const slot = slotFor('password');
  for (let at = 0; at < slot.wrapped.length; at += 1) {
    const digit = slot.wrapped[at] === '0' ? '1' : '0';
    const wrapped = slot.wrapped.slice(0, at) + digit + slot.wrapped.slice(at + 1);
    assert.equal(openKeySlot({ ...slot, wrapped }, 'password'), undefined, `digit ${at}`);
  }
  assert.equal(openKeySlot({ ...slot, wrapped: slot.wrapped.slice(2) }, 'password'), undefined);
  assert.equal(openKeySlot({ ...slot, salt: '0'.repeat(32) }, 'password'), undefined);
});

test('a slot whose cost is forged is refused before it takes time or memory', () => {
  const slot = slotFor('password');
  const forged: Record<string, unknown>[] = [
    { costN: 2 ** 30 },
    { costN: 2 ** 21 },
    { costN: 1000 },
    { costN: 1 },
    { costN: 0 },
    { costN: -1024 },
    { costN: 1024.5 },
    { costN: '1024' },
    { costN: Number.POSITIVE_INFINITY },
    { blockR: 1024 },
    { blockR: 1 },
    { parallelP: 2 ** 20 },
    { kdf: 'none' },
    { kdf: undefined },
    { salt: '' },
    { salt: 'zz'.repeat(16) },
    { salt: `${'00'.repeat(16)}\n` },
    { wrapped: '' },
    { wrapped: 'xyz' },
    { wrapped: undefined },
  ];
  for (const change of forged) {
    assert.throws(() => parseKeySlot({ ...slot, ...change }), damaged, JSON.stringify(change));
  }
  for (const value of [null, undefined, 0, 'slot', [], {}]) assert.throws(() => parseKeySlot(value), damaged);
});

test('no slot that is accepted takes more memory than the whole store may', () => {
  // 128 · N · r bytes, and at most half of the 512 MiB that the store promises to stay below.
  const slot = slotFor('password');
  const bytes = (costN: number): number => 128 * costN * 8;
  for (let log = 1; log < 40; log += 1) {
    const costN = 2 ** log;
    if (bytes(costN) <= 256 * 2 ** 20) assert.equal(parseKeySlot({ ...slot, costN }).costN, costN);
    else assert.throws(() => parseKeySlot({ ...slot, costN }), damaged, `2^${log}`);
  }
});
