import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testBytes } from './chunking/testing/fixtures.ts';
import { entropyBits } from './entropy.ts';
import { HistogramKernel } from './histogram.ts';

/** The same in plain TypeScript. */
function countsOf(data: Uint8Array): number[] {
  const counts = new Array<number>(256).fill(0);
  for (const byte of data) counts[byte] = (counts[byte] as number) + 1;
  return counts;
}

test('kernel and plain TypeScript agree on any bytes at any place of the buffer', () => {
  const kernel = new HistogramKernel(4000);
  const anyBytes = fc.uint8Array({ maxLength: 3000, max: 255 });
  fc.assert(
    fc.property(anyBytes, fc.nat(1000), fc.nat(7), (data, offset, shift) => {
      kernel.buffer.fill(0xaa);
      // Few values come often: long runs of equal bytes are the hard case of several tables.
      const few = data.map((byte) => byte >> shift);
      kernel.buffer.set(few, offset);
      assert.deepEqual(Array.from(kernel.counts(offset, offset + few.length)), countsOf(few));
    }),
  );
});

test('entropy of a whole block is that of the sample where the sample is the block', () => {
  const kernel = new HistogramKernel(4096);
  for (const [seed, length] of [0, 1, 2, 100, 4095, 4096].entries()) {
    const data = testBytes(seed, length, 1 + seed * 40);
    kernel.buffer.set(data);
    assert.equal(kernel.entropyBits(0, length), entropyBits(data));
  }
});

test('exact values of large blocks', () => {
  const bytes = 1 << 20;
  const kernel = new HistogramKernel(bytes);
  assert.equal(kernel.entropyBits(0, bytes), 0);
  kernel.buffer.forEach((_, i) => {
    kernel.buffer[i] = i & 255;
  });
  assert.equal(kernel.entropyBits(0, bytes), 8);
  // Three quarters of one value, one quarter of another, whatever their order.
  kernel.buffer.fill(7).fill(200, bytes / 2, bytes * 0.75);
  const plugIn = 0.75 * Math.log2(4 / 3) + 0.25 * 2;
  assert.ok(Math.abs(kernel.entropyBits(0, bytes) - plugIn - 1 / (2 * bytes * Math.LN2)) < 1e-12);
});

test('a call allocates nothing', () => {
  const kernel = new HistogramKernel(64);
  const calls = (count: number) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += kernel.counts(i & 31, 40)[0] as number;
    return sum;
  };
  calls(20_000);
  const before = process.memoryUsage().heapUsed;
  calls(200_000);
  const grown = process.memoryUsage().heapUsed - before;
  assert.ok(grown < 1_000_000, `heap grew by ${grown} bytes in 200,000 calls`);
});

test('misuse stops at once', () => {
  const broken = { code: 'INTERNAL' };
  for (const bytes of [0, -1, 1.5, 2 ** 31]) assert.throws(() => new HistogramKernel(bytes), broken);
  const kernel = new HistogramKernel(64);
  for (const [start, end] of [
    [0, 65],
    [-1, 10],
    [11, 10],
    [0.5, 10],
  ] as const) {
    assert.throws(() => kernel.counts(start, end), broken, `${start} ${end}`);
  }
});
