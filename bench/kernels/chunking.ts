/**
 * GB/s of the chunking kernel and of its plain-TypeScript oracle on one core.
 * Usage: node bench/kernels/chunking.ts [MiB]. Random bytes, 64 KiB average; the median of interleaved
 * rounds. Both must find the same number of blocks, which is printed.
 */

import { ChunkKernel } from '../../src/signals/chunking/kernel.ts';
import { ChunkOracle } from '../../src/signals/chunking/oracle.ts';
import { testBytes, testGear } from '../../src/signals/chunking/testing/fixtures.ts';

const ROUNDS = 9;
const AVERAGE_BYTES = 64 * 1024;

type Contender = { name: string; run: () => number; seconds: number[]; blocks: number };

/** Walks over `bytes` by block lengths; the number of blocks. */
function walk(bytes: number, next: (at: number) => number): number {
  let blocks = 0;
  for (let at = 0; at < bytes; at += next(at)) blocks++;
  return blocks;
}

function contenders(data: Uint8Array): Contender[] {
  const gear = testGear(1);
  const kernel = new ChunkKernel({ averageBytes: AVERAGE_BYTES, gear, bufferBytes: data.length });
  const oracle = new ChunkOracle(AVERAGE_BYTES, gear);
  kernel.buffer.set(data);
  const at = (sampleBits: number) => (start: number) => kernel.next(start, data.length, sampleBits);
  const plain = (start: number) => oracle.next(data.subarray(start), 7).length;
  const contender = (name: string, next: (start: number) => number): Contender => {
    return { name, run: () => walk(data.length, next), seconds: [], blocks: 0 };
  };
  return [
    contender('kernel, 1 sample in 128', at(7)),
    contender('kernel, 1 sample in 16', at(4)),
    contender('oracle, 1 sample in 128', plain),
  ];
}

function time(contender: Contender): void {
  const start = performance.now();
  contender.blocks = contender.run();
  contender.seconds.push((performance.now() - start) / 1000);
}

const data = testBytes(5, Number(process.argv[2] ?? 16) * 2 ** 20);
const all = contenders(data);
for (const contender of all) contender.run();
for (let round = 0; round < ROUNDS; round++) all.forEach(time);
for (const { name, seconds, blocks } of all) {
  const median = seconds.sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;
  console.log(`${name}: ${(data.length / median / 1e9).toFixed(2)} GB/s, ${blocks} blocks`);
}
