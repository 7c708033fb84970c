// tar, alone and through zstd: what everybody has. Names are sorted, so that the archive does not depend on the order
// in which a file system lists them.
import type { Command } from '../commands.ts';
import type { Contender, Place } from './contender.ts';

interface Filter {
  readonly path: string;
  readonly version: string;
  /** How zstd compresses, beside one thread. */
  readonly flags: readonly string[];
}

const tar = ({ set }: Place, ...args: string[]): Command => ({ program: 'tar', args, cwd: set });

/** tar without compression. */
export const plainTar = (version: string): Contender => ({
  id: 'tar',
  label: 'tar',
  version,
  encrypts: false,
  isRepository: false,
  create: (place) => tar(place, '--sort=name', '-cf', place.repository, '.'),
  restore: (place) => tar(place, '-xpf', place.repository, '-C', place.target),
});

/** tar through zstd. */
export function zstdTar(id: string, label: string, { path, version, flags }: Filter): Contender {
  // Decompression needs to know of a larger window too; a level means nothing to it.
  const window = flags.filter((flag) => flag.startsWith('--long'));
  const through = (...args: string[]): string[] => ['-I', [path, ...args].join(' ')];
  return {
    id,
    label,
    version,
    encrypts: false,
    isRepository: false,
    create: (place) => tar(place, ...through(...flags, '-T1'), '--sort=name', '-cf', place.repository, '.'),
    restore: (place) => tar(place, ...through(...window), '-xpf', place.repository, '-C', place.target),
    verify: ({ set, repository }) => ({
      program: path,
      args: ['-q', '-t', ...window, repository],
      cwd: set,
    }),
  };
}
