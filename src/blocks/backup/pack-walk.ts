import type { CID } from 'multiformats/cid';
import {
  type Clock,
  closeReader,
  errnoOf,
  type FileStat,
  type FileSystem,
  hasCode,
} from '../../base/index.ts';
import { classify } from '../../signals/index.ts';
import { isStackBreak } from '../browse/index.ts';
import type { Chunker, ReadInto } from '../chunk/index.ts';
import type { Problems } from '../session/index.ts';
import {
  cacheKey,
  nameClass,
  type Owners,
  type PathTest,
  type UnchangedReader,
  type UnchangedWriter,
} from '../source/index.ts';
import type { BlockContext, BlockWriter } from '../store/index.ts';
import {
  blockOf,
  DirectoryWriter,
  FileListWriter,
  fileBlocks,
  fileNodes,
  type PutNode,
  type TreeEntry,
} from '../tree/index.ts';
import { changed, decodeCid, fileReader, isSteady, join, SourceFailure, source } from './source-calls.ts';
import type { StreamSource } from './stream-source.ts';

export interface WalkDependencies {
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly writer: BlockWriter;
  readonly chunker: Chunker;
  readonly putNode: PutNode;
  readonly owners: Owners;
  readonly problems: Problems;
  /** Reads a stored block, verified. */
  readonly readBlock: (id: string) => Uint8Array;
  readonly unchanged: UnchangedReader | undefined;
  readonly cache: UnchangedWriter | undefined;
  /** True for paths (relative to the root) to leave out. */
  readonly isExcluded: PathTest;
  /** Directories that are never entered: the repository itself. */
  readonly isSelf: (stat: FileStat) => boolean;
  readonly oneFileSystem: boolean;
  /** Called between files: reports progress, lets other work of the process run, throws INTERRUPTED. */
  readonly pause: () => Promise<void> | undefined;
  readonly tally: WalkTally;
}

/** Running sums of a walk. */
export interface WalkTally {
  files: number;
  directories: number;
  bytesRead: number;
  unchangedFiles: number;
  /** Sum of file sizes, read or unchanged. */
  bytes: number;
}

/** A tree node is a block: with the other entries of the node it must stay below 1 MiB. */
const MAX_XATTR_BYTES = 512 * 1024;
const MAX_HARD_LINKS_KEPT = 200_000;

interface FirstLink {
  readonly path: Buffer;
  readonly size: number;
  readonly content: CID | null;
  readonly mtimeNs: bigint;
  left: number;
}

/** Where an entry is: on this machine, in the snapshot, and its own name. */
interface Place {
  readonly path: Buffer;
  readonly relative: Buffer;
  readonly name: Buffer;
}

