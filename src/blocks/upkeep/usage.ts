import type { CID } from 'multiformats/cid';
import { must, PilotfishError } from '../../base/index.ts';
import { checkDepth } from '../browse/index.ts';
import { type DeltaRecord, RECORD_TYPES } from '../pack/index.ts';
import type { Repository } from '../session/index.ts';
import type { BlockPlace } from '../store/index.ts';
import { blockOf, fileBlocks, fileNodes, readDirectory, type TreeEntry } from '../tree/index.ts';

/** What is needed of one pack, by block number. */
export interface PackUsage {
  /** Some snapshot needs the block. */
  readonly live: Uint8Array;
  /** The block is a directory or list node. */
  readonly node: Uint8Array;
  /** Only deltas that are live need it, as their base. */
  readonly pinned: Uint8Array;
  /** Packs holding deltas in use whose base is a block here. */
  readonly pinnedBy: Set<string>;
}

const TURN_EVERY = 256;

/**
 * Which blocks the snapshots need, and which their deltas need: a byte a block and a set of directory ids. Everything
 * must be there: upkeep on a damaged repository could make the damage final.
 */
export class Usage {
  readonly #repository: Repository;
  readonly #packs = new Map<string, PackUsage>();
  readonly #seen = new Set<string>();
  readonly #throwIfInterrupted: () => void;
  #steps = 0;

  constructor(repository: Repository, throwIfInterrupted: () => void) {
    this.#repository = repository;
    this.#throwIfInterrupted = throwIfInterrupted;
  }

  /** Packs of which anything is needed, with what. */
  get packs(): ReadonlyMap<string, PackUsage> {
    return this.#packs;
  }

  /** Marks what the given roots need. */
  async markRoots(roots: readonly CID[]): Promise<void> {
    for (const root of roots) await this.#directory(root, 0);
  }

  /** Marks the bases of live deltas. Reads each of their records, so only when something is to be removed. */
  async pinBases(): Promise<void> {
    const open: BlockPlace[] = [];
    for (const [pack, usage] of this.#packs) {
      const table = this.#repository.packs.table(pack);
      for (let block = 0; block < table.blockCount; block++)
        if (usage.live[block] === 1) open.push({ pack, block, table });
      await this.#pinFrom(open);
    }
  }

  async #pinFrom(open: BlockPlace[]): Promise<void> {
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      await this.#turn();
      const base = this.#baseOf(place);
      if (base === undefined) continue;
      const usage = this.#usage(base);
      // Of live bases too: written anew one may become a deeper delta, or one against what is based on it.
      usage.pinnedBy.add(place.pack);
      if (usage.live[base.block] === 1) continue;
      if (usage.pinned[base.block] === 1) continue;
      usage.pinned[base.block] = 1;
      open.push(base);
    }
  }

  #baseOf(place: BlockPlace): BlockPlace | undefined {
    const { table } = place;
    const record = must(table.recordOf[place.block], 'a block has a record');
    if (table.types[record] !== RECORD_TYPES.delta) return undefined;
    return this.#repository.reader.basePlace(
      this.#repository.packs.record(place.pack, record) as DeltaRecord,
      place,
    );
  }

  async #directory(node: CID, depth: number): Promise<void> {
    checkDepth(depth);
    const { id } = blockOf(node);
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    const read = (block: string): Uint8Array => {
      this.#mark(block, true);
      return this.#repository.reader.read(block);
    };
    for (const entry of readDirectory(node, read)) {
      await this.#turn();
      if (entry.type === 'directory') await this.#directory(entry.node, depth + 1);
      else if (entry.type === 'file') this.#file(entry, read);
    }
  }

  #file(entry: TreeEntry & { type: 'file' }, read: (id: string) => Uint8Array): void {
    if (entry.content === null) return;
    const { id, isNode } = blockOf(entry.content);
    if (!isNode) {
      this.#mark(id, false);
      return;
    }
    for (const node of fileNodes(entry.content, read)) this.#mark(node, true);
    for (const block of fileBlocks(entry, read)) this.#mark(block.id, false);
  }

  #mark(id: string, isNode: boolean): void {
    const place = this.#repository.packs.locateOrRebuild(id);
    if (place === undefined) {
      throw new PilotfishError(
        'MISSING',
        `block ${id}, which a snapshot needs, is in no readable pack: run \`pilotfish repair\` first`,
      );
    }
    const usage = this.#usage(place);
    usage.live[place.block] = 1;
    if (isNode) usage.node[place.block] = 1;
  }

  #usage(place: BlockPlace): PackUsage {
    const kept = this.#packs.get(place.pack);
    if (kept !== undefined) return kept;
    const size = place.table.blockCount;
    const usage = {
      live: new Uint8Array(size),
      node: new Uint8Array(size),
      pinned: new Uint8Array(size),
      pinnedBy: new Set<string>(),
    };
    this.#packs.set(place.pack, usage);
    return usage;
  }

  async #turn(): Promise<void> {
    this.#steps += 1;
    if (this.#steps % TURN_EVERY !== 0) return;
    await this.#repository.ports.clock.turn();
    this.#throwIfInterrupted();
  }
}
