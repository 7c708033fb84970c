import type { CID } from 'multiformats/cid';
import { checkDepth, childPath, isStackBreak } from '../browse/index.ts';
import {
  blockOf,
  fileBlocks,
  fileNodes,
  type ReadBlock,
  readDirectory,
  type TreeEntry,
} from '../tree/index.ts';

/** Nodes and files remembered as sound, so that snapshots with much in common cost little; beyond, only time is lost. */
const MAX_REMEMBERED = 500_000;
const TURN_EVERY = 512;

export interface TreeCheck {
  /** Reads a node. */
  readonly read: ReadBlock;
  /** Throws when a block is not there, known to be bad, or of another length than its file says. */
  readonly use: (id: string, length?: number) => void;
  /** Notes what is wrong with a path, or throws what must stop the run. */
  readonly note: (path: Buffer, error: unknown) => void;
  /** Serves signals; throws when interrupted. */
  readonly turn: () => Promise<void>;
}

/** Checks that everything a directory needs is there; one bad directory or file does not hide the others. */
export class TreeVerifier {
  readonly #check: TreeCheck;
  readonly #sound = new Set<string>();
  #entries = 0;

  constructor(check: TreeCheck) {
    this.#check = check;
  }

  /** True when nothing below the node was noted. */
  async directory(node: CID, path: Buffer, depth: number): Promise<boolean> {
    checkDepth(depth);
    const { id } = blockOf(node);
    if (this.#sound.has(id)) return true;
    if (isStackBreak(depth)) await undefined;
    let isSound = true;
    try {
      for (const entry of readDirectory(node, this.#check.read)) {
        if (!(await this.#entry(entry, childPath(path, entry.name), depth))) isSound = false;
      }
    } catch (error) {
      this.#check.note(path, error);
      return false;
    }
    if (isSound) this.#remember(id);
    return isSound;
  }

  async #entry(entry: TreeEntry, path: Buffer, depth: number): Promise<boolean> {
    this.#entries += 1;
    if (this.#entries % TURN_EVERY === 0) await this.#check.turn();
    if (entry.type === 'directory') return this.directory(entry.node, path, depth + 1);
    return entry.type !== 'file' || (await this.#file(entry, path));
  }

  async #file(entry: TreeEntry & { type: 'file' }, path: Buffer): Promise<boolean> {
    try {
      // With the size: another file may claim the same content at another length.
      const key = `${entry.content === null ? '' : blockOf(entry.content).id} ${entry.size}`;
      if (this.#sound.has(key)) return true;
      for (const node of fileNodes(entry.content, this.#check.read)) this.#check.use(node);
      for (const block of fileBlocks(entry, this.#check.read)) {
        this.#check.use(block.id, block.length);
        this.#entries += 1;
        if (this.#entries % TURN_EVERY === 0) await this.#check.turn();
      }
      this.#remember(key);
      return true;
    } catch (error) {
      this.#check.note(path, error);
      return false;
    }
  }

  #remember(id: string): void {
    if (this.#sound.size < MAX_REMEMBERED) this.#sound.add(id);
  }
}
