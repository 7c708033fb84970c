import { Rng } from '../../../base/index.ts';
import { ChunkOracle, type ChunkResult } from '../oracle.ts';

/** Seeded inputs for the tests, the golden file and the benchmark of this room; nothing else uses them. */

/** A gear table for tests; repositories derive theirs from their own seed. */
export function testGear(seed: number): BigUint64Array {
  const rng = new Rng(seed);
  return BigUint64Array.from({ length: 256 }, () => rng.nextU64());
}

/** `length` bytes drawn from `symbols` distinct values. */
export function testBytes(seed: number, length: number, symbols = 256): Uint8Array {
  const bytes = new Rng(seed).bytes(length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] as number) % symbols;
  return bytes;
}

export type GoldenCase = {
  readonly averageBytes: number;
  readonly sampleBits: number;
  readonly symbols: number;
  readonly seed: number;
  readonly length: number;
};

/** The inputs behind golden.json. */
export const GOLDEN_CASES: readonly GoldenCase[] = [16, 32, 64, 128, 256].flatMap((kib, seed) => [
  { averageBytes: kib * 1024, sampleBits: 7, symbols: 256, seed, length: kib * 1024 * 8 },
  { averageBytes: kib * 1024, sampleBits: 4, symbols: 3, seed: seed + 100, length: kib * 1024 * 3 },
]);

/** All blocks of one golden case, by the oracle. */
export function runGoldenCase(golden: GoldenCase): GoldenCase & { readonly blocks: readonly ChunkResult[] } {
  const oracle = new ChunkOracle(golden.averageBytes, testGear(golden.seed));
  let rest = testBytes(golden.seed, golden.length, golden.symbols);
  const blocks: ChunkResult[] = [];
  while (rest.length > 0) {
    const block = oracle.next(rest, golden.sampleBits);
    blocks.push(block);
    rest = rest.subarray(block.length);
  }
  return { ...golden, blocks };
}
