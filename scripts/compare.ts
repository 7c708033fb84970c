// Compares two directories the way a restore is judged: names, kinds, bytes, modes, owners, times, links, attributes.
import { closeSync, openSync, readSync } from 'node:fs';
import { type FileStat, NodeFileSystem } from '../src/index.ts';

/** What was compared, and in words what differs. */
export interface Comparison {
  files: number;
  directories: number;
  links: number;
  bytes: number;
  differences: string[];
}

const READ_BYTES = 1024 * 1024;
/** Node sets times to within a microsecond. */
const TIME_NS = 1000n;

class Comparer {
  readonly result: Comparison = { files: 0, directories: 0, links: 0, bytes: 0, differences: [] };
  readonly #fs = new NodeFileSystem();
  readonly #buffers = [Buffer.allocUnsafe(READ_BYTES), Buffer.allocUnsafe(READ_BYTES)] as const;
  /** First path of each file that has several names, on either side. */
  readonly #firsts = [new Map<string, string>(), new Map<string, string>()] as const;
  /** Restoring owners takes root. */
  readonly #asRoot = process.getuid?.() === 0;

  directory(a: string, b: string, relative: string): void {
    const [ours, theirs] = [this.#names(a), this.#names(b)];
    for (const name of theirs) if (!ours.has(name)) this.#note(`${relative}/${name}`, 'is only in the copy');
    for (const name of ours) {
      if (theirs.has(name)) this.#entry(`${a}/${name}`, `${b}/${name}`, `${relative}/${name}`);
      else this.#note(`${relative}/${name}`, 'is missing');
    }
  }

  #names(path: string): Set<string> {
    const names = this.#fs.readDirectory(raw(path)).map((name) => name.toString('latin1'));
    return new Set(names.sort());
  }

  #entry(a: string, b: string, relative: string): void {
    const [one, two] = [raw(a), raw(b)];
    const [before, after] = [this.#fs.lstat(one), this.#fs.lstat(two)];
    if (before.kind !== after.kind) {
      this.#note(relative, `was a ${before.kind}, is a ${after.kind}`);
      return;
    }
    this.#attributes(relative, before, after);
    this.#xattrs(relative, one, two);
    if (before.kind === 'directory') {
      this.result.directories += 1;
      this.directory(a, b, relative);
    } else if (before.kind === 'symlink') {
      this.result.links += 1;
      if (!this.#fs.readLink(one).equals(this.#fs.readLink(two))) this.#note(relative, 'links elsewhere');
    } else if (before.kind === 'file') {
      this.#file(relative, { path: one, stat: before }, { path: two, stat: after });
    }
  }

  #attributes(relative: string, before: FileStat, after: FileStat): void {
    if (before.mode !== after.mode)
      this.#note(relative, `mode ${octal(before.mode)}, now ${octal(after.mode)}`);
    const drift = before.mtimeNs - after.mtimeNs;
    if (drift > TIME_NS || drift < -TIME_NS) this.#note(relative, `mtime differs by ${drift} ns`);
    if (this.#asRoot && (before.uid !== after.uid || before.gid !== after.gid))
      this.#note(relative, 'owner differs');
  }

  #xattrs(relative: string, a: Buffer, b: Buffer): void {
    const text = (path: Buffer): string => {
      try {
        return this.#fs
          .listXattrs(path)
          .map(({ name, value }) => `${name}=${value.toString('hex')}`)
          .join();
      } catch {
        // No attributes on this platform or file system: then neither side has any.
        return '';
      }
    };
    if (text(a) !== text(b)) this.#note(relative, 'extended attributes differ');
  }

  #file(relative: string, a: { path: Buffer; stat: FileStat }, b: { path: Buffer; stat: FileStat }): void {
    this.result.files += 1;
    this.result.bytes += a.stat.sizeBytes;
    if (this.#first(0, a.stat, relative) !== this.#first(1, b.stat, relative))
      this.#note(relative, 'hard links differ');
    if (a.stat.sizeBytes !== b.stat.sizeBytes)
      this.#note(relative, `${a.stat.sizeBytes} bytes, now ${b.stat.sizeBytes}`);
    else if (!this.#sameBytes(a.path, b.path)) this.#note(relative, 'contents differ');
  }

  #first(side: 0 | 1, stat: FileStat, relative: string): string {
    if (stat.links === 1) return relative;
    const key = `${stat.device}:${stat.inode}`;
    const first = this.#firsts[side].get(key) ?? relative;
    this.#firsts[side].set(key, first);
    return first;
  }

  #sameBytes(a: Buffer, b: Buffer): boolean {
    const [one, two] = [openSync(a, 'r'), openSync(b, 'r')];
    const [left, right] = this.#buffers;
    try {
      for (;;) {
        const count = readSync(one, left, 0, READ_BYTES, null);
        if (readSync(two, right, 0, READ_BYTES, null) !== count) return false;
        if (count === 0) return true;
        if (left.compare(right, 0, count, 0, count) !== 0) return false;
      }
    } finally {
      closeSync(one);
      closeSync(two);
    }
  }

  #note(relative: string, what: string): void {
    this.result.differences.push(`${raw(relative.slice(1)).toString()} ${what}`);
  }
}

// Names are kept as latin1 text, one character a byte: they need not be UTF-8.
const raw = (path: string): Buffer => Buffer.from(path, 'latin1');
const octal = (mode: number): string => mode.toString(8);

/** Compares everything below two directories. */
export function compareTrees(original: string, copy: string): Comparison {
  const comparer = new Comparer();
  const asRaw = (path: string): string => Buffer.from(path).toString('latin1');
  comparer.directory(asRaw(original), asRaw(copy), '');
  return comparer.result;
}
