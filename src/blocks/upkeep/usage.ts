import type { CID } from 'multiformats/cid';
import { hasCode, must, PilotfishError } from '../../base/index.ts';
import { checkDepth } from '../browse/index.ts';
import { type DeltaRecord, depthAt, RECORD_TYPES } from '../pack/index.ts';
import type { Repository } from '../session/index.ts';
import type { BlockPlace } from '../store/index.ts';
import { blockOf, fileBlocks, fileNodes, readDirectory, type TreeEntry } from '../tree/index.ts';

/** What is needed of one pack, by block number. */
export interface PackUsage {
  /** Some snapshot needs the block. */
  readonly live: Uint8Array;
  /** The block is a directory or list node. */
  readonly node: Uint8Array;
  /** Packs with deltas, needed or not, whose base is a block here that no snapshot needs. */
  readonly pinnedBy: Set<string>;
}

const TURN_EVERY = 256;

/** Steps from a block to bytes that need no other record, as its pack's footer says. */
export const depthOf = ({ table, block }: BlockPlace): number => depthAt(table, block);

const byDepth = (a: BlockPlace, b: BlockPlace): number => depthOf(a) - depthOf(b);

/**
 * Which blocks the snapshots need, and which packs their deltas need: two bytes a block and a set of directory ids.
 * Everything must be there: upkeep on a damaged repository could make the damage final.
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

  /**
   * Marks what the snapshots need. Throws when one of them or a pack cannot be read: such a pack may hold deltas that
   * rest on what looks unneeded.
   */
  async markAll(): Promise<void> {
    const { packs, snapshots } = this.#repository;
    const [damaged] = packs.damaged.values();
    if (damaged !== undefined) throw damaged;
    const all = snapshots.list((error) => {
      throw error;
    });
    for (const { root } of all) await this.#directory(root, 0);
  }

  /**
   * Finds which packs hold bases that no snapshot needs, of deltas in packs that are needed. Of all their deltas: one
   * that nobody needs is there all the same, and a writer that finds it takes its block for stored. Reads each of
   * their records, so only when something is to be removed.
   */
  async pinBases(): Promise<void> {
    // Packs needed for a base alone join while this goes on, and are walked as well.
    for (const pack of this.#packs.keys()) {
      const table = this.#repository.packs.table(pack);
      for (let record = 0; record < table.recordCount; record++) {
        if (table.types[record] !== RECORD_TYPES.delta) continue;
        await this.#turn();
        this.#pinBase({ pack, block: must(table.firstBlock[record], 'a record has a first block'), table });
      }
    }
  }

  #pinBase(delta: BlockPlace): void {
    const { packs, reader } = this.#repository;
    const record = packs.record(delta.pack, must(delta.table.recordOf[delta.block], 'a block has a record'));
    const { base } = record as DeltaRecord;
    // A base in the same pack goes where the delta goes.
    if (base.kind === 'here') return;
    const copies = packs.places(base.id).filter((copy) => depthOf(copy) < depthOf(delta));
    // A needed one stays, or is moved and gets no deeper.
    if (copies.some((copy) => this.#isLive(copy))) return;
    const pinned = copies.sort(byDepth)[0] ?? reader.basePlace(record as DeltaRecord, delta);
    this.#usage(pinned).pinnedBy.add(delta.pack);
  }

  #isLive({ pack, block }: BlockPlace): boolean {
    return this.#packs.get(pack)?.live[block] === 1;
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
    const place = this.#placeOf(id);
    const usage = this.#usage(place);
    usage.live[place.block] = 1;
    if (isNode) usage.node[place.block] = 1;
  }

  /**
   * Where the block is needed: of several copies one that reads back, with the shortest chain, since that is the one
   * deltas rest on. An interrupted run stores blocks twice, and so do two writers at once.
   */
  #placeOf(id: string): BlockPlace {
    const { packs } = this.#repository;
    const copies = packs.places(id);
    const only = copies.length > 1 ? copies.find((copy) => this.#isLive(copy)) : copies[0];
    const place = only ?? this.#bestOf(copies) ?? packs.locateOrRebuild(id);
    if (place !== undefined) return place;
    throw new PilotfishError(
      'MISSING',
      `block ${id}, which a snapshot needs, is in no readable pack: run \`pilotfish repair\` first`,
    );
  }

  /** The first in order of depth that reads back. Throws what is wrong with the last when none does. */
  #bestOf(copies: readonly BlockPlace[]): BlockPlace | undefined {
    // The newest first among equals: what an interrupted run has done stands.
    const order = copies.toReversed().sort(byDepth);
    return order.find((copy, i) => {
      try {
        this.#repository.reader.readPlace(copy);
        return true;
      } catch (error) {
        if (!hasCode(error) || i === order.length - 1) throw error;
        return false;
      }
    });
  }

  #usage(place: BlockPlace): PackUsage {
    const kept = this.#packs.get(place.pack);
    if (kept !== undefined) return kept;
    const size = place.table.blockCount;
    const usage = {
      live: new Uint8Array(size),
      node: new Uint8Array(size),
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
