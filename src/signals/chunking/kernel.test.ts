import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { Rng } from '../../base/index.ts';
import { ChunkKernel } from './kernel.ts';
import { ChunkOracle, type ChunkResult } from './oracle.ts';
import {
  ADDENDS,
  AVERAGE_BYTES,
  FEATURE_SEED,
  MAX_SAMPLE_BITS,
  MULTIPLIERS,
  maxBlockBytes,
  minBlockBytes,
} from './parameters.ts';
import { GOLDEN_CASES, type GoldenCase, runGoldenCase, testBytes, testGear } from './testing/fixtures.ts';

const KIB = 1024;

/** One block by the kernel, in the oracle's shape. */
function kernelNext(kernel: ChunkKernel, range: [number, number], sampleBits: number): ChunkResult {
  const length = kernel.next(range[0], range[1], sampleBits);
  return { length, features: Array.from(kernel.features) };
}

/** Compares kernel and oracle on every block of `data`, which begins at `offset` in the kernel's buffer. */
function assertSameBlocks(
  pair: { kernel: ChunkKernel; oracle: ChunkOracle },
  data: Uint8Array,
  bits: number,
) {
  const { kernel, oracle } = pair;
  const offset = kernel.buffer.length - data.length;
  kernel.buffer.set(data, offset);
  const lengths: number[] = [];
  for (let at = 0; at < data.length; at += lengths.at(-1) ?? 0) {
    const answer = kernelNext(kernel, [offset + at, offset + data.length], bits);
    assert.deepEqual(answer, oracle.next(data.subarray(at), bits), `block at ${at} of ${data.length}`);
    lengths.push(answer.length);
  }
  return lengths;
}

function pairOf(averageBytes: number, gear: BigUint64Array, bufferBytes: number) {
  return {
    kernel: new ChunkKernel({ averageBytes, gear, bufferBytes }),
    oracle: new ChunkOracle(averageBytes, gear),
  };
}

test('kernel and oracle agree bit for bit on any content, average and sample rate', () => {
  const anyCase = fc.record({
    average: fc.constantFrom(...AVERAGE_BYTES),
    seed: fc.nat(),
    percent: fc.integer({ min: 0, max: 500 }),
    symbols: fc.constantFrom(1, 2, 3, 17, 256),
    sampleBits: fc.integer({ min: 1, max: MAX_SAMPLE_BITS }),
    offset: fc.integer({ min: 0, max: 17 }),
  });
  fc.assert(
    fc.property(anyCase, (c) => {
      const data = testBytes(c.seed, 1 + Math.floor((c.average * c.percent) / 100), c.symbols);
      const lengths = assertSameBlocks(
        pairOf(c.average, testGear(c.seed + 1), data.length + c.offset),
        data,
        c.sampleBits,
      );
      for (const length of lengths.slice(0, -1)) {
        assert.ok(length >= minBlockBytes(c.average) && length <= maxBlockBytes(c.average));
      }
      assert.equal(
        lengths.reduce((sum, length) => sum + length, 0),
        data.length,
      );
    }),
    { numRuns: 60 },
  );
});

test('short inputs of every length agree', () => {
  const data = testBytes(3, 200);
  const pair = pairOf(16 * KIB, testGear(3), data.length);
  for (let length = 1; length <= data.length; length++) assertSameBlocks(pair, data.subarray(0, length), 1);
});

test('extreme gear tables: nothing is a cut, everything is a cut', () => {
  const zeros = new Uint8Array(200 * KIB);
  const always = assertSameBlocks(pairOf(16 * KIB, new BigUint64Array(256), zeros.length), zeros, 7);
  assert.ok(always.slice(0, -1).every((length) => length === 4 * KIB));
  const high = new BigUint64Array(256).fill(1n << 63n);
  const pair = pairOf(16 * KIB, high, zeros.length);
  const never = assertSameBlocks(pair, zeros, 1);
  assert.ok(never.slice(0, -1).every((length) => length === 64 * KIB));
  assert.deepEqual(Array.from(pair.kernel.features), Array(12).fill(0), 'no sample, no features');
});

/** Length of the first block when the hash is `mark` after byte number `length` and no sample before it. */
function firstBlock(average: number, mark: bigint, length: number): number {
  const gear = new BigUint64Array(256).fill(1n << 63n);
  gear[1] = mark;
  const data = new Uint8Array(average * 2);
  data[length - 1] = 1;
  return assertSameBlocks(pairOf(average, gear, data.length), data, 7)[0] as number;
}

test('the two cut conditions begin at exactly the minimum and the average, below exactly their thresholds', () => {
  for (const average of AVERAGE_BYTES) {
    const strict = 2n ** 64n / BigInt(average * 2);
    const loose = 2n ** 64n / BigInt(average / 2);
    for (const [from, threshold] of [
      [minBlockBytes(average), strict],
      [average, loose],
    ] as const) {
      assert.equal(firstBlock(average, threshold - 1n, from), from);
      assert.notEqual(firstBlock(average, threshold - 1n, from - 1), from - 1);
      assert.notEqual(firstBlock(average, threshold, from), from);
    }
  }
});

