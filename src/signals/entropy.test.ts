import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testBytes } from './chunking/testing/fixtures.ts';
import { entropyBits, histogramEntropyBits } from './entropy.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 3000 });

/** The definition, directly. */
function reference(data: Uint8Array): number {
  const counts = new Map<number, number>();
  for (const byte of data) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  let bits = (counts.size - 1) / (2 * data.length * Math.LN2);
  for (const count of counts.values()) bits -= (count / data.length) * Math.log2(count / data.length);
  return Math.min(8, Math.max(0, bits));
}

test('entropy equals its definition and lies in 0 to 8', () => {
  fc.assert(
    fc.property(bytes, (data) => {
      const bits = entropyBits(data);
      assert.ok(bits >= 0 && bits <= 8);
      assert.ok(Math.abs(bits - reference(data)) < 1e-9);
    }),
  );
});

test('entropy ignores the order of bytes and which values they have', () => {
  fc.assert(
    fc.property(bytes, fc.nat(255), (data, shift) => {
      const sorted = data.map((byte) => byte ^ shift).sort();
      assert.ok(Math.abs(entropyBits(sorted) - entropyBits(data)) < 1e-9);
    }),
  );
});

test('exact values', () => {
  assert.equal(entropyBits(new Uint8Array(0)), 0);
  assert.equal(entropyBits(new Uint8Array(1)), 0);
  assert.equal(entropyBits(new Uint8Array(100_000)), 0);
  const two = Uint8Array.from({ length: 4096 }, (_, i) => i & 1);
  assert.ok(Math.abs(entropyBits(two) - (1 + 1 / (8192 * Math.LN2))) < 1e-12);
  const all = Uint8Array.from({ length: 4096 }, (_, i) => i);
  assert.equal(entropyBits(all), 8);
});

test('entropy grows with the number of equally likely symbols', () => {
  let before = -1;
  for (let symbols = 1; symbols <= 256; symbols *= 2) {
    const bits = entropyBits(testBytes(symbols, 50_000, symbols));
    assert.ok(bits > before, `${symbols} symbols`);
    before = bits;
  }
});

test('the correction brings small samples near the truth', () => {
  for (const symbols of [16, 64]) {
    for (const length of [256, 1024, 4096]) {
      let sum = 0;
      for (let seed = 0; seed < 40; seed++) sum += entropyBits(testBytes(seed, length, symbols));
      const error = Math.abs(sum / 40 - Math.log2(symbols));
      assert.ok(error < 0.02, `${symbols} symbols in ${length} bytes: off by ${error}`);
    }
  }
});

test('a sample of a long input is close to the whole', () => {
  const data = testBytes(4, 1_000_000, 100);
  assert.ok(Math.abs(entropyBits(data) - Math.log2(100)) < 0.05);
  assert.ok(Math.abs(entropyBits(data, 1024) - Math.log2(100)) < 0.1);
});

test('counts may be larger than those of a sample', () => {
  const counts = Uint32Array.of(4096, 4097, 2 ** 31);
  const total = counts.reduce((sum, count) => sum + count, 0);
  let bits = 2 / (2 * total * Math.LN2);
  for (const count of counts) bits -= (count / total) * Math.log2(count / total);
  assert.ok(Math.abs(histogramEntropyBits(counts) - bits) < 1e-12);
});
