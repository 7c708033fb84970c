import type { CID } from 'multiformats/cid';
import { encodeDirectory } from './entry-codec.ts';
import { encodeNode, FAN_OUT, NODE_BYTES, nodeCid, rawCid, type TreeEntry } from './node.ts';

/** Stores the bytes of a node; returns its block id. */
export type PutNode = (bytes: Uint8Array) => string;

/** Rough bytes an entry takes beside its name, link targets and attributes. */
const ENTRY_BYTES = 80;

interface Part {
  readonly first: Uint8Array;
  readonly cid: CID;
}

/** Collects the entries of one directory, given in name order; memory is one part and the list of parts. */
export class DirectoryWriter {
  readonly #put: PutNode;
  readonly #parts: Part[] = [];
  #entries: TreeEntry[] = [];
  #bytes = 0;

  constructor(put: PutNode) {
    this.#put = put;
  }

  /** Appends an entry. A part is closed by count, and by size where names or attributes are long. */
  add(entry: TreeEntry): void {
    const size = entryBytes(entry);
    const full = this.#entries.length === FAN_OUT || this.#bytes + size > NODE_BYTES;
    if (full && this.#entries.length > 0) this.#closePart();
    this.#entries.push(entry);
    this.#bytes += size;
  }

  /** The node of the directory. */
  finish(): CID {
    if (this.#parts.length === 0 || this.#entries.length > 0) this.#closePart();
    let level = this.#parts;
    while (level.length > 1) level = this.#join(level);
    return (level[0] as Part).cid;
  }

  #closePart(): void {
    const first = this.#entries[0]?.name ?? new Uint8Array(0);
    this.#parts.push({ first, cid: nodeCid(this.#put(encodeDirectory(this.#entries))) });
    this.#entries = [];
    this.#bytes = 0;
  }

  #join(level: readonly Part[]): Part[] {
    const above: Part[] = [];
    for (let at = 0; at < level.length; at += FAN_OUT) {
      const slice = level.slice(at, at + FAN_OUT);
      const bytes = encodeNode({ t: 'parts', p: slice.map(({ first, cid }) => [first, cid]) });
      above.push({ first: (slice[0] as Part).first, cid: nodeCid(this.#put(bytes)) });
    }
    return above;
  }
}

function entryBytes(entry: TreeEntry): number {
  let bytes = ENTRY_BYTES + entry.name.length + (entry.hardLink?.length ?? 0);
  if (entry.type === 'symlink') bytes += entry.target.length;
  for (const [name, value] of entry.xattrs) bytes += name.length + value.length;
  return bytes;
}

interface LinkList {
  lengths: number[];
  links: CID[];
}

/** Collects the blocks of one file; memory is one list of at most FAN_OUT links per level. */
export class FileListWriter {
  readonly #put: PutNode;
  readonly #levels: LinkList[] = [];
  #first: { id: string; length: number } | undefined;
  #blocks = 0;

  constructor(put: PutNode) {
    this.#put = put;
  }

  /** Appends a block. */
  add(id: string, length: number): void {
    this.#blocks += 1;
    if (this.#first === undefined) {
      this.#first = { id, length };
      return;
    }
    if (this.#blocks === 2) this.#push(0, this.#first.length, rawCid(this.#first.id));
    this.#push(0, length, rawCid(id));
  }

  /** The content link of the file: null when empty, the block itself when there is one, else a file node. */
  finish(): CID | null {
    if (this.#first === undefined) return null;
    if (this.#blocks === 1) return rawCid(this.#first.id);
    for (let level = 0; ; level++) {
      const closed = this.#close(level);
      if (level === this.#levels.length - 1) return closed.cid;
      this.#push(level + 1, closed.length, closed.cid);
    }
  }

  #push(level: number, length: number, link: CID): void {
    if (this.#levels[level]?.links.length === FAN_OUT) {
      const closed = this.#close(level);
      this.#push(level + 1, closed.length, closed.cid);
    }
    this.#levels[level] ??= { lengths: [], links: [] };
    this.#levels[level].lengths.push(length);
    this.#levels[level].links.push(link);
  }

  #close(level: number): { cid: CID; length: number } {
    const { lengths, links } = this.#levels[level] as LinkList;
    const length = lengths.reduce((sum, part) => sum + part, 0);
    const cid = nodeCid(this.#put(encodeNode({ t: 'file', l: lengths, c: links })));
    this.#levels[level] = { lengths: [], links: [] };
    return { cid, length };
  }
}
