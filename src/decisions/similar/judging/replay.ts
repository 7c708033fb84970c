import { MAX_CHAIN_DEPTH, MAX_GROUP_BYTES } from '../../../base/index.ts';
import { GROUP_COUNT } from '../../../blocks/index.ts';
import { isKept, isUseless } from '../teacher.ts';
import type { SetBlock } from './blocks.ts';
import type { Trials } from './trials.ts';

/** Who chooses bases during a replay. */
export interface Selector {
  /** Id of the base of a block that has features, or undefined for none. */
  select(block: SetBlock): string | undefined;
  /** The block is stored; `depth` is an upper bound until it is encoded. */
  enter(block: SetBlock, depth: number): void;
  /** What it came to. */
  settle(block: SetBlock, outcome: Settled): void;
}

/** What a block came to, as its selector hears of it some time later. */
export type Settled = {
  readonly depth: number;
  /** Stored / raw of the record it lies in. */
  readonly storedRatio: number | undefined;
  /** Set where a delta was tried; 0 where none could be made. */
  readonly deltaBytes: number | undefined;
  /** What the block alone came to; 0 when it was not tried. */
  readonly aloneBytes: number;
  readonly isKept: boolean;
};

/** What a policy made of every block of a set. */
export type Replayed = {
  /** Bytes each block takes; members of a group by their share of its raw bytes. */
  readonly storedBytes: Float64Array;
  /** Processor time of encoding, the same way. */
  readonly seconds: Float64Array;
  /** 1 where a delta was tried, where it was useless (0.9 of the block alone or more), where it was not kept. */
  readonly tried: Uint8Array;
  readonly useless: Uint8Array;
  readonly notKept: Uint8Array;
};

/** Outcomes are known so many bytes or blocks of encoding later, as in the store. */
const BEHIND_BYTES = 5 * 1024 * 1024;
const BEHIND_JOBS = 1280;
const GROUPED_DEPTH = 1;

type Job = { readonly at: number; readonly baseId: string | undefined; readonly depth: number };
type Group = { readonly members: number[]; rawBytes: number };

/** Stores the blocks of a set as the store would, every delta really encoded, without a store. */
export class Replay {
  readonly #blocks: readonly SetBlock[];
  readonly #trials: Trials;
  readonly #selector: Selector;
  readonly #result: Replayed;
  readonly #depths = new Map<string, number>();
  readonly #jobs: Job[] = [];
  #jobBytes = 0;
  readonly #groups = new Map<number, Group>();
  readonly #groupOf = new Map<number, number>();

