// Real files for the store: some to learn from, some to judge by, and the rest in the folders of the nights.
import { copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FastRng, KIB, MIB, PilotfishError } from '../../src/base/index.ts';

/** Smaller ones are stored in groups, and nobody is asked. */
const LEAST_BYTES = 20 * KIB;
const MOST_BYTES = MIB;
const ALL_BYTES = 64 * MIB;
const LEAST_FILES = 100;
/** What the store cuts files into, on average. */
const BLOCK_BYTES = 64 * KIB;

type Found = { readonly path: string; readonly bytes: number };

export type Files = {
  readonly count: number;
  readonly bytes: number;
  readonly learnt: readonly Buffer[];
  readonly judged: readonly Buffer[];
  /** Folders: what changed in a night. */
  readonly nights: readonly string[];
};

/** Regular files below a folder, always in the same order. */
function filesBelow(folder: string): Found[] {
  if (!existsSync(folder)) return [];
  const found: Found[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...filesBelow(path));
    if (!entry.isFile()) continue;
    const { size } = lstatSync(path);
    if (size >= LEAST_BYTES && size <= MOST_BYTES) found.push({ path, bytes: size });
  }
  return found;
}

/** Some of the files, drawn by a fixed seed. */
function drawn(all: readonly Found[]): Found[] {
  const rng = new FastRng(1);
  const order = all.map((file) => ({ file, at: rng.next() })).sort((a, b) => a.at - b.at);
  const files: Found[] = [];
  let total = 0;
  for (const { file } of order) {
    total += file.bytes;
    if (total > ALL_BYTES) break;
    files.push(file);
  }
  return files;
}

/**
 * Takes files from a folder: a quarter to learn from, a quarter to judge by, half for the nights, which lie in `work`.
 * @param blocksANight about so many blocks change in a night
 * @throws PilotfishError `EMPTY` when there are too few.
 */
export function gather(folder: string, work: string, blocksANight: number): Files {
  const files = drawn(filesBelow(folder));
  if (files.length < LEAST_FILES) {
    throw new PilotfishError(
      'EMPTY',
      `${folder} has ${files.length} files of 20 KiB to 1 MiB, and ${LEAST_FILES} are needed: name another with --data`,
    );
  }
  const quarter = (number: number): Buffer[] =>
    files.filter((_, i) => i % 4 === number).map(({ path }) => readFileSync(path));
  const nights: string[] = [];
  let blocks = Number.POSITIVE_INFINITY;
  for (const [i, { path, bytes }] of files.entries()) {
    if (i % 4 < 2) continue;
    if (blocks >= blocksANight) {
      nights.push(join(work, `night-${nights.length}`));
      mkdirSync(nights.at(-1) as string);
      blocks = 0;
    }
    copyFileSync(path, join(nights.at(-1) as string, `${i}-${path.split(/[/\\]/).at(-1)}`));
    blocks += Math.ceil(bytes / BLOCK_BYTES);
  }
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { count: files.length, bytes, learnt: quarter(0), judged: quarter(1), nights };
}
