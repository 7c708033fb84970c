import type { CID } from 'multiformats/cid';
import {
  blockOf,
  type FileBlock,
  fileBlocks,
  type ReadBlock,
  readDirectory,
  type TreeEntry,
} from '../tree/index.ts';
import type { AdvisedAhead } from './advised-ahead.ts';

/** Entries decoded before it is their turn: trees of links, empty files and blocks at hand order nothing. */
const MAX_LEAD = 2048;
/** Steps at one time. */
const MAX_STEPS = 4096;
/** Entries of a directory among which its directories are looked for when it is entered. */
const NODES_AHEAD = 64;

type FileEntry = TreeEntry & { readonly type: 'file' };

/** A directory that is being listed: the entries that were looked at ahead come first. */
class Listing {
  /** Entries handed out. */
  taken = 0;
  readonly ahead: TreeEntry[] = [];
  /** Directories of it that were opened ahead. */
  readonly children = new Map<TreeEntry, Listing>();
  readonly #entries: Iterator<TreeEntry, void>;
  #failure: { readonly error: unknown } | undefined;
  #isDone = false;

  constructor(node: CID, read: ReadBlock) {
    this.#entries = readDirectory(node, read);
  }

  /** The next entry. Throws, in its place, what went wrong with the directory. */
  take(): TreeEntry | undefined {
    const entry = this.at(this.taken);
    if (entry !== undefined) {
      this.taken += 1;
      this.ahead.shift();
    } else if (this.#failure !== undefined) throw this.#failure.error;
    return entry;
  }

  /** The entry at a place not handed out yet; undefined where none can be read. */
  at(place: number): TreeEntry | undefined {
    while (this.taken + this.ahead.length <= place && !this.#isDone) this.#pull();
    return this.ahead[place - this.taken];
  }

  #pull(): void {
    try {
      const { done, value } = this.#entries.next();
      if (done !== true) this.ahead.push(value);
      else this.#isDone = true;
    } catch (error) {
      this.#failure = { error };
      this.#isDone = true;
    }
  }
}

/** How far a listing was looked through. */
interface Scouted {
  readonly listing: Listing;
  next: number;
}

/**
 * Walks a tree ahead of the one who restores it, and orders the blocks in the order in which they will be asked for.
 * Entries are decoded once, for both; the one behind gets them, and errors, as if nobody had walked ahead.
 */
export class TreeAhead {
  readonly #ahead: AdvisedAhead;
  readonly #read: ReadBlock;
  /** Listings the one behind is in, the root first. */
  readonly #path: Listing[] = [];
  /** Listings on the way to where this has looked. */
  #scouted: Scouted[] = [];
  /** Whether the one behind has gone where this had not looked. */
  #isBehind = false;
  /** Entries looked at whose turn has not come. */
  #lead = 0;
  /** While more is outstanding and looked at than this, nothing is ordered: waking the thread takes a while. */
  #enough = 0;
  #enoughLead = 0;
  /** Blocks of the file last looked at. */
  #blocks: Iterator<FileBlock, void> | undefined;
  /** The file that is read now, and how many of its blocks were handed out. */
  #file: { readonly file: FileEntry; readonly taken: number } | undefined;

  constructor(ahead: AdvisedAhead, read: ReadBlock) {
    this.#ahead = ahead;
    this.#read = read;
  }

  /** The entries of a directory; `entry`, where it has one, is what was listed for it. */
  *entries(node: CID, entry?: TreeEntry): Generator<TreeEntry, void> {
    const listing = this.#enter(node, entry);
    let last: TreeEntry | undefined;
    try {
      for (;;) {
        if (last !== undefined && listing.children.delete(last)) this.#isBehind = true;
        this.fill();
        last = listing.take();
        if (last === undefined) return;
        this.#lead -= 1;
        yield last;
      }
    } finally {
      this.#path.pop();
    }
  }

  /** The data blocks of a file, which the one behind reads now. */
  *blocks(file: FileEntry): Generator<FileBlock, void> {
    const reading = { file, taken: 0 };
    this.#file = reading;
    // Outside of a listing nobody has looked at it.
    if (this.#path.length === 0) this.#isBehind = true;
    try {
      for (const block of fileBlocks(file, this.#read)) {
        reading.taken += 1;
        yield block;
      }
    } finally {
      this.#file = undefined;
    }
  }

  /** Orders what comes next, as far as there is room. */
  fill(): void {
    const { isReady, outstanding } = this.#ahead;
    if (!isReady || (outstanding > this.#enough && this.#lead > this.#enoughLead)) return;
    if (this.#isBehind) this.#catchUp();
    for (let step = 0; step < MAX_STEPS && this.#ahead.hasRoom && this.#look(); step++);
    this.#ahead.wake();
    this.#enough = this.#ahead.outstanding >> 1;
    this.#enoughLead = this.#lead >> 1;
  }

  #catchUp(): void {
    this.#isBehind = false;
    this.#lead = 0;
    this.#scouted = this.#path.map((listing) => ({ listing, next: listing.taken }));
    this.#blocks = undefined;
    if (this.#file === undefined) return;
    const { file, taken } = this.#file;
    this.#blocks = fileBlocks(file, this.#read);
    for (let i = 0; i < taken && this.#blocks !== undefined; i++) this.#nextBlock(this.#blocks, false);
  }

  #enter(node: CID, entry: TreeEntry | undefined): Listing {
    const parent = this.#path.at(-1);
    const opened = entry === undefined ? undefined : parent?.children.get(entry);
    if (entry !== undefined) parent?.children.delete(entry);
    const listing = opened ?? new Listing(node, this.#read);
    this.#path.push(listing);
    if (opened === undefined) this.#isBehind = true;
    return listing;
  }

  /** Looks one step further; false when that has to wait. */
  #look(): boolean {
    if (this.#blocks !== undefined) {
      this.#nextBlock(this.#blocks, true);
      return true;
    }
    const at = this.#scouted.at(-1);
    if (at === undefined) return false;
    at.next = Math.max(at.next, at.listing.taken);
    if (this.#lead >= MAX_LEAD) return false;
    const entry = at.listing.at(at.next);
    if (entry === undefined) {
      this.#scouted.pop();
      return true;
    }
    at.next += 1;
    this.#lead += 1;
    this.#follow(entry, at.listing);
    return true;
  }

  /** Orders what an entry needs. Nodes are read at once: what they lead to cannot be ordered without them. */
  #follow(entry: TreeEntry, listing: Listing): void {
    if (entry.type === 'directory') {
      const child = new Listing(entry.node, this.#read);
      listing.children.set(entry, child);
      this.#scouted.push({ listing: child, next: 0 });
      for (let place = 0; place < NODES_AHEAD; place++) {
        const below = child.at(place);
        if (below?.type === 'directory') this.#ahead.expect(blockOf(below.node).id);
      }
      return;
    }
    // Of several names of one file the first is written, the others are links to it.
    if (entry.type !== 'file' || entry.content === null || entry.hardLink !== undefined) return;
    const { id, isNode } = blockOf(entry.content);
    if (isNode) this.#blocks = fileBlocks(entry, this.#read);
    else this.#ahead.expect(id);
  }

  #nextBlock(blocks: Iterator<FileBlock, void>, isNew: boolean): void {
    try {
      const { done, value } = blocks.next();
      if (done === true) this.#blocks = undefined;
      else if (isNew) this.#ahead.expect(value.id);
    } catch {
      // The one behind will find out by itself.
      this.#blocks = undefined;
    }
  }
}
