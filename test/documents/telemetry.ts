import { FastRng } from '../../src/base/index.ts';
import { TelemetryCollector } from '../../src/index.ts';

/** Stored blocks as document 001 records them: large ones went through zstd, small ones through lz4, some were hopeless. */
export function recordBlocks(dbPath: string, count: number): void {
  const collector = new TelemetryCollector({ dbPath });
  const rng = new FastRng(42);
  for (let i = 0; i < count; i += 1) {
    const blockSize = 1000 + rng.below(200_000);
    const isHopeless = rng.next() < 0.1;
    collector.record({
      eventType: 'BLOCK_STORED',
      blockHash: `block-${i}`,
      blockSize,
      blockDepth: rng.below(6),
      compressionAlgorithm: isHopeless ? 'none' : blockSize > 100_000 ? 'zstd' : 'lz4',
      compressionRatio: isHopeless ? 1 : 0.3 + 0.4 * rng.next(),
    });
  }
  collector.close();
}