  constructor(blocks: readonly SetBlock[], trials: Trials, selector: Selector) {
    this.#blocks = blocks;
    this.#trials = trials;
    this.#selector = selector;
    const flags = (): Uint8Array => new Uint8Array(blocks.length);
    this.#result = {
      storedBytes: new Float64Array(blocks.length),
      seconds: new Float64Array(blocks.length),
      ...{ tried: flags(), useless: flags(), notKept: flags() },
    };
  }

  /** Yields after each block; returns what came of them. */
  *run(): Generator<number, Replayed, void> {
    for (let at = 0; at < this.#blocks.length; at += 1) {
      this.#put(at);
      while (this.#jobBytes > BEHIND_BYTES || this.#jobs.length > BEHIND_JOBS) this.#settleOldest();
      yield at;
    }
    while (this.#jobs.length > 0) this.#settleOldest();
    for (const group of this.#groups.values()) this.#closeGroup(group);
    return this.#result;
  }

  #put(at: number): void {
    const block = this.#blocks[at] as SetBlock;
    const baseId = block.features === undefined ? undefined : this.#selector.select(block);
    const without = block.isSmall ? GROUPED_DEPTH : 0;
    const depth = baseId === undefined ? without : (this.#depths.get(baseId) ?? MAX_CHAIN_DEPTH) + 1;
    this.#depths.set(block.id, depth);
    this.#selector.enter(block, depth);
    if (block.isSmall && baseId === undefined) {
      this.#join(at);
      return;
    }
    this.#jobs.push({ at, baseId, depth });
    this.#jobBytes += block.raw.length;
  }

  #settleOldest(): void {
    const job = this.#jobs.shift();
    if (job === undefined) return;
    const block = this.#blocks[job.at] as SetBlock;
    this.#jobBytes -= block.raw.length;
    if (job.baseId === undefined) this.#storeAlone(job.at, undefined);
    else this.#storeDelta(job.at, job.baseId);
  }

  #storeDelta(at: number, baseId: string): void {
    const block = this.#blocks[at] as SetBlock;
    const { bytes, seconds } = this.#trials.delta(block, baseId);
    const aloneBytes = this.#trials.alone(block).bytes;
    const measured = { rawBytes: block.raw.length, isSmall: block.isSmall, aloneBytes };
    const result = this.#result;
    result.tried[at] = 1;
    result.useless[at] = isUseless(measured, bytes) ? 1 : 0;
    add(result.seconds, at, seconds);
    if (!isKept(measured, bytes)) {
      result.notKept[at] = 1;
      if (block.isSmall) this.#join(at, bytes);
      else this.#storeAlone(at, bytes);
      return;
    }
    add(result.storedBytes, at, bytes);
    const depth = (this.#depths.get(baseId) ?? MAX_CHAIN_DEPTH) + 1;
    this.#depths.set(block.id, depth);
    const storedRatio = bytes / block.raw.length;
    this.#selector.settle(block, { depth, storedRatio, deltaBytes: bytes, aloneBytes: 0, isKept: true });
  }

  #storeAlone(at: number, deltaBytes: number | undefined): void {
    const block = this.#blocks[at] as SetBlock;
    const { bytes, seconds } = this.#trials.alone(block);
    add(this.#result.storedBytes, at, bytes);
    add(this.#result.seconds, at, seconds);
    this.#depths.set(block.id, 0);
    const storedRatio = bytes / block.raw.length;
    this.#selector.settle(block, { depth: 0, storedRatio, deltaBytes, aloneBytes: bytes, isKept: false });
  }

  #join(at: number, deltaBytes?: number): void {
    const block = this.#blocks[at] as SetBlock;
    const number = this.#groupNumber(block.nameClass);
    let group = this.#groups.get(number);
    if (group !== undefined && group.rawBytes + block.raw.length > MAX_GROUP_BYTES) {
      this.#closeGroup(group);
      group = undefined;
    }
    if (group === undefined) {
      group = { members: [], rawBytes: 0 };
      this.#groups.set(number, group);
    }
    group.members.push(at);
    group.rawBytes += block.raw.length;
    this.#depths.set(block.id, GROUPED_DEPTH);
    const unknown = { storedRatio: undefined, aloneBytes: 0, isKept: false };
    this.#selector.settle(block, { depth: GROUPED_DEPTH, deltaBytes, ...unknown });
  }

  /** Each name ending has its own while there are any. */
  #groupNumber(nameClass: number): number {
    const known = this.#groupOf.get(nameClass);
    if (known !== undefined) return known;
    if (this.#groupOf.size >= GROUP_COUNT) return nameClass % GROUP_COUNT;
    this.#groupOf.set(nameClass, this.#groupOf.size);
    return this.#groupOf.size - 1;
  }

  #closeGroup({ members, rawBytes }: Group): void {
    const { bytes, seconds } = this.#trials.group(members.map((at) => this.#blocks[at] as SetBlock));
    const storedRatio = bytes / rawBytes;
    for (const at of members) {
      const block = this.#blocks[at] as SetBlock;
      add(this.#result.storedBytes, at, storedRatio * block.raw.length);
      add(this.#result.seconds, at, (seconds * block.raw.length) / rawBytes);
      const known = { depth: GROUPED_DEPTH, deltaBytes: undefined, aloneBytes: 0, isKept: false };
      this.#selector.settle(block, { ...known, storedRatio });
    }
  }
}

function add(values: Float64Array, at: number, value: number): void {
  values[at] = (values[at] as number) + value;
}
