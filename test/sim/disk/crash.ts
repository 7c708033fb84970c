import type { Rng } from '../../../src/base/index.ts';
import { noise, pick } from '../noise.ts';
import { cloneMachine } from './clone.ts';
import type { Content } from './content.ts';
import { syncFile } from './descriptors.ts';
import type { DirectoryInode, FileInode, Inode, PendingWrite } from './inode.ts';
import { syncEntries } from './journal.ts';
import type { Machine } from './machine.ts';
import { allDirectories, type Entries, survivingEntries } from './survivors.ts';

/**
 * - `process`: kill -9. Everything written is there, and still as little durable as before.
 * - `power`: each unsynced write is kept, dropped, torn or garbled; each unsynced entry change kept or dropped.
 * - `lost`: everything unsynced is gone.
 */
export type CrashMode = 'process' | 'power' | 'lost';

const SECTOR_BYTES = 512;
const DAMAGES = ['torn', 'torn sector', 'zeros', 'noise', 'one sector'] as const;

/** How kind the power cut is: chances drawn once per crash, so that "all kept" and "all lost" occur too. */
interface Fortune {
  readonly keepEntry: number;
  readonly keepWrite: number;
  /** Of the writes that are not kept: torn or garbled instead of dropped. */
  readonly damage: number;
}

function drawFortune(rng: Rng): Fortune {
  return {
    keepEntry: pick(rng, [0, 0.25, 0.5, 0.75, 1]),
    keepWrite: pick(rng, [0, 0.5, 0.9, 1]),
    damage: pick(rng, [0, 0.5, 1]),
  };
}

/** The machine the next process finds. */
export function crashed(machine: Machine, rng: Rng, mode: CrashMode): Machine {
  if (mode === 'process') return cloneMachine(machine);
  const fortune = mode === 'lost' ? { keepEntry: 0, keepWrite: 0, damage: 0 } : drawFortune(rng);
  const directories = allDirectories(machine.root);
  const survivors = survivingEntries(directories, () => rng.next() < fortune.keepEntry);
  return new Remains(rng, fortune, survivors).machine(machine);
}

/** Builds the tree that is left; every inode in it is wholly durable. */
class Remains {
  readonly #rng: Rng;
  readonly #fortune: Fortune;
  readonly #survivors: Entries;
  readonly #built = new Map<Inode, Inode>();

  constructor(rng: Rng, fortune: Fortune, survivors: Entries) {
    this.#rng = rng;
    this.#fortune = fortune;
    this.#survivors = survivors;
  }

  machine(old: Machine): Machine {
    return { ...old, root: this.#inode(old.root) as DirectoryInode };
  }

  #inode(old: Inode): Inode {
    const built = this.#built.get(old) ?? this.#build(old);
    built.links += 1;
    return built;
  }

  #build(old: Inode): Inode {
    const keepsMeta = old.meta === old.durableMeta || this.#rng.next() < this.#fortune.keepWrite;
    const meta = keepsMeta ? old.meta : old.durableMeta;
    const inode: Inode = { ...old, meta, durableMeta: meta, links: 0 };
    this.#built.set(old, inode);
    if (inode.kind === 'directory') {
      inode.entries = new Map();
      for (const [name, child] of this.#survivors.get(old as DirectoryInode) ?? []) {
        inode.entries.set(name, this.#inode(child));
      }
      inode.durable = new Map(inode.entries);
      inode.pending = [];
    }
    if (inode.kind === 'file') {
      inode.content = this.#content(old as FileInode);
      inode.durable = inode.content.snapshot();
      inode.pending = [];
      inode.lossy = false;
    }
    return inode;
  }

  #content(old: FileInode): Content {
    const content = old.durable.snapshot();
    for (const change of old.pending) this.#apply(content, change);
    return content;
  }

  #apply(content: Content, change: PendingWrite): void {
    const kept = this.#rng.next() < this.#fortune.keepWrite;
    if (change.kind === 'truncate') {
      if (kept) content.truncate(change.sizeBytes);
    } else if (kept) content.write(change.bytes, change.position);
    else if (this.#rng.next() < this.#fortune.damage)
      content.write(damaged(this.#rng, change.bytes), change.position);
  }
}

/** A write that reached the disk in part. */
function damaged(rng: Rng, bytes: Buffer): Buffer {
  const length = rng.below(bytes.length + 1);
  const sector = rng.below(Math.ceil(bytes.length / SECTOR_BYTES)) * SECTOR_BYTES;
  switch (pick(rng, DAMAGES)) {
    case 'torn':
      return bytes.subarray(0, length);
    case 'torn sector':
      return bytes.subarray(0, sector);
    case 'zeros':
      return Buffer.alloc(bytes.length);
    case 'noise':
      return noise(rng, bytes.length);
    case 'one sector': {
      const copy = Buffer.from(bytes);
      copy.set(noise(rng, Math.min(SECTOR_BYTES, bytes.length - sector)), sector);
      return copy;
    }
  }
}

/** Makes everything below `root` durable. */
export function syncAll(root: DirectoryInode): void {
  for (const directory of allDirectories(root)) {
    syncEntries(directory);
    for (const inode of [directory, ...directory.entries.values()]) {
      inode.durableMeta = inode.meta;
      if (inode.kind === 'file') syncFile(inode);
    }
  }
}
