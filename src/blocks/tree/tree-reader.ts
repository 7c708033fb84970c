import type { CID } from 'multiformats/cid';
import { PilotfishError } from '../../base/index.ts';
import { count, decodeDirectory, link, list } from './entry-codec.ts';
import { badNode, blockOf, decodeNode, type TreeEntry } from './node.ts';

/** Reads a block by id, verified. */
export type ReadBlock = (id: string) => Uint8Array;

/** Parts and file nodes are at most this deep: 1024^4 entries. */
const MAX_NODE_DEPTH = 4;

/** The entries of a directory in name order, whatever its number of parts. Throws DAMAGED when out of order. */
export function* readDirectory(node: CID, read: ReadBlock): Generator<TreeEntry, void> {
  let last: Uint8Array | undefined;
  for (const entry of unordered(node, read, 0)) {
    if (last !== undefined && Buffer.compare(last, entry.name) >= 0) throw badNode('names out of order');
    last = entry.name;
    yield entry;
  }
}

function* unordered(node: CID, read: ReadBlock, depth: number): Generator<TreeEntry, void> {
  if (depth > MAX_NODE_DEPTH) throw tooDeep();
  const { id, isNode } = blockOf(node);
  if (!isNode) throw badNode('a directory that is a data block');
  const directory = decodeDirectory(read(id));
  // An empty part adds nothing, and enough of them, nested, would keep a reader busy for ever.
  const size = 'entries' in directory ? directory.entries.length : directory.parts.length;
  if (size === 0 && (depth > 0 || 'parts' in directory)) throw badNode('an empty part');
  if ('entries' in directory) {
    yield* directory.entries;
    return;
  }
  for (const part of directory.parts) yield* unordered(part, read, depth + 1);
}

/** A data block of a file. */
export interface FileBlock {
  readonly id: string;
  readonly length: number;
}

/** The data blocks of a file in order. Throws DAMAGED when lengths do not add up to the file's size. */
export function* fileBlocks(
  file: { content: CID | null; size: number },
  read: ReadBlock,
): Generator<FileBlock, void> {
  let total = 0;
  if (file.content !== null) {
    for (const block of linkedBlocks(file.content, file.size, { read, depth: 0 })) {
      total += block.length;
      if (total > file.size) break;
      yield block;
    }
  }
  if (total !== file.size) throw badNode(`a file of ${file.size} bytes has blocks of ${total}`);
}

function* linkedBlocks(
  cid: CID,
  length: number,
  at: { read: ReadBlock; depth: number },
): Generator<FileBlock, void> {
  const { id, isNode } = blockOf(cid);
  if (!isNode) {
    yield { id, length };
    return;
  }
  if (at.depth > MAX_NODE_DEPTH) throw tooDeep();
  const node = decodeNode(at.read(id));
  const lengths = list(node.l).map(count);
  const links = list(node.c);
  if (node.t !== 'file' || links.length === 0 || lengths.length !== links.length)
    throw badNode('a file node');
  // Before going down: parts that are longer than the whole could be repeated without end.
  if (lengths.reduce((sum, part) => sum + part, 0) !== length) throw badNode('parts that do not add up');
  for (let i = 0; i < links.length; i++) {
    const part = lengths[i] as number;
    if (part === 0) throw badNode('a part of a file without length');
    yield* linkedBlocks(link(links[i]), part, { read: at.read, depth: at.depth + 1 });
  }
}

/** Ids of the nodes of a file's chunk list, for checks that must see every block. */
export function* fileNodes(content: CID | null, read: ReadBlock): Generator<string, void> {
  if (content !== null) yield* nodesBelow(content, read, { depth: 0, seen: new Set() });
}

/** Each node once, however often it is linked. */
function* nodesBelow(
  cid: CID,
  read: ReadBlock,
  at: { depth: number; seen: Set<string> },
): Generator<string, void> {
  const { id, isNode } = blockOf(cid);
  if (!isNode || at.seen.has(id)) return;
  if (at.depth > MAX_NODE_DEPTH) throw tooDeep();
  at.seen.add(id);
  yield id;
  const node = decodeNode(read(id));
  for (const child of list(node.c))
    yield* nodesBelow(link(child), read, { depth: at.depth + 1, seen: at.seen });
}

function tooDeep(): PilotfishError {
  return new PilotfishError(
    'LIMIT',
    'tree nodes are nested deeper than this store ever writes: the repository is forged',
  );
}
