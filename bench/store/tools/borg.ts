// borg, without encryption.
import type { Command } from '../commands.ts';
import { runWell } from '../commands.ts';
import type { Contender, Place } from './contender.ts';

/** borg with one of its codecs. */
export function borg(path: string, version: string, codec: 'lz4' | 'zstd,3'): Contender {
  const command = ({ set, home }: Place, ...args: string[]): Command => ({
    program: path,
    args,
    cwd: set,
    env: {
      BORG_BASE_DIR: home,
      BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
      BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
      TMPDIR: home,
    },
  });
  const create = (place: Place, name: string): Command =>
    command(place, 'create', '-C', codec, `${place.repository}::${name}`, '.');
  return {
    id: `borg-${codec.replace(',', '-')}`,
    label: `borg ${codec}`,
    version,
    encrypts: false,
    isRepository: true,
    prepare: (place) => void runWell(command(place, 'init', '-e', 'none', place.repository)),
    create: (place) => create(place, 'first'),
    // It extracts into the working directory.
    restore: (place) => ({ ...command(place, 'extract', `${place.repository}::first`), cwd: place.target }),
    verify: (place) => command(place, 'check', '--verify-data', place.repository),
    rerun: (place) => create(place, 'second'),
  };
}
