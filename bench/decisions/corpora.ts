// Stores every corpus of a data folder in several ways, with the command line as a user would.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NodeFileSystem } from '../../src/base/index.ts';
import { compressBlock, cutIntoBlocks, RATIO_GATE } from '../../src/blocks/index.ts';
import { type DataSet, discover } from '../../src/decisions/data/index.ts';
import type { CorpusRun, Stored, Way } from './results.ts';

const WAYS: Readonly<Record<Way, readonly string[]>> = {
  exact: ['--no-hints', '--similarity', 'exact'],
  rules: ['--no-hints'],
  rooms: [],
};
/** Times vary, bytes do not: the median of so many. */
const ROUNDS = 3;
const DOCUMENT_ZSTD_ABOVE_BYTES = 100_000;

interface Corpus {
  readonly name: string;
  readonly kind: CorpusRun['kind'];
  readonly sets: readonly DataSet[];
}

/** Every set of versions is a corpus; all of `compression/` together is one of files that are unlike each other. */
export function runCorpora(launcher: string, data: string, scratch: string): CorpusRun[] {
  const fs = new NodeFileSystem();
  const warn = (message: string): void => console.error(message);
  const versions = discover(fs, data, 'versions', warn);
  const diverse = discover(fs, data, 'compression', warn);
  const corpora: Corpus[] = [
    ...versions.map((set): Corpus => ({ name: set.name, kind: 'versions', sets: [set] })),
    ...(versions.length > 1 ? [{ name: 'all versions', kind: 'versions', sets: versions } as const] : []),
    ...(diverse.length > 0 ? [{ name: 'all of compression/', kind: 'diverse', sets: diverse } as const] : []),
  ];
  return corpora.map((corpus) => runCorpus(launcher, corpus, scratch));
}

function runCorpus(launcher: string, { name, kind, sets }: Corpus, scratch: string): CorpusRun {
  const place = mkdtempSync(join(scratch, 'corpus-'));
  try {
    console.error(`storing ${name}`);
    const plain = unpack(sets, join(place, 'files'));
    const rounds = Array.from({ length: ROUNDS }, () => packAll(launcher, place));
    const ways = Object.fromEntries(
      (Object.keys(WAYS) as Way[]).map((way) => [way, medianOf(rounds.map((round) => round[way]))]),
    ) as Record<Way, Stored>;
    return { corpus: name, kind, ...plain, ways };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Writes the files of the sets out, and says what two plain ways of storing their blocks would take. */
function unpack(
  sets: readonly DataSet[],
  folder: string,
): Pick<CorpusRun, 'rawBytes' | 'documentBytes' | 'zstd3Bytes'> {
  const seen = new Set<string>();
  const sum = { rawBytes: 0, documentBytes: 0, zstd3Bytes: 0 };
  for (const set of sets) {
    for (const { name, bytes } of set.files()) {
      const path = join(folder, set.name, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
      sum.rawBytes += bytes.length;
      for (const raw of cutIntoBlocks(bytes)) {
        const id = createHash('sha256').update(raw).digest('base64');
        if (seen.has(id)) continue;
        seen.add(id);
        const rule = raw.length > DOCUMENT_ZSTD_ABOVE_BYTES ? 'zstd-3' : 'lz4';
        const zstd3 = gated(raw, 'zstd-3');
        sum.zstd3Bytes += zstd3;
        sum.documentBytes += rule === 'zstd-3' ? zstd3 : gated(raw, rule);
      }
    }
  }
  return sum;
}

function gated(raw: Uint8Array, algorithm: 'zstd-3' | 'lz4'): number {
  const { length } = compressBlock(raw, { algorithm }).bytes;
  return length < RATIO_GATE * raw.length ? length : raw.length;
}

function packAll(launcher: string, place: string): Record<Way, Stored> {
  const entries = Object.entries(WAYS).map(([way, options]) => {
    const repository = join(place, 'repository');
    const args = [
      launcher,
      'pack',
      join(place, 'files'),
      '--repo',
      repository,
      '--json',
      '--quiet',
      ...options,
    ];
    // No list of unchanged files from the run before: every run reads everything.
    const env = { ...process.env, PILOTFISH_CACHE_DIR: join(place, 'cache') };
    try {
      const told = execFileSync(process.execPath, args, {
        encoding: 'utf8',
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const { bytesStored, cpuSeconds } = JSON.parse(told) as { bytesStored: number; cpuSeconds: number };
      return [way, { bytes: bytesStored, cpuSeconds }];
    } finally {
      for (const path of [repository, join(place, 'cache')]) rmSync(path, { recursive: true, force: true });
    }
  });
  return Object.fromEntries(entries) as Record<Way, Stored>;
}

function medianOf(runs: readonly Stored[]): Stored {
  const sorted = [...runs].sort((a, b) => a.cpuSeconds - b.cpuSeconds);
  return sorted[sorted.length >> 1] as Stored;
}
