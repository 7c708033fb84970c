// Pilotfish, as a user runs it: installed from its package, or from the checkout.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../scripts/process.ts';
import { type Command, runWell } from '../commands.ts';
import { emptyFolder } from '../folders.ts';
import type { Contender, Place } from './contender.ts';

/** Which launcher is measured. */
export interface Launcher {
  readonly form: 'installed' | 'checkout';
  readonly path: string;
}

const password = 'benchmark';
const probe = (name: string): string => join(import.meta.dirname, '../probes', name);

/** The launcher of the checkout, which runs the sources. */
export const checkoutLauncher: Launcher = { form: 'checkout', path: join(root, 'bin/pilotfish.js') };

/** Packs the checkout and installs the package in the folder: what users get. */
export function installPackage(folder: string): Launcher {
  emptyFolder(folder);
  const flags = ['--json', '--pack-destination', folder];
  const stdout = runWell({ program: 'npm', args: ['pack', ...flags], cwd: root });
  // The build may print lines of its own before the report; npm 12 reports by name instead of in a list.
  const report = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as Record<string, { filename: string }>;
  const archive = Object.values(report)[0]?.filename ?? '';
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true }));
  const quiet = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  runWell({ program: 'npm', args: ['install', ...quiet, join(folder, archive)], cwd: folder });
  return { form: 'installed', path: join(folder, 'node_modules/pilotfish/bin/pilotfish.js') };
}

/** The version and, where git knows it, the commit the checkout is at. */
export function pilotfishVersion(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  if (!existsSync(join(root, '.git'))) return version;
  try {
    const git = (...args: string[]): string => runWell({ program: 'git', args, cwd: root }).trim();
    const commit = git('rev-parse', '--short', 'HEAD');
    const changed = git('status', '--porcelain', '--', 'src', 'bin', 'package.json') !== '';
    return `${version} (${commit}${changed ? ', changed' : ''})`;
  } catch {
    return version;
  }
}

/** Pilotfish with or without encryption. */
export function pilotfish({ path, form }: Launcher, encrypts: boolean): Contender {
  const variables = ({ home }: Place): Record<string, string> => ({
    PILOTFISH_CACHE_DIR: `${home}/cache`,
    TMPDIR: home,
    ...(encrypts ? { PILOTFISH_PASSWORD: password } : {}),
  });
  const node = (place: Place, ...args: string[]): Command => ({
    program: process.execPath,
    args,
    cwd: place.set,
    env: variables(place),
  });
  const command = (place: Place, verb: string, ...args: string[]): Command =>
    node(place, path, verb, ...args, '--repo', place.repository, '--json');
  const create = (place: Place): Command => command(place, 'pack', place.set);
  return {
    id: encrypts ? 'pilotfish-encrypted' : 'pilotfish',
    label: encrypts ? 'Pilotfish, encrypted' : 'Pilotfish',
    version: `${pilotfishVersion()}, ${form}`,
    encrypts,
    isRepository: true,
    // `pack` makes a plain repository itself, which is timed.
    ...(encrypts
      ? {
          prepare: (place: Place) =>
            void runWell(node(place, probe('create-encrypted.ts'), place.repository)),
        }
      : {}),
    create,
    restore: (place) => command(place, 'restore', 'latest', '--to', place.target),
    verify: (place) => command(place, 'verify', '--data'),
    rerun: create,
    readBlocks: (place) => node(place, probe('random-read.ts'), place.repository),
    // Both look at the set more than at the repository: once is enough.
    ...(encrypts
      ? {}
      : {
          inspect: (place: Place) => node(place, probe('inspect.ts'), place.repository),
          chooseCodecs: (place: Place) => node(place, probe('codec-choice.ts'), place.repository),
        }),
  };
}
