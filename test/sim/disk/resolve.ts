import type { FsPath } from '../../../src/base/index.ts';
import { errnoError, type Failure } from './errno.ts';
import type { DirectoryInode, Inode } from './inode.ts';

const MAX_NAME_BYTES = 255;
const MAX_PATH_BYTES = 4095;
const MAX_LINKS = 40;
const PLAIN = /^[\x01-\x7f]*$/;

/** Where a path leads. When it ends in `.`, `..` or is the root, `name` says so and `inode` is the directory. */
export interface Place {
  /** From the root down to `directory`. */
  readonly above: readonly DirectoryInode[];
  readonly directory: DirectoryInode;
  readonly name: string;
  readonly inode: Inode | undefined;
  /** The path ends in a slash. */
  readonly slash: boolean;
}

/** True when the last part of the path is a name that an entry can have. */
export function isNamed({ name }: Place): boolean {
  return name !== '' && name !== '.' && name !== '..';
}

/** The raw bytes of a path, one character each. */
export function rawPath(path: FsPath): string {
  if (typeof path !== 'string') return path.toString('latin1');
  return PLAIN.test(path) ? path : Buffer.from(path).toString('latin1');
}

/** Text that goes to the system ends at its first zero byte: Node refuses it, and so do we. */
export function refuseZero(raw: string, { syscall }: Failure): void {
  if (!raw.includes('\0')) return;
  const error = new TypeError(`ERR_INVALID_ARG_VALUE: zero byte, ${syscall} ${JSON.stringify(raw)}`);
  throw Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' });
}

/** One walk along a path, the way the kernel does it: links on the way are followed, the last one on request. */
class Walk {
  readonly #above: DirectoryInode[];
  readonly #todo: string[] = [];
  readonly #failure: Failure;
  readonly #slash: boolean;
  #linksLeft = MAX_LINKS;
  #lastDots = '';

  constructor(root: DirectoryInode, raw: string, failure: Failure) {
    this.#above = [root];
    this.#failure = failure;
    refuseZero(raw, failure);
    if (raw === '') throw errnoError('ENOENT', failure);
    if (raw.length > MAX_PATH_BYTES) throw errnoError('ENAMETOOLONG', failure);
    this.#slash = raw.endsWith('/');
    this.#push(raw.replace(/\/+$/, ''));
  }

  run(follow: boolean): Place {
    for (;;) {
      const name = this.#todo.pop();
      if (name === undefined) return this.#here(this.#lastDots, this.#directory);
      const place =
        name === '' || name === '.' || name === '..' ? this.#dots(name) : this.#step(name, follow);
      if (place !== undefined) return place;
    }
  }

  get #directory(): DirectoryInode {
    return this.#above[this.#above.length - 1] as DirectoryInode;
  }

  #here(name: string, inode: Inode | undefined): Place {
    return { above: this.#above, directory: this.#directory, name, inode, slash: this.#slash };
  }

  #dots(name: string): undefined {
    if (name !== '') this.#lastDots = name;
    if (name === '..' && this.#above.length > 1) this.#above.pop();
  }

  #push(path: string): void {
    for (const name of path.split('/').reverse()) this.#todo.push(name);
  }

  /** Enters `name`; the place when the walk ends there. */
  #step(name: string, follow: boolean): Place | undefined {
    if (name.length > MAX_NAME_BYTES) throw errnoError('ENAMETOOLONG', this.#failure);
    const inode = this.#directory.entries.get(name);
    const last = this.#todo.length === 0;
    if (inode?.kind === 'symlink' && (follow || !last)) {
      this.#followLink(inode.target.toString('latin1'));
      return undefined;
    }
    if (last) return this.#here(name, inode);
    if (inode === undefined) throw errnoError('ENOENT', this.#failure);
    if (inode.kind !== 'directory') throw errnoError('ENOTDIR', this.#failure);
    this.#above.push(inode);
    return undefined;
  }

  #followLink(target: string): void {
    this.#linksLeft -= 1;
    if (this.#linksLeft < 0) throw errnoError('ELOOP', this.#failure);
    if (target.startsWith('/')) this.#above.length = 1;
    this.#push(target);
  }
}

/** The place of an entry to make, remove or rename: `failure.path` below `root`, never following a link in it. */
export function resolveEntry(root: DirectoryInode, failure: Failure & { path: FsPath }): Place {
  return new Walk(root, rawPath(failure.path), failure).run(false);
}

/** The place of a thing to look at; a path that ends in a slash has to lead to a directory. */
export function resolve(root: DirectoryInode, failure: Failure & { path: FsPath }, follow: boolean): Place {
  const raw = rawPath(failure.path);
  const place = new Walk(root, raw, failure).run(follow || raw.endsWith('/'));
  if (place.slash && place.inode !== undefined && place.inode.kind !== 'directory') {
    throw errnoError('ENOTDIR', failure);
  }
  return place;
}
