// The measuring sets by name: built when missing, listed every time.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Folders } from '../folders.ts';
import { type Fingerprint, fingerprintOf, listFiles } from '../listing.ts';
import { CannotBuild, type SetBuild } from './build.ts';
import { buildDiverse } from './diverse.ts';
import { buildVersions } from './versions.ts';

export type SetName = 'A' | 'B';

/** A set that is ready to be measured on. */
export interface MeasuringSet {
  readonly name: string;
  readonly title: string;
  readonly path: string;
  readonly fingerprint: Fingerprint;
}

interface Recipe {
  readonly title: string;
  readonly build: (build: SetBuild) => void;
  /** Sizes within which results compare with those of other machines. */
  readonly accept: { readonly bytes: readonly [number, number]; readonly files: readonly [number, number] };
  /** Of a set that is the same for everybody. */
  readonly listSha256?: string;
}

const recipes: Readonly<Record<SetName, Recipe>> = {
  A: {
    title: 'diverse files of a Debian machine',
    build: buildDiverse,
    accept: { bytes: [570e6, 640e6], files: [15_000, 22_000] },
  },
  B: {
    title: '100 versions of ten npm packages',
    build: buildVersions,
    accept: { bytes: [650e6, 750e6], files: [50_000, 65_000] },
    listSha256: '5d9910204a978cef484540470a2665958bcf5c3d781832483a7fee79ad438ad4',
  },
};

export const setNames = Object.keys(recipes) as SetName[];

const within = (value: number, [low, high]: readonly [number, number]): boolean =>
  value >= low && value <= high;

/** Why the set is not like the one the goals were made for; undefined when it is. */
export function strangeness(name: SetName, { files, bytes, listSha256 }: Fingerprint): string | undefined {
  const { accept, listSha256: wanted } = recipes[name];
  if (within(bytes, accept.bytes) && within(files, accept.files)) {
    if (wanted === undefined || wanted === listSha256) return undefined;
    return `set ${name} has other contents than the published versions: its list hashes to ${listSha256}`;
  }
  const mb = (value: number): string => (value / 1e6).toFixed(0);
  return `set ${name} has ${files} files, ${mb(bytes)} MB; comparable are ${accept.files.join('–')} files, ${accept.bytes.map(mb).join('–')} MB`;
}

/** Builds what is missing of the set and records its list; throws CannotBuild where that is impossible. */
export function ensureSet(name: SetName, folders: Folders, say: (line: string) => void): MeasuringSet {
  const { title, build } = recipes[name];
  const path = join(folders.sets, name);
  const stamp = `${path}.complete`;
  if (!existsSync(stamp)) {
    mkdirSync(folders.sets, { recursive: true });
    build({ target: path, downloads: folders.downloads, say });
  }
  const list = listFiles(path);
  const fingerprint = fingerprintOf(list);
  checkUnchanged(stamp, fingerprint);
  writeFileSync(`${path}.list`, list.lines.map((line) => `${line}\n`).join(''));
  writeFileSync(stamp, `${JSON.stringify(fingerprint)}\n`);
  const strange = strangeness(name, fingerprint);
  if (strange !== undefined) say(`NOT COMPARABLE: ${strange}`);
  return { name, title, path, fingerprint };
}

function checkUnchanged(stamp: string, now: Fingerprint): void {
  if (!existsSync(stamp)) return;
  const { listSha256 } = JSON.parse(readFileSync(stamp, 'utf8')) as Fingerprint;
  if (listSha256 === now.listSha256) return;
  const path = stamp.replace(/\.complete$/, '');
  throw new CannotBuild(`${path} is not what was built there: delete ${path} and ${stamp} to build it anew`);
}