/** Walks the source and stores it; directories in order of raw names, so equal input gives equal roots. */
export class Walker {
  readonly #deps: WalkDependencies;
  readonly #links = new Map<string, FirstLink>();
  readonly #context: BlockContext = {
    fileKind: 0,
    nameClass: 0,
    fileOffsetBytes: 0,
    fileNumber: 0,
    isTree: false,
  };

  constructor(deps: WalkDependencies) {
    this.#deps = deps;
  }

  /** Directories entered and not yet left. */
  #depth = 0;

  /** The node of a directory's contents. */
  async directory(path: Buffer, relative: Buffer, device: bigint): Promise<CID> {
    this.#depth += 1;
    if (isStackBreak(this.#depth)) await undefined;
    const directory = new DirectoryWriter(this.#deps.putNode);
    for (const name of this.#names(path)) {
      const place = {
        path: join(path, name),
        relative: relative.length === 0 ? name : join(relative, name),
        name,
      };
      const entry = await this.#entryOrProblem(place, device);
      if (entry !== undefined) directory.add(entry);
    }
    this.#depth -= 1;
    const node = directory.finish();
    // Coming back up a deep tree puts a node per level with no entry in between.
    if (this.#deps.writer.wantsDrain) await this.#deps.writer.drain();
    return node;
  }

  /** A named path given on the command line, as an entry of the root. */
  async root(path: Buffer, name: Buffer): Promise<TreeEntry | undefined> {
    return this.#entryOrProblem({ path, relative: name, name }, -1n);
  }

  /** A stream without a name of its own, as one file. */
  async stream(name: Buffer, stream: StreamSource, timeMs: number) {
    const content = await this.#content(stream.read, name, () => stream.fill());
    this.#deps.tally.files += 1;
    this.#deps.tally.bytes += content.size;
    const owner = [0, 0, '', ''] as const;
    const mtimeNs = BigInt(timeMs) * 1_000_000n;
    return {
      name,
      mode: 0o600,
      owner,
      mtimeNs,
      xattrs: [],
      hardLink: undefined,
      type: 'file' as const,
      ...content,
    };
  }

  #names(path: Buffer): Buffer[] {
    try {
      return this.#deps.fs.readDirectory(path).sort(Buffer.compare);
    } catch (error) {
      // The directory itself is stored, empty: its place and permissions are known.
      this.#deps.problems.addFailure(path, error);
      return [];
    }
  }

  async #entryOrProblem(place: Place, device: bigint): Promise<TreeEntry | undefined> {
    const { writer, problems } = this.#deps;
    if (writer.wantsDrain) await writer.drain();
    const pause = this.#deps.pause();
    if (pause !== undefined) await pause;
    if (this.#deps.isExcluded(place.relative.toString())) return undefined;
    try {
      return await this.#entry(place, device);
    } catch (error) {
      if (error instanceof SourceFailure) problems.addFailure(place.path, error.cause);
      else throw error;
      return undefined;
    }
  }

  async #entry(place: Place, device: bigint): Promise<TreeEntry | undefined> {
    const { fs, problems } = this.#deps;
    const stat = source(() => fs.lstat(place.path));
    const meta = this.#meta(place, stat);
    switch (stat.kind) {
      case 'file':
        return { ...meta, type: 'file', ...(await this.#file(place, stat)) };
      case 'directory': {
        if (this.#deps.isSelf(stat)) return undefined;
        this.#deps.tally.directories += 1;
        const other = this.#deps.oneFileSystem && device >= 0n && stat.device !== device;
        const node = other
          ? new DirectoryWriter(this.#deps.putNode).finish()
          : await this.directory(place.path, place.relative, stat.device);
        return { ...meta, type: 'directory', node };
      }
      case 'symlink':
        return { ...meta, type: 'symlink', target: source(() => fs.readLink(place.path)) };
      case 'fifo':
        return { ...meta, type: 'fifo' };
      case 'character-device':
      case 'block-device':
        return { ...meta, type: stat.kind, deviceNumber: stat.deviceNumber };
      case 'socket':
        problems.add(place.path, 'UNSUPPORTED', 'a socket has no content to store and is left out');
        return undefined;
    }
  }

  #meta(place: Place, stat: FileStat) {
    const { owners } = this.#deps;
    return {
      name: place.name,
      mode: stat.mode,
      owner: [stat.uid, stat.gid, owners.user(stat.uid), owners.group(stat.gid)] as const,
      mtimeNs: this.#mtime(place.path, stat.mtimeNs),
      xattrs: this.#xattrs(place.path),
      hardLink: undefined as Buffer | undefined,
    };
  }

  /** A tree node holds times of 64 bits; the nearest one it can hold stands for any other. */
  #mtime(path: Buffer, mtimeNs: bigint): bigint {
    if (mtimeNs === BigInt.asIntN(64, mtimeNs)) return mtimeNs;
    this.#deps.problems.add(path, 'UNSUPPORTED', 'its modification time is beyond the years 1677 to 2262');
    return mtimeNs < 0n ? -(2n ** 63n) : 2n ** 63n - 1n;
  }

  #xattrs(path: Buffer): [Uint8Array, Uint8Array][] {
    try {
      const found = this.#deps.fs.listXattrs(path);
      if (found.reduce((sum, { name, value }) => sum + name.length + value.length, 0) <= MAX_XATTR_BYTES) {
        return found.map(({ name, value }) => [name, value]);
      }
      this.#deps.problems.add(
        path,
        'UNSUPPORTED',
        'its extended attributes are too large to store and are left out',
      );
      return [];
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      this.#noteXattrs(path, errno, error);
      return [];
    }
  }

  /** A file without its attributes is better than none. */
  #noteXattrs(path: Buffer, errno: string, error: unknown): void {
    if (['ENOTSUP', 'EOPNOTSUPP', 'ENODATA', 'EACCES'].includes(errno)) return;
    if (errno !== 'ENOSYS') {
      this.#deps.problems.addFailure(path, error);
    } else if (!this.#hasToldXattrs) {
      this.#hasToldXattrs = true;
      this.#deps.problems.add(
        path,
        'UNSUPPORTED',
        'extended attributes are not stored: this machine offers no way to read them',
      );
    }
  }

  #hasToldXattrs = false;

  async #file(
    place: Place,
    stat: FileStat,
  ): Promise<{ size: number; content: CID | null; hardLink?: Buffer }> {
    const { tally } = this.#deps;
    tally.files += 1;
    const inode = stat.links > 1 ? `${stat.device}:${stat.inode}` : undefined;
    const first = inode === undefined ? undefined : this.#links.get(inode);
    if (first !== undefined && first.mtimeNs === stat.mtimeNs && first.size === stat.sizeBytes) {
      first.left -= 1;
      if (first.left === 0 && inode !== undefined) this.#links.delete(inode);
      tally.bytes += first.size;
      return { size: first.size, content: first.content, hardLink: first.path };
    }
    const stored = this.#unchanged(place, stat) ?? (await this.#read(place, stat));
    tally.bytes += stored.size;
    if (inode !== undefined && this.#links.size < MAX_HARD_LINKS_KEPT) {
      const { mtimeNs } = stat;
      this.#links.set(inode, { path: place.relative, ...stored, mtimeNs, left: stat.links - 1 });
    }
    return stored;
  }

  #unchanged(place: Place, stat: FileStat): { size: number; content: CID | null } | undefined {
    const { unchanged, tally, cache, clock } = this.#deps;
    if (unchanged === undefined) return undefined;
    const key = cacheKey(place.relative);
    const found = unchanged.find(key, stat);
    if (found === undefined) return undefined;
    const content = found.length === 0 ? null : decodeCid(found);
    if (content === undefined || !this.#isStored(content, stat.sizeBytes)) return undefined;
    tally.unchangedFiles += 1;
    cache?.add(key, stat, { content: found, nowMs: clock.nowMs() });
    return { size: stat.sizeBytes, content };
  }

  /** All of it: blocks may have been lost, by damage or `repair`, while the list of them is still there. */
  #isStored(content: CID | null, size: number): boolean {
    const { writer, readBlock } = this.#deps;
    if (content === null) return true;
    try {
      const { id, isNode } = blockOf(content);
      if (!isNode) return writer.isKnown(id);
      const nodes = [...fileNodes(content, readBlock)].every((node) => writer.isKnown(node));
      return (
        nodes && [...fileBlocks({ content, size }, readBlock)].every((block) => writer.isKnown(block.id))
      );
    } catch (error) {
      if (!hasCode(error) || hasCode(error, 'INTERNAL')) throw error;
      return false;
    }
  }

  async #read(place: Place, listed: FileStat): Promise<{ size: number; content: CID | null }> {
    const { fs, problems, cache, clock } = this.#deps;
    // Before the first byte is read: a change after it must not look settled.
    const nowMs = clock.nowMs();
    const fd = source(() => fs.open(place.path, 'read'));
    try {
      const before = source(() => fs.stat(fd));
      // Another file than the one listed may be one its owner may not read: its bytes are not stored.
      const isListed = before.inode === listed.inode && before.device === listed.device;
      if (before.kind !== 'file' || !isListed) throw new SourceFailure(changed());
      const stored = await this.#content(fileReader(fs, fd, before.sizeBytes), place.name);
      const after = source(() => fs.stat(fd));
      const steady = isSteady(listed, after) && stored.size === after.sizeBytes;
      if (!steady)
        problems.add(place.path, 'CHANGED', 'it changed while it was read; what was read is stored');
      else if (listed.ctimeNs === after.ctimeNs)
        cache?.add(cacheKey(place.relative), after, { content: stored.content?.bytes ?? EMPTY, nowMs });
      return stored;
    } finally {
      closeReader(fs, fd);
    }
  }

  /** `later` is awaited whenever `read` has nothing yet. */
  async #content(read: ReadInto, name: Buffer, later?: () => Promise<void>) {
    const { writer, chunker, putNode, tally } = this.#deps;
    const blocks = new FileListWriter(putNode);
    const context = this.#context;
    context.nameClass = nameClass(name);
    context.fileOffsetBytes = 0;
    context.fileNumber += 1;
    for (const chunk of chunker.blocksAsTheyCome(read)) {
      if (chunk === undefined) {
        await later?.();
        continue;
      }
      const { length } = chunk.raw;
      if (context.fileOffsetBytes === 0) context.fileKind = classify(chunk.raw);
      blocks.add(writer.put(chunk, context), length);
      context.fileOffsetBytes += length;
      tally.bytesRead += length;
      if (writer.wantsDrain) await writer.drain();
      const pause = this.#deps.pause();
      if (pause !== undefined) await pause;
    }
    return { size: context.fileOffsetBytes, content: blocks.finish() };
  }
}

const EMPTY = new Uint8Array(0);
