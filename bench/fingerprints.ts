/**
 * Near-duplicate search: look-up times and recall by size, what the bands of classic LSH would have to rank instead,
 * and how fast fingerprints are made and read back.
 * Usage: node bench/fingerprints.ts [MiB | --json]; --json prints the look-ups alone. MiB (128) is what is packed, read and fingerprinted from end to end. Recall is
 * counted against a brute-force search of every row; all seeds are fixed.
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FastRng, MIB } from '../src/base/index.ts';
import { FingerprintTable, ID_BYTES } from '../src/blocks/fingerprints/fingerprint-table.ts';
import { createRepository, FingerprintIndex, pack, Repository } from '../src/blocks/index.ts';
import { nodePorts } from '../src/index.ts';
import { SimHashKernel } from '../src/signals/index.ts';
import { quantile } from './common/statistics.ts';
import { textTable } from './common/table.ts';

const SIZES = [10_000, 100_000, 1_000_000];
const LOOKUPS = 1000;
const CHECKED = 40;
const TOP_K = 5;
/** As many as an answer may have: recall is counted on these. */
const MOST = 1000;
const CENTRES = 50;
const BANDS = [13, 13, 13, 13, 12];
const BLOCK_BYTES = 65_536;
const ROUNDS = 9;

const rng = new FastRng(1);
const word = (): bigint => (BigInt(rng.below(2 ** 32)) << 32n) | BigInt(rng.below(2 ** 32));

/** `word`, with up to 12 bits flipped: neighbours on either side of the threshold of 9. */
function near(centre: bigint): bigint {
  let all = centre;
  for (let flips = rng.below(13); flips > 0; flips -= 1) all ^= 1n << BigInt(rng.below(64));
  return all;
}

const KINDS = {
  /** Every other row is near one before it, the rest has nothing to do with each other. */
  uniform: (row: number, before: BigUint64Array): bigint =>
    row % 2 === 1 ? near(before[rng.below(row)] as bigint) : word(),
  /** Everything lies around a few centres, as blocks of one kind of file do. */
  clustered: (row: number, before: BigUint64Array): bigint =>
    row < CENTRES ? word() : near(before[rng.below(CENTRES)] as bigint),
};

