// Measuring bytes: entropy of a block, and block boundaries with resemblance features.

import { ADDENDS, MULTIPLIERS } from '../../../src/signals/chunking/parameters.ts';
import { testBytes, testGear } from '../../../src/signals/chunking/testing/fixtures.ts';
import { ChunkKernel, FEATURE_COUNT, HistogramKernel } from '../../../src/signals/index.ts';
import type { Reference } from '../reference.ts';
import { type Side, sideOf, type Task } from './task.ts';

const blockBytes = 64 * 1024;
const inputBytes = 1024 * 1024;
const averageBytes = 64 * 1024;
const sampleBits = 7;
// A block is at least a quarter of the average long.
const maxBlocks = (4 * inputBytes) / averageBytes;

function bindEntropy(reference: Reference, data: Uint8Array): Side {
  const bound = reference.bind('entropy', [reference.bytes(data).offset, data.length]);
  return { loop: (times) => bound.loop(times), answer: () => Float64Array.of(bound.call()) };
}

/** Histogram and entropy of 64 KiB of random bytes, where they lie. */
export function entropyTask(): Task {
  const data = testBytes(5, blockBytes);
  const kernel = new HistogramKernel(blockBytes);
  kernel.buffer.set(data);
  const bits = new Float64Array(1);
  const run = (): void => {
    bits[0] = kernel.entropyBits(0, blockBytes);
  };
  const product = sideOf(run, () => {
    run();
    return bits;
  });
  return { name: 'entropy-64k', flop: null, product, bind: (reference) => bindEntropy(reference, data) };
}

function bindChunking(reference: Reference, data: Uint8Array, gear: BigUint64Array<ArrayBuffer>): Side {
  const lengths = reference.ints(maxBlocks);
  const features = reference.ints(maxBlocks * FEATURE_COUNT);
  const tables = [
    reference.bytes(new Uint8Array(gear.buffer)).offset,
    reference.ints(MULTIPLIERS).offset,
    reference.ints(ADDENDS).offset,
  ];
  const input = reference.bytes(data).offset;
  const results = [lengths.offset, features.offset];
  const bound = reference.bind('chunking', [
    input,
    data.length,
    averageBytes,
    sampleBits,
    ...tables,
    ...results,
  ]);
  const answer = (): Float64Array => {
    const blocks = bound.call();
    const list = Array.from({ length: blocks }, (_, i) => [
      lengths.view[i] ?? 0,
      ...features.view.subarray(i * FEATURE_COUNT, (i + 1) * FEATURE_COUNT),
    ]);
    // Features are unsigned.
    return Float64Array.from(list.flat(), (value) => value >>> 0);
  };
  return { loop: (times) => bound.loop(times), answer };
}

/** All block boundaries of 1 MiB of random bytes, 64 KiB on average, and 12 features of each block. */
export function chunkingTask(): Task {
  const data = testBytes(5, inputBytes);
  const gear = new BigUint64Array(testGear(1));
  const kernel = new ChunkKernel({ averageBytes, gear, bufferBytes: inputBytes });
  kernel.buffer.set(data);
  const run = (): void => {
    for (let at = 0; at < inputBytes; ) at += kernel.next(at, inputBytes, sampleBits);
  };
  const product = sideOf(run, () => {
    const found: number[] = [];
    for (let at = 0; at < inputBytes; ) {
      const length = kernel.next(at, inputBytes, sampleBits);
      found.push(length, ...kernel.features);
      at += length;
    }
    return found;
  });
  return {
    name: 'fastcdc-features',
    flop: null,
    product,
    bind: (reference) => bindChunking(reference, data, gear),
  };
}
