import { type FsPath, must, type Rng } from '../../src/base/index.ts';
import { edited, records, text, WORDS } from './file-bytes.ts';
import { noise, pick } from './noise.ts';
import type { Attributes, Source } from './tree.ts';

/**
 * Seeded trees like those people keep: source code in several versions, near copies, exact copies, binaries,
 * packed data, odd names. Small, because thousands of them are packed in one test.
 */
export interface TreeOptions {
  /** Regular files, roughly; default 24. */
  readonly files?: number;
  /** No file is larger; default 64 KiB. */
  readonly maxFileBytes?: number;
  /** Owners and device nodes, which take root on a real machine; default true. */
  readonly privileged?: boolean;
  /** Extended attributes; default true. */
  readonly xattrs?: boolean;
}

const BASE_NS = 1_600_000_000_000_000_000n;
const ODD_NAMES = [
  Buffer.from([0x66, 0xff, 0xfe]),
  Buffer.from('caf\xe9.txt', 'latin1'),
  Buffer.from('grüße.txt'),
  Buffer.from(' leading and trailing '),
  Buffer.from('new\nline'),
  Buffer.from('-rf'),
  Buffer.from('__proto__'),
];

type FileSource = Source & { readonly bytes: Buffer };

const isFile = (source: Source): source is FileSource => 'bytes' in source;

/** Grows one tree. */
class Grower {
  readonly sources: Source[] = [];
  readonly #rng: Rng;
  readonly #options: Required<TreeOptions>;
  readonly #directories: string[] = ['', 'src/', 'src/deep/er/than/most/trees/ever/get/', 'lib/', 'data/'];
  #next: number;

  constructor(rng: Rng, options: TreeOptions, firstNumber: number) {
    this.#rng = rng;
    this.#options = { files: 24, maxFileBytes: 65536, privileged: true, xattrs: true, ...options };
    this.#next = firstNumber;
  }

  grow(): Source[] {
    for (let i = 0; i < this.#options.files; i += 1) this.addFile();
    this.#addOthers();
    return this.sources;
  }

  addFile(): void {
    const [extension, bytes] = this.#content();
    this.sources.push({ path: this.#path(extension), bytes, ...this.#attributes() });
  }

  #content(): [string, Buffer] {
    const rng = this.#rng;
    const { maxFileBytes } = this.#options;
    const small = Math.min(8192, maxFileBytes);
    const earlier = this.#earlierFile();
    const kind = rng.below(100);
    if (kind < 45 || (kind < 65 && earlier === undefined)) return ['.ts', text(rng, rng.below(small) + 1)];
    if (kind < 52) return ['.copy', Buffer.from(earlier?.bytes ?? '')];
    if (kind < 65) return ['.v2', edited(rng, earlier?.bytes ?? Buffer.alloc(0)).subarray(0, maxFileBytes)];
    if (kind < 73) return ['.md', text(rng, rng.below(maxFileBytes) + 1)];
    if (kind < 82) return ['.bin', records(rng, rng.below(maxFileBytes) + 1)];
    if (kind < 91) return ['.gz', noise(rng, rng.below(maxFileBytes) + 1)];
    if (kind < 96) return ['.empty', Buffer.alloc(0)];
    return ['.zeros', Buffer.alloc(maxFileBytes)];
  }

  #earlierFile(): FileSource | undefined {
    const files = this.sources.filter(isFile);
    return files[this.#rng.below(files.length)];
  }

  #path(extension: string): string {
    this.#next += 1;
    const directory = this.#directories[this.#rng.below(this.#directories.length)] ?? '';
    return `${directory}${WORDS[this.#rng.below(256)]}-${this.#next}${extension}`;
  }

  #attributes(): Attributes {
    const rng = this.#rng;
    const mtimeNs = BASE_NS + (rng.nextU64() % 10n ** 17n);
    const mode = pick(rng, [0o644, 0o644, 0o644, 0o755, 0o600, 0o4755, 0o444]);
    const owner = [rng.below(3) * 1000, rng.below(3) * 1000] as const;
    const xattrs = { 'user.origin': text(rng, rng.below(40)), 'user.empty': '' };
    return {
      mtimeNs,
      mode,
      ...(this.#options.privileged ? { owner } : {}),
      ...(this.#options.xattrs && rng.below(6) === 0 ? { xattrs } : {}),
    };
  }

  /** One of everything that is not a plain file. */
  #addOthers(): void {
    const mtimeNs = BASE_NS + 123_456_789n;
    const file = must(this.sources[0], 'a tree has a file').path;
    this.sources.push(
      {
        path: Buffer.concat([Buffer.from('names/'), pick(this.#rng, ODD_NAMES as [Buffer, ...Buffer[]])]),
        bytes: 'odd',
      },
      { path: 'empty-directory', directory: true, mode: 0o750, mtimeNs },
      { path: 'links/good', symlink: '../src', mtimeNs },
      { path: 'links/dangling', symlink: Buffer.from([0x2f, 0xff, 0x01]) },
      { path: 'links/hard', hardLink: file },
      { path: 'links/hard-2', hardLink: file },
      { path: 'nodes/fifo', node: 'fifo', mtimeNs },
      { path: 'src', directory: true, mode: 0o2775, mtimeNs: mtimeNs + 1n },
    );
    if (this.#options.privileged)
      this.sources.push({ path: 'nodes/null', node: 'character-device', deviceNumber: 0x103n });
  }
}

/** A tree of some files and one of everything else. */
export function randomTree(rng: Rng, options: TreeOptions = {}): Source[] {
  return new Grower(rng, options, 0).grow();
}

/** What becomes of one file in the next version: mostly nothing. */
function next(rng: Rng, source: Source): Source {
  if (!isFile(source)) return source;
  const fate = rng.below(20);
  const mtimeNs = (source.mtimeNs ?? BASE_NS) + 60_000_000_000n;
  if (fate < 5) return { ...source, bytes: edited(rng, source.bytes), mtimeNs };
  if (fate < 6) return { ...source, path: renamed(source.path) };
  return source;
}

function renamed(path: FsPath): FsPath {
  return typeof path === 'string' ? `${path}.moved` : Buffer.concat([path, Buffer.from('.moved')]);
}

/** The next version of a tree, `number` being different for each. */
function nextVersion(
  rng: Rng,
  before: readonly Source[],
  options: TreeOptions & { number: number },
): Source[] {
  // The file that has hard links keeps its name.
  const linked = before.flatMap((source) => ('hardLink' in source ? [source.hardLink] : []));
  const gone = pick(rng, before as [Source, ...Source[]]);
  const grower = new Grower(rng, options, options.number * 1000);
  grower.addFile();
  const kept = before.filter((source) => source !== gone || !isFile(source) || linked.includes(source.path));
  return [
    ...kept.map((source) => (linked.includes(source.path) ? source : next(rng, source))),
    ...grower.sources,
  ];
}

/** `count` versions of one tree: some files edited, a few renamed, at times one removed, one new in each. */
export function treeVersions(rng: Rng, count: number, options: TreeOptions = {}): Source[][] {
  const versions = [randomTree(rng, options)];
  for (let number = 1; number < count; number += 1) {
    versions.push(
      nextVersion(rng, must(versions.at(-1), 'there is a version before'), { ...options, number }),
    );
  }
  return versions;
}