function ones(bits: number): number {
  const pairs = bits - ((bits >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** What a search of every row in plain code finds, and how much five bands with all 1-bit probes would have ranked. */
function bruteForce(halves: Uint32Array, query: number): { rows: number[]; ranked: number } {
  const [low, high] = [halves[2 * query] as number, halves[2 * query + 1] as number];
  const found: { row: number; distance: number }[] = [];
  let ranked = 0;
  for (let row = 0; 2 * row < halves.length; row += 1) {
    const [a, b] = [(halves[2 * row] as number) ^ low, (halves[2 * row + 1] as number) ^ high];
    const distance = ones(a) + ones(b);
    if (distance <= 9 && row !== query) found.push({ row, distance });
    ranked += bandsHit(a, b);
  }
  found.sort((a, b) => a.distance - b.distance || a.row - b.row);
  return { rows: found.slice(0, MOST).map(({ row }) => row), ranked };
}

/** Bands of 13, 13, 13, 13 and 12 bits, the lowest first, that differ in at most one bit. */
function bandsHit(low: number, high: number): number {
  let hits = 0;
  let from = 0;
  for (const bits of BANDS) {
    const shift = from % 32;
    const [word, above] = from < 32 ? [low, high] : [high, 0];
    const wide = shift === 0 ? word : (word >>> shift) | (above << (32 - shift));
    if (ones(wide & ((1 << bits) - 1)) <= 1) hits += 1;
    from += bits;
  }
  return hits;
}

/** A table as a repository has it, of blocks whose ids begin with their row. */
function tableOf(kind: keyof typeof KINDS, rows: number): FingerprintTable {
  const ids = Buffer.alloc(ID_BYTES * rows);
  for (let row = 0; row < rows; row += 1) ids.writeUInt32BE(row, ID_BYTES * row);
  const table = new FingerprintTable(ids);
  const { fingerprints } = table;
  for (let row = 0; row < rows; row += 1) fingerprints[row] = KINDS[kind](row, fingerprints);
  return table;
}

interface LookUps {
  readonly kind: keyof typeof KINDS;
  readonly blocks: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Of `wanted` rows a search of everything gives, those found. */
  readonly found: number;
  readonly wanted: number;
  /** Share of the rows that bands would have had to rank. */
  readonly ranked: number;
}

function lookups(kind: keyof typeof KINDS, rows: number): LookUps {
  const table = tableOf(kind, rows);
  const { fingerprints } = table;
  const find = (id: string, topK: number): string[] => {
    const row = table.rowOf(Buffer.from(id, 'hex')) as number;
    return table.similarTo(fingerprints[row] as bigint, topK, row).map((one) => one.id);
  };
  const times: number[] = [];
  for (let i = -50; i < LOOKUPS; i += 1) {
    const id = table.idAt(rng.below(rows));
    const start = performance.now();
    find(id, TOP_K);
    if (i >= 0) times.push(performance.now() - start);
  }
  const halves = new Uint32Array(fingerprints.buffer, fingerprints.byteOffset, 2 * rows);
  let [wanted, found, ranked] = [0, 0, 0];
  for (let i = 0; i < CHECKED; i += 1) {
    const query = rng.below(rows);
    const truth = bruteForce(halves, query);
    const answer = find(table.idAt(query), MOST);
    wanted += truth.rows.length;
    found += truth.rows.filter((row, rank) => answer[rank] === table.idAt(row)).length;
    ranked += truth.ranked / CHECKED;
  }
  const us = (share: number): number => 1000 * quantile(times, share);
  return { kind, blocks: rows, p50Us: us(0.5), p99Us: us(0.99), found, wanted, ranked: ranked / rows };
}

function lookUpTable(rows: readonly LookUps[]): string {
  const cells = rows.map(({ kind, blocks, p50Us, p99Us, found, wanted, ranked }) => [
    `${kind}, ${blocks.toLocaleString('en')}`,
    ...[p50Us, p99Us].map((us) => (us / 1000).toFixed(3)),
    `${found} of ${wanted}`,
    ranked.toFixed(4),
  ]);
  const head = ['fingerprints', 'p50 ms', 'p99 ms', 'found of brute force', '5 bands would rank'];
  return textTable({ head, rows: cells });
}

/** Rates are the best of some rounds: everything slower was the machine's other work. */
function kernelRate(): number {
  const kernel = new SimHashKernel(BLOCK_BYTES);
  const bytes = Uint8Array.from({ length: BLOCK_BYTES }, () => rng.below(256));
  const rates = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    for (let i = 0; i < 200; i += 1) kernel.of(bytes);
    return (200 * BLOCK_BYTES) / 1000 / (performance.now() - start);
  });
  return Math.max(...rates);
}

/** Lines of words, all different, and a second file of which every hundredth line is another. */
function writeTree(folder: string, mebibytes: number): void {
  for (let i = 0; i < mebibytes; i += 2) {
    const lines = Array.from(
      { length: 12_000 },
      (_, line) => `${line} ${rng.below(2 ** 32)} ${'word '.repeat(1 + rng.below(25))}`,
    );
    writeFileSync(join(folder, `a${i}`), lines.join('\n'));
    for (let line = 0; line < lines.length; line += 100) lines[line] = `${rng.below(2 ** 32)}`;
    writeFileSync(join(folder, `b${i}`), lines.join('\n'));
  }
}

/** Pack, build, open again; packs are in the page cache. */
async function fromEndToEnd(folder: string, mebibytes: number): Promise<string> {
  const [tree, path] = [mkdtempSync(join(folder, 'tree-')), join(folder, 'repository')];
  writeTree(tree, mebibytes);
  const ports = nodePorts();
  createRepository({ path }, ports);
  const repository = new Repository({ path }, ports, 'write');
  try {
    await pack(repository, { paths: [Buffer.from(tree)] });
    let bytes = 0;
    const start = performance.now();
    const { blocks } = await FingerprintIndex.open(repository, {
      onProgress: ({ totalBytes }) => {
        bytes = totalBytes;
      },
    });
    const built = performance.now();
    await FingerprintIndex.open(repository);
    const opened = performance.now() - built;
    const kept = statSync(join(path, 'fingerprints')).size;
    return (
      `build: ${blocks} blocks, ${(bytes / MIB).toFixed(0)} MiB raw in ${((built - start) / 1000).toFixed(1)} s, ` +
      `${(bytes / 1000 / (built - start)).toFixed(0)} MB/s; ${kept} bytes kept, opened again in ${opened.toFixed(1)} ms`
    );
  } finally {
    repository.close();
  }
}

const isJson = process.argv[2] === '--json';
if (!isJson) {
  console.log(`kernel: ${kernelRate().toFixed(0)} MB/s`);
  const folder = mkdtempSync(join(tmpdir(), 'pilotfish-fingerprints-'));
  try {
    console.log(await fromEndToEnd(folder, Number(process.argv[2] ?? 128)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const rows = SIZES.flatMap((size) => [lookups('uniform', size), lookups('clustered', size)]);
if (isJson) console.log(JSON.stringify(rows));
else console.log(`\nlook-ups of ${TOP_K} (${LOOKUPS} each)\n${lookUpTable(rows)}`);
