import type { CID } from 'multiformats/cid';
import { PilotfishError } from '../../base/index.ts';
import { classify } from '../../signals/index.ts';
import { checkDepth } from '../browse/index.ts';
import { Chunker } from '../chunk/index.ts';
import type { StoredSnapshot } from '../repo/index.ts';
import { BlockOutput, type Repository } from '../session/index.ts';
import { nameClass } from '../source/index.ts';
import type { BlockContext } from '../store/index.ts';
import {
  blockOf,
  fileBlocks,
  fileNodes,
  type ReadBlock,
  readDirectory,
  type TreeEntry,
} from '../tree/index.ts';

const NODE = { isTree: true, nameClass: 0, fileOffsetBytes: 0, fileNumber: 0 } as const;

export interface CopyOptions {
  /** Which snapshots (ids, prefixes, `latest`); default: all. */
  readonly snapshots?: readonly string[];
  readonly onProgress?: (done: { snapshots: number; totalSnapshots: number; blocks: number }) => void;
  readonly signal?: AbortSignal;
}

export interface CopyResult {
  /** Ids of the snapshots copied; those the target had are left out. */
  readonly copied: readonly string[];
  /** Blocks the target did not have. */
  readonly newBlocks: number;
}

/**
 * Copies snapshots to another repository, which may be encrypted otherwise or cut blocks otherwise: blocks go over as
 * they are, so roots and snapshot ids stay the same. Each snapshot is committed on its own.
 */
export async function copySnapshots(
  from: Repository,
  to: Repository,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const all = options.snapshots?.map((name) => from.snapshots.resolve(name)) ?? from.snapshots.list(throwIt);
  const there = new Set(to.snapshots.diskIds());
  const missing = all.filter(({ id }) => !there.has(to.sealer.diskId(id)));
  // Each once, however often it is named.
  const wanted = new Map(missing.map((snapshot) => [snapshot.id, snapshot]));
  const copied: string[] = [];
  const run = new CopyRun(from, to, options.signal);
  try {
    for (const snapshot of wanted.values()) {
      await run.copy(snapshot);
      copied.push(snapshot.id);
      const blocks = run.newBlocks;
      options.onProgress?.({ snapshots: copied.length, totalSnapshots: wanted.size, blocks });
    }
    return { copied, newBlocks: run.newBlocks };
  } finally {
    await run.close();
  }
}

function throwIt(error: PilotfishError): never {
  throw error;
}

class CopyRun {
  readonly #from: Repository;
  readonly #to: Repository;
  readonly #signal: AbortSignal | undefined;
  readonly #output: BlockOutput;
  readonly #chunker: Chunker;
  readonly #read: ReadBlock;
  /** Directories that are in the target, or on their way there. */
  readonly #done = new Set<string>();

  constructor(from: Repository, to: Repository, signal: AbortSignal | undefined) {
    this.#from = from;
    this.#to = to;
    this.#signal = signal;
    this.#output = new BlockOutput(to, { isStored: (id) => to.packs.holds(id) });
    this.#chunker = new Chunker(to.config.averageBlockBytes, to.sealer.gearSeed);
    this.#read = (id) => from.reader.read(id);
  }

  /** Blocks the target did not have. */
  get newBlocks(): number {
    return this.#output.writer.counters.newBlocks;
  }

  /** Copies what a snapshot needs, and commits it. */
  async copy(snapshot: StoredSnapshot): Promise<void> {
    await this.#directory(snapshot.root, 0);
    await this.#output.writer.finish();
    const { id: _, ...content } = snapshot;
    this.#to.publishSnapshot(content);
  }

  /** Stops the threads; never throws. */
  close(): Promise<void> {
    return this.#output.close();
  }

  async #directory(node: CID, depth: number): Promise<void> {
    checkDepth(depth);
    const { id } = blockOf(node);
    if (this.#done.has(id)) return;
    this.#done.add(id);
    const nodes: string[] = [];
    const read: ReadBlock = (block) => {
      nodes.push(block);
      return this.#read(block);
    };
    for (const entry of readDirectory(node, read)) {
      if (entry.type === 'directory') await this.#directory(entry.node, depth + 1);
      else if (entry.type === 'file') await this.#file(entry);
    }
    for (const block of nodes) await this.#put(block, NODE);
    await this.#from.ports.clock.turn();
    if (this.#signal?.aborted) {
      throw new PilotfishError(
        'INTERRUPTED',
        'interrupted: snapshots copied so far are complete; run it again to go on',
      );
    }
  }

  async #file(entry: TreeEntry & { type: 'file' }): Promise<void> {
    const name = nameClass(entry.name);
    let fileOffsetBytes = 0;
    for (const { id, length } of fileBlocks(entry, this.#read)) {
      await this.#put(id, { isTree: false, nameClass: name, fileOffsetBytes, fileNumber: 0 });
      fileOffsetBytes += length;
    }
    for (const id of fileNodes(entry.content, this.#read)) await this.#put(id, NODE);
  }

  async #put(id: string, context: Omit<BlockContext, 'fileKind'>): Promise<void> {
    const { writer } = this.#output;
    if (writer.isKnown(id)) return;
    const raw = this.#read(id);
    writer.put(this.#chunker.whole(raw), { ...context, fileKind: classify(raw) });
    if (writer.wantsDrain) await writer.drain();
  }
}
