import { FastRng, sha256Hex } from '../../../base/index.ts';
import { cutIntoBlocks } from '../../../blocks/index.ts';
import type { DataSet } from '../../data/index.ts';
import { sealedFrom, type Trace } from './trace.ts';

/** Blocks the cache of a restore holds. */
const CACHE_BLOCKS = 2000;
/** Blocks ahead that a tree is asked for. */
const KNOWN_AHEAD = 8;

/** One version of a package: its files in path order, each as block numbers, with the directory it lies in. */
type Version = readonly { readonly directory: string; readonly blocks: readonly number[] }[];

/** All versions of all packages as the store would cut them; equal blocks have equal numbers, in pack order. */
export type Versions = { readonly versions: readonly Version[]; readonly distinct: number };

/** Reads and cuts every file; one step a package. */
export function* cutVersions(sets: readonly DataSet[]): Generator<string, Versions> {
  const numbers = new Map<string, number>();
  const versions: Version[] = [];
  for (const set of sets) {
    const files = [...set.files()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const byVersion = Map.groupBy(files, ({ name }) => name.slice(0, name.indexOf('/')));
    for (const [, members] of byVersion) {
      versions.push(
        members.map(({ name, bytes }) => ({
          directory: name.slice(0, name.lastIndexOf('/')),
          blocks:
            bytes.length === 0 ? [] : [...cutIntoBlocks(bytes)].map((block) => numbered(numbers, block)),
        })),
      );
    }
    yield set.name;
  }
  return { versions, distinct: numbers.size };
}

function numbered(numbers: Map<string, number>, block: Uint8Array): number {
  const id = sha256Hex(block);
  const known = numbers.get(id) ?? numbers.size;
  numbers.set(id, known);
  return known;
}

/**
 * The blocks of every version in the order a restore asks for them. The tree says what comes after a block: the rest of
 * its file, and, in path order, the files after it in its directory.
 * @param sealed only the last part counts: a model learnt from the rest
 * @param shuffleSeed files of each version in an order drawn by it: a reader that opens what it likes
 */
export function restoreTrace({ versions, distinct }: Versions, sealed: boolean, shuffleSeed?: number): Trace {
  const rng = shuffleSeed === undefined ? undefined : new FastRng(shuffleSeed);
  const keys: number[] = [];
  /** For each access, up to where the tree knows what comes. */
  const knownUpTo: number[] = [];
  for (const version of versions) {
    const files = rng === undefined ? version : shuffled(version, rng);
    for (const [, group] of groupRuns(files, rng === undefined)) {
      const blocks = group.flatMap((file) => file.blocks);
      const end = keys.length + blocks.length;
      for (const block of blocks) {
        keys.push(block);
        knownUpTo.push(end);
      }
    }
  }
  return {
    keys: Int32Array.from(keys),
    distinct,
    count: distinct + 1,
    next: Int32Array.from({ length: distinct }, (_, key) => (key + 1 < distinct ? key + 1 : -1)),
    knownUpTo: Int32Array.from(knownUpTo, (end, at) => Math.min(end, at + 1 + KNOWN_AHEAD)),
    cacheBlocks: CACHE_BLOCKS,
    countFrom: sealed ? sealedFrom(keys.length) : 0,
  };
}

/** Files that follow each other and lie in one directory; each alone where the order says nothing. */
function groupRuns(files: Version, byDirectory: boolean): [string, Version[number][]][] {
  const runs: [string, Version[number][]][] = [];
  for (const file of files) {
    const last = runs.at(-1);
    if (byDirectory && last?.[0] === file.directory) last[1].push(file);
    else runs.push([file.directory, [file]]);
  }
  return runs;
}

function shuffled<T>(items: readonly T[], rng: FastRng): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i -= 1) {
    const j = rng.below(i + 1);
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}
