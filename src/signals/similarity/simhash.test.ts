import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import { plainSimHash } from './oracle.ts';
import { SimHashKernel } from './simhash.ts';

const kernel = new SimHashKernel(2 ** 20);
const text = (content: string): Uint8Array => new TextEncoder().encode(content);

/** Bytes of which some come again and again, as in files. */
function noise(seed: number, length: number, values = 256): Uint8Array {
  const rng = new FastRng(seed);
  return Uint8Array.from({ length }, () => rng.below(values));
}

function bitsApart(a: bigint, b: bigint): number {
  return (a ^ b).toString(2).replaceAll('0', '').length;
}

// From a program in another language that follows the definition with big numbers:
//   def h(w): x = (w ^ KEY) * M1 % 2**64; y = (x ^ x >> 33) * M2 % 2**64; return y ^ y >> 33
//   def sim(b):
//     hs = [h(int.from_bytes(b[i:i+4], 'little')) for i in range(len(b) - 3)]
//     return sum(1 << k for k in range(64) if 2 * sum(x >> k & 1 for x in hs) > len(hs))
const VECTORS: readonly (readonly [Uint8Array, bigint])[] = [
  [text(''), 0n],
  [text('abc'), 0n],
  [text('abcd'), 0xa11aee079da39e5bn],
  [text('abcde'), 0xa118ca0110009c5bn],
  [text('The quick brown fox jumps over the lazy dog'), 0x071aa9f455242b47n],
  [Uint8Array.from({ length: 256 }, (_, i) => i), 0x0c135c1450830af9n],
  [text('pilotfish '.repeat(100)), 0x36646facd85fe8c7n],
];

test('known fingerprints', () => {
  for (const [bytes, fingerprint] of VECTORS) {
    assert.equal(kernel.of(bytes), fingerprint);
    assert.equal(plainSimHash(bytes), fingerprint);
  }
});

test('the kernel answers as the definition does, bit for bit', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => kernel.of(bytes) === plainSimHash(bytes)),
    { numRuns: 100 },
  );
  // Around each multiple of what the kernel adds at once; what lay in its buffer before is no part of the block.
  const long = noise(2, 200);
  for (let length = 0; length <= 70; length += 1) {
    kernel.of(long);
    assert.equal(
      kernel.of(long.subarray(0, length)),
      plainSimHash(long.subarray(0, length)),
      `${length} bytes`,
    );
  }
  for (const [length, values] of [
    [5000, 256],
    [5000, 2],
    [4099, 20],
  ] as const) {
    const bytes = noise(length, length, values);
    assert.equal(kernel.of(bytes), plainSimHash(bytes));
  }
});

test('equal shingles agree, however many; of two, both must want a bit', () => {
  const one = kernel.of(new Uint8Array(4));
  for (const length of [5, 19, 20, 21, 35, 36, 1000, 2 ** 20]) {
    assert.equal(kernel.of(new Uint8Array(length)), one, `${length} zeros`);
  }
  const five = noise(1, 5);
  assert.equal(kernel.of(five), kernel.of(five.subarray(0, 4)) & kernel.of(five.subarray(1)));
});

test('an edit moves a fingerprint little, other content far', () => {
  const words = noise(7, 65_536, 30);
  const edited = Uint8Array.from(words);
  edited.set(noise(8, 500, 30), 30_000);
  assert.ok(bitsApart(kernel.of(words), kernel.of(edited)) <= 9);
  const far = Array.from({ length: 20 }, (_, i) =>
    bitsApart(kernel.of(words), kernel.of(noise(100 + i, 65_536, 30))),
  );
  // Of 30 values nearly all shingles occur about equally often in each: chance decides every bit.
  assert.ok(Math.min(...far) > 9 && Math.abs(far.reduce((sum, bits) => sum + bits, 0) / 20 - 32) < 4);
});

test('a block beyond the buffer is refused', () => {
  assert.throws(() => new SimHashKernel(10).of(new Uint8Array(11)), { code: 'INTERNAL' });
  for (const bytes of [0, 1.5, 2 ** 31]) assert.throws(() => new SimHashKernel(bytes), { code: 'INTERNAL' });
});
