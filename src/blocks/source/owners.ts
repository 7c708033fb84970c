import { type FileSystem, type FsPath, readSmallFile } from '../../base/index.ts';

const MAX_DATABASE_BYTES = 4 * 1024 * 1024;

/** Names of users and groups by number, and back, from the system's databases; '' where there is none. */
export class Owners {
  readonly #users: Map<number, string>;
  readonly #groups: Map<number, string>;

  constructor(fs: FileSystem) {
    this.#users = readNames(fs, '/etc/passwd');
    this.#groups = readNames(fs, '/etc/group');
  }

  user(uid: number): string {
    return this.#users.get(uid) ?? '';
  }

  group(gid: number): string {
    return this.#groups.get(gid) ?? '';
  }
}

/** `name:password:number:…` lines of passwd(5) and group(5). */
function readNames(fs: FileSystem, path: FsPath): Map<number, string> {
  const names = new Map<number, string>();
  try {
    for (const line of readSmallFile(fs, path, MAX_DATABASE_BYTES).toString('utf8').split('\n')) {
      const [name, , number] = line.split(':');
      if (name && number && /^[0-9]+$/.test(number) && !names.has(Number(number)))
        names.set(Number(number), name);
    }
  } catch {
    // No such database on this machine: numbers alone are stored.
  }
  return names;
}
