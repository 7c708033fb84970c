// Set B, "versions": published versions of ten npm packages, unpacked side by side as package/version/.
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runWell } from '../commands.ts';
import { emptyFolder, remove } from '../folders.ts';
import type { SetBuild } from './build.ts';

const minors = (major: number, range: readonly [number, number], patch = 0): string[] =>
  Array.from({ length: range[1] - range[0] + 1 }, (_, i) => `${major}.${range[0] + i}.${patch}`);
const patches = (minor: string, range: readonly [number, number]): string[] =>
  Array.from({ length: range[1] - range[0] + 1 }, (_, i) => `${minor}.${range[0] + i}`);
const evenMinors = (major: number, last: number): string[] =>
  minors(major, [0, last]).filter((_, i) => i % 2 === 0);

/** The versions of each package. */
export const versions: Readonly<Record<string, readonly string[]>> = {
  typescript: ['5.6.2', '5.6.3', '5.7.2', '5.7.3', '5.8.2', '5.8.3'],
  'react-dom': [
    ...['18.0.0', '18.1.0', '18.2.0', '18.3.0', '18.3.1', '19.0.0', '19.1.0', '19.1.1', '19.1.8', '19.1.9'],
    ...patches('19.2', [0, 5]),
  ],
  three: minors(0, [162, 167]),
  prettier: minors(3, [0, 8]),
  'esbuild-wasm': minors(0, [20, 25]),
  webpack: minors(5, [90, 101]),
  rxjs: ['7.3.1', '7.4.0', ...patches('7.5', [0, 7]), '7.6.0', '7.8.0', '7.8.1'],
  '@types/node': [...evenMinors(20, 10), '20.11.0', '20.12.0', '20.14.0', '20.16.0'],
  undici: [...evenMinors(6, 18), '6.19.0', '6.20.0'],
  lodash: [...patches('4.17', [10, 16]), '4.17.19', '4.17.20', '4.17.21'],
};

interface PackReport {
  readonly filename: string;
  readonly version: string;
}

/** Downloads the archives of one package; npm checks them against the registry's digests. */
function download(name: string, wanted: readonly string[], folder: string): PackReport[] {
  const specs = wanted.map((version) => `${name}@${version}`);
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, ...specs];
  const stdout = runWell({ program: 'npm', args, cwd: folder });
  // npm 12 reports by name instead of in a list.
  return Object.values(JSON.parse(stdout) as Record<string, PackReport>);
}

/** Unpacks beside its place and moves it there whole: what lies in its place is complete. */
function unpack(archive: string, target: string, partial: string): void {
  emptyFolder(partial);
  const flags = ['--no-same-owner', '--no-same-permissions', '--strip-components=1'];
  runWell({ program: 'tar', args: ['-xzf', archive, '-C', partial, ...flags], cwd: partial });
  mkdirSync(dirname(target), { recursive: true });
  renameSync(partial, target);
}

/** Adds the versions that are missing. */
export function buildVersions({
  target,
  downloads,
  say,
  only,
}: SetBuild & { only?: readonly string[] }): void {
  const folder = emptyFolder(join(downloads, 'npm'));
  for (const [name, all] of Object.entries(versions)) {
    if (only !== undefined && !only.includes(name)) continue;
    const missing = all.filter((version) => !existsSync(join(target, name, version)));
    if (missing.length === 0) continue;
    say(`set B: ${name}, ${missing.length} of ${all.length} versions`);
    for (const { filename, version } of download(name, missing, folder)) {
      unpack(join(folder, filename), join(target, name, version), join(folder, 'partial'));
    }
  }
  remove(folder);
}