test('real-looking data: zero runs and text between random stretches', () => {
  for (const averageBytes of AVERAGE_BYTES) {
    const data = testBytes(averageBytes, averageBytes * 6);
    data.fill(0, averageBytes, averageBytes * 2.5);
    data.set(testBytes(1, averageBytes, 40), averageBytes * 3);
    assertSameBlocks(pairOf(averageBytes, testGear(9), data.length + 3), data, 7);
  }
});

test('a boundary before the end does not depend on what follows, nor on the place in the buffer', () => {
  const data = testBytes(11, 256 * KIB);
  const kernel = new ChunkKernel({
    averageBytes: 16 * KIB,
    gear: testGear(11),
    bufferBytes: data.length * 2,
  });
  kernel.buffer.set(data);
  const whole = kernelNext(kernel, [0, data.length], 7);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: data.length }), fc.nat({ max: data.length }), (end, shift) => {
      kernel.buffer.set(data, shift);
      const part = kernelNext(kernel, [shift, shift + end], 7);
      if (end < whole.length) assert.equal(part.length, end);
      else assert.deepEqual(part, whole);
    }),
    { numRuns: 50 },
  );
});

test('features change little when content changes little', () => {
  const data = testBytes(21, 64 * KIB);
  const oracle = new ChunkOracle(256 * KIB, testGear(21));
  const before = oracle.next(data, 7).features;
  data[30_000] = (data[30_000] as number) ^ 1;
  const after = oracle.next(data, 7).features;
  assert.ok(before.filter((feature, i) => feature === after[i]).length >= 10);
});

test('a call allocates nothing', () => {
  const kernel = new ChunkKernel({ averageBytes: 16 * KIB, gear: testGear(1), bufferBytes: 64 });
  const calls = (count: number) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += kernel.next(i & 31, 40, 7);
    return sum;
  };
  calls(20_000);
  const before = process.memoryUsage().heapUsed;
  calls(400_000);
  const grown = process.memoryUsage().heapUsed - before;
  assert.ok(grown < 1_000_000, `heap grew by ${grown} bytes in 400,000 calls`);
});

test('misuse stops at once', () => {
  const gear = testGear(1);
  const broken = { code: 'INTERNAL' };
  assert.throws(() => new ChunkKernel({ averageBytes: 48 * KIB, gear, bufferBytes: 64 }), broken);
  assert.throws(
    () => new ChunkKernel({ averageBytes: 64 * KIB, gear: gear.subarray(1), bufferBytes: 64 }),
    broken,
  );
  assert.throws(() => new ChunkKernel({ averageBytes: 64 * KIB, gear, bufferBytes: 0 }), broken);
  const kernel = new ChunkKernel({ averageBytes: 64 * KIB, gear, bufferBytes: 64 });
  for (const [start, end, bits] of [
    [0, 65, 7],
    [-1, 10, 7],
    [10, 10, 7],
    [0.5, 10, 7],
    [0, 10, 0],
    [0, 10, MAX_SAMPLE_BITS + 1],
  ] as const) {
    assert.throws(() => kernel.next(start, end, bits), broken, `${start} ${end} ${bits}`);
  }
});

test('golden boundaries and features hold for kernel and oracle', () => {
  const golden: ReturnType<typeof runGoldenCase>[] = JSON.parse(
    readFileSync(new URL('golden.json', import.meta.url), 'utf8'),
  );
  assert.deepEqual(GOLDEN_CASES.map(runGoldenCase), golden);
  for (const expected of golden) assert.deepEqual(kernelBlocks(expected), expected.blocks);
});

function kernelBlocks(golden: GoldenCase): ChunkResult[] {
  const data = testBytes(golden.seed, golden.length, golden.symbols);
  const { kernel } = pairOf(golden.averageBytes, testGear(golden.seed), data.length);
  kernel.buffer.set(data);
  const blocks: ChunkResult[] = [];
  for (let at = 0; at < data.length; at += blocks.at(-1)?.length ?? 0) {
    blocks.push(kernelNext(kernel, [at, data.length], golden.sampleBits));
  }
  return blocks;
}

test('the feature tables come from their seed', () => {
  const rng = new Rng(FEATURE_SEED);
  const draw = () => Number(rng.nextU64() & 0xffffffffn);
  assert.deepEqual(
    MULTIPLIERS,
    MULTIPLIERS.map(() => (draw() | 1) >>> 0),
  );
  assert.deepEqual(ADDENDS, ADDENDS.map(draw));
});

test('the committed module is what its source compiles to', async () => {
  const script = fileURLToPath(new URL('../../../scripts/build-kernels.ts', import.meta.url));
  await promisify(execFile)(process.execPath, [script, '--check']);
});
