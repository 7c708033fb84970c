// Set A, "diverse": what lies on a Debian machine, a seeded choice per kind of file within a budget.
import { copyFileSync, lstatSync, mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Rng } from '../../../src/base/index.ts';
import { emptyFolder, remove } from '../folders.ts';
import { filePaths } from '../listing.ts';
import type { SetBuild } from './build.ts';
import { classes, type FileClass } from './debian.ts';
import { deriveImage, deriveIncompressible } from './derived.ts';
import { type Candidate, sample } from './sample.ts';
import { downloadPackages, unpackPackages } from './unpack.ts';

const seed = 7;
const mib = 1024 * 1024;

/** Where the packages themselves lie on a machine. */
const archiveFolder = 'var/cache/apt/archives';

interface Source {
  /** Path in the set, then where the bytes lie now. */
  readonly files: ReadonlyMap<string, string>;
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  const { atimeMs, mtimeMs } = lstatSync(from);
  utimesSync(to, atimeMs / 1000, mtimeMs / 1000);
}

function candidates({ files }: Source, { fits }: FileClass, gone: ReadonlySet<string>): Candidate[] {
  const paths = [...files.keys()].filter((path) => fits.test(path) && !gone.has(path));
  return paths.map((path) => ({ path, bytes: lstatSync(files.get(path) ?? '').size }));
}

/** Takes files class by class; returns the paths each took. */
function choose(source: Source, say: (line: string) => void): Map<string, string[]> {
  const rng = new Rng(seed);
  const gone = new Set<string>();
  const taken = new Map<string, string[]>();
  for (const one of classes) {
    const chosen = sample(candidates(source, one, gone), one.budgetMib * mib, rng.split());
    for (const { path } of chosen) gone.add(path);
    taken.set(one.name, chosen.map(({ path }) => path).sort());
    const size = chosen.reduce((sum, { bytes }) => sum + bytes, 0) / mib;
    say(`set A: ${one.name}: ${chosen.length} files, ${size.toFixed(1)} of ${one.budgetMib} MiB`);
  }
  return taken;
}

/** A name that is not UTF-8 comes back from Node with a replacement character; no list could hold it. */
const isText = (path: string): boolean => !/[\uFFFD\n]/.test(path);

/** Builds the set whole beside its place and moves it there. */
export function buildDiverse({ target, downloads, say }: SetBuild): void {
  const folder = join(downloads, 'debian');
  mkdirSync(folder, { recursive: true });
  const archives = downloadPackages(folder, say);
  const root = unpackPackages(folder, archives, say);
  const files = new Map(
    filePaths(root)
      .filter(isText)
      .map((path) => [path, join(root, path)]),
  );
  for (const name of archives) files.set(`${archiveFolder}/${name}`, join(folder, name));
  const taken = choose({ files }, say);
  const partial = emptyFolder(`${target}.partial`);
  for (const path of [...taken.values()].flat()) copy(files.get(path) ?? '', join(partial, path));
  const growing = { target: partial, taken, say };
  deriveIncompressible(growing);
  deriveImage(growing, folder);
  renameSync(partial, target);
  writeFileSync(`${target}.packages`, archives.map((name) => `${name}\n`).join(''));
  remove(root);
  remove(join(folder, 'unpacked'));
}
