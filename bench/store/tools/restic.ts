// restic: repository version 2. It always encrypts.
import type { Command } from '../commands.ts';
import { runWell } from '../commands.ts';
import type { Contender, Place } from './contender.ts';

/** restic at one of its compression settings. */
export function restic(path: string, version: string, compression: 'auto' | 'max'): Contender {
  const command = ({ set, repository, home }: Place, ...args: string[]): Command => ({
    program: path,
    args: ['-q', '-r', repository, '--cache-dir', `${home}/cache`, '--compression', compression, ...args],
    cwd: set,
    env: { RESTIC_PASSWORD: 'benchmark', TMPDIR: home },
  });
  return {
    id: `restic-${compression}`,
    label: `restic ${compression}`,
    version,
    encrypts: true,
    isRepository: true,
    prepare: (place) => void runWell(command(place, 'init', '--repository-version', '2')),
    create: (place) => command(place, 'backup', '.'),
    restore: (place) => command(place, 'restore', 'latest', '--target', place.target),
    verify: (place) => command(place, 'check', '--read-data'),
    rerun: (place) => command(place, 'backup', '.'),
  };
}
