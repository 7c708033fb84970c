// node random-read.ts REPOSITORY: how long one random block takes. Decoded bytes are forgotten between reads; the tables
// of packs and the page cache of the system stay, as in any process that reads for a while.
import { performance } from 'node:perf_hooks';
import { Rng } from '../../../src/base/index.ts';
import { listSnapshot, Repository } from '../../../src/blocks/index.ts';
import { fileBlocks } from '../../../src/blocks/tree/index.ts';
import { quantile } from '../../common/statistics.ts';
import { ports, repositoryOptions } from './ports.ts';

/** What the program prints. */
export interface RandomRead {
  readonly reads: number;
  /** Mean size of the blocks read. */
  readonly meanBytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly peakBytes: number;
}

const count = 2000;
const seed = 64;
/** "One 64 KiB block": blocks between half and twice the average. */
const [leastBytes, mostBytes] = [32 * 1024, 128 * 1024];

function blockIds(repository: Repository): string[] {
  const ids = new Set<string>();
  const read = (id: string) => repository.reader.read(id);
  for (const { entry } of listSnapshot(repository, 'latest')) {
    if (entry.type !== 'file') continue;
    for (const { id, length } of fileBlocks(entry, read))
      if (length >= leastBytes && length <= mostBytes) ids.add(id);
  }
  return [...ids].sort();
}

function time(read: () => Uint8Array): { ms: number; bytes: number } {
  const started = performance.now();
  const bytes = read().length;
  return { ms: performance.now() - started, bytes };
}

/** The ids come from a first look at the repository; what is measured happens in a second one. */
function collect(): string[] {
  const repository = new Repository(repositoryOptions(), ports, 'read');
  try {
    return blockIds(repository);
  } finally {
    repository.close();
  }
}

function measure(ids: readonly string[]): RandomRead {
  const rng = new Rng(seed);
  const pick = (): string => ids[rng.below(ids.length)] ?? '';
  const repository = new Repository(repositoryOptions(), ports, 'read');
  const times = Array.from({ length: count }, () => {
    repository.reader.forget();
    return time(() => repository.reader.read(pick()));
  });
  repository.close();
  const ms = times.map((one) => one.ms);
  return {
    reads: count,
    meanBytes: times.reduce((sum, { bytes }) => sum + bytes, 0) / count,
    p50Ms: quantile(ms, 0.5),
    p99Ms: quantile(ms, 0.99),
    maxMs: Math.max(...ms),
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}

const ids = collect();
console.log(JSON.stringify(ids.length === 0 ? null : measure(ids)));
