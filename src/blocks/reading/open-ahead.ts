import { KIB, MIB } from '../../base/index.ts';
import type { ReadAhead } from '../ahead/index.ts';
import type { BlockReader } from '../store/index.ts';
import { type FileBlock, fileBlocks, type ReadBlock, type TreeEntry } from '../tree/index.ts';
import { AdvisedAhead } from './advised-ahead.ts';
import type { AheadCounts } from './blocks-ahead.ts';
import { TreeAhead } from './tree-ahead.ts';

/** Below this the worker thread has hardly started when all is read (measured: bench/reading). */
const LEAST_BYTES = 128 * MIB;
/** Files smaller than this on average take longer to create than to decode: ordering them costs what it saves. */
const LEAST_FILE_BYTES = 32 * KIB;

/** How blocks are read before it is their turn. */
export interface ReadAheadOptions {
  /** Says what to read ahead; without one, what the tree says comes next. */
  readonly adviser?: ReadAhead | undefined;
  /** Read ahead from the first block on, however little there is to read: waits until the thread has started. */
  readonly always?: boolean;
}

/** Reading a tree, ahead or not. */
export interface TreeReading {
  readonly read: ReadBlock;
  /** For the contents of large files: valid until the next block is read. */
  readonly readOnce: ReadBlock;
  /** The data blocks of one file, which are read one after the other. */
  blocks(file: FileEntry): Iterable<FileBlock>;
  /** Undefined where nothing is read ahead. */
  readonly tree: TreeAhead | undefined;
  /** All zero where nothing is read ahead. */
  readonly counts: Readonly<AheadCounts>;
  /** Resolves when reading may begin: with `always` once the thread has started. */
  started(): Promise<void>;
  /** Ends the thread, if there is one; never throws. */
  close(): Promise<void>;
}

type FileEntry = TreeEntry & { readonly type: 'file' };

/** What is to be read. */
export interface Extent {
  readonly files: number;
  readonly bytes: number;
}

/** Begins reading ahead, where that is asked for, allowed and worth it; false: it is not asked for. */
export function openTreeReading(
  reader: BlockReader,
  threads: number,
  { extent, options }: { extent: Extent; options: ReadAheadOptions | false },
): TreeReading {
  if (options === false || threads === 0 || (options.always !== true && !isWorthIt(extent))) {
    const read: ReadBlock = (id) => reader.read(id);
    return {
      read,
      readOnce: (id) => reader.readOnce(id),
      blocks: (file) => fileBlocks(file, read),
      tree: undefined,
      counts: { issued: 0, used: 0, wasted: 0 },
      started: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }
  const ahead = new AdvisedAhead(reader, options.adviser);
  return readingAhead(reader, ahead, options.always === true ? ahead.started : Promise.resolve());
}

function readingAhead(reader: BlockReader, ahead: AdvisedAhead, started: Promise<void>): TreeReading {
  const tree = new TreeAhead(ahead, (id) => reader.read(id));
  const followed =
    (from: ReadBlock): ReadBlock =>
    (id) => {
      ahead.accessed(id);
      // Before, not after: it may read nodes, and what was lent is valid until the next block is read.
      tree.fill();
      return from(id);
    };
  const read = followed((id) => reader.read(id));
  return {
    read,
    readOnce: followed((id) => reader.readOnce(id)),
    blocks: (file) => tree.blocks(file),
    tree,
    counts: ahead.counts,
    started: () => started,
    close: () => ahead.close(),
  };
}

function isWorthIt({ files, bytes }: Extent): boolean {
  return bytes >= LEAST_BYTES && bytes >= files * LEAST_FILE_BYTES;
}
