import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KIB, sha256Hex } from '../../base/index.ts';
import { plainSealer } from '../seal/index.ts';
import { checkAverageBytes, DEFAULT_AVERAGE_BYTES, gearTable } from './parameters.ts';

test('the public gear table is frozen', () => {
  // Made by another implementation (Python hashlib). Another table would move every boundary.
  const gear = gearTable(plainSealer.gearSeed);
  assert.equal(gear.length, 256);
  assert.equal(gear[0], 0xdf101e01cb6f5b60n);
  assert.equal(gear[1], 0x7027920ca7d3808bn);
  assert.equal(gear[255], 0x31712ed42885a8b5n);
  const bytes = Buffer.from(gear.buffer);
  assert.equal(sha256Hex(bytes), 'a83f7ad69ba36049ffd0edada46facd4276a031ea2bca1216027bd740f4ab0fa');
});

test('another seed gives another table, the same seed the same', () => {
  assert.deepEqual(gearTable(Buffer.from('a')), gearTable(Buffer.from('a')));
  const both = new Set([...gearTable(Buffer.from('a')), ...gearTable(Buffer.from('b'))]);
  assert.equal(both.size, 512);
});

test('five averages are offered, 64 KiB unless said otherwise', () => {
  assert.equal(DEFAULT_AVERAGE_BYTES, 64 * KIB);
  for (const kib of [16, 32, 64, 128, 256]) assert.equal(checkAverageBytes(kib * KIB), kib * KIB);
  for (const wrong of [0, 1, 64, 8 * KIB, 65 * KIB, 512 * KIB, -65536, Number.NaN]) {
    assert.throws(() => checkAverageBytes(wrong), { code: 'USAGE' }, `${wrong}`);
  }
});
