import { type Clock, FastRng } from '../../base/index.ts';
import { compressBlock } from '../../blocks/index.ts';

const BLOCK_BYTES = 64 * 1024;
const WORDS = 400;
const TRIES = 10;

/** 64 KiB of text-like bytes: words of a small vocabulary, drawn by a fixed seed. */
export function sampleBlock(): Uint8Array {
  const rng = new FastRng(1);
  const words = Array.from({ length: WORDS }, () =>
    Array.from({ length: 2 + rng.below(8) }, () => 97 + Math.min(rng.below(26), rng.below(26))),
  );
  const bytes: number[] = [];
  while (bytes.length < BLOCK_BYTES) {
    bytes.push(...(words[Math.min(rng.below(WORDS), rng.below(WORDS))] ?? []), 32);
  }
  return Uint8Array.from(bytes.slice(0, BLOCK_BYTES));
}

let block: Uint8Array | undefined;

/**
 * Seconds this machine now takes for one fixed encoding (zstd-1 of 64 KiB), the fastest of a few tries; about two
 * milliseconds in all. A machine that is slower by some factor weighs processor time as a link that is faster by that
 * factor does, so a model trained elsewhere is asked about that link.
 */
export function measureReference(clock: Clock): number {
  block ??= sampleBlock();
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i += 1) {
    const startedMs = clock.monotonicMs();
    compressBlock(block, { algorithm: 'zstd-1' });
    best = Math.min(best, clock.monotonicMs() - startedMs);
  }
  return best / 1000;
}
