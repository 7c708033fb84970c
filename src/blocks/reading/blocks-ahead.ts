import { MAX_CHAIN_DEPTH, MIB, must } from '../../base/index.ts';
import type { ReadAhead } from '../ahead/index.ts';
import { type BlockRecord, blockIdAt, type PackRecord, RECORD_TYPES } from '../pack/index.ts';
import {
  type BlockPlace,
  type BlockReader,
  type DecodedAhead,
  groupKey,
  memberRange,
} from '../store/index.ts';
import type { Base, Begun, DecodeThread, Task } from './decode-thread.ts';

/** Raw bytes ordered and not asked for yet. */
const WINDOW_BYTES = 6 * MIB;
/** Blocks ordered and not asked for yet. */
const WINDOW_BLOCKS = 512;
/** Reads after which an order that nobody came for is let go: what was known to come, and what was a guess. */
const PATIENCE_READS = 2 * WINDOW_BLOCKS;
const GUESS_PATIENCE_READS = 128;

/** What became of what was read ahead, in blocks. */
export interface AheadCounts {
  /** Blocks ordered. */
  issued: number;
  /** Of them, those that were asked for. */
  used: number;
  /** Of them, those that were let go because nobody asked. */
  wasted: number;
}

/** Told what became of each block. */
type Listener = Pick<ReadAhead, 'used' | 'wasted'>;

/** A block that was ordered. */
interface Order {
  readonly id: string;
  readonly bytes: number;
  /** Of a member: the group that brings it. */
  readonly group: string | undefined;
  /** Of any other: its record, while that is under way. */
  begun: Begun | undefined;
  /** The bytes, once they were taken off the thread's hands. */
  raw: Buffer | undefined;
  /** Number of the read at which it is let go. */
  readonly until: number;
  readonly isGuess: boolean;
  /** Of a block that stands alone: what it is decoded from if the thread does not come to it in time. */
  readonly record: BlockRecord | undefined;
}

/**
 * Orders blocks from the decode thread before they are asked for, and answers for them when they are. Frames are read
 * here, by the thread that makes all file calls; whatever fails here is left to the one who asks for the block.
 */
export class BlocksAhead implements DecodedAhead {
  readonly counts: AheadCounts = { issued: 0, used: 0, wasted: 0 };
  readonly #reader: BlockReader;
  readonly #thread: DecodeThread;
  readonly #listener: Listener | undefined;
  /** Oldest first. */
  readonly #orders = new Map<string, Order>();
  /** Orders by the record that brings them, so that it can be taken off the thread's hands. */
  readonly #orderOf = new Map<Begun, Order>();
  /** Groups under way. */
  readonly #groups = new Map<string, Begun>();
  /** What was lent and is still in use. */
  #lent: Begun | undefined;
  #bytes = 0;
  #reads = 0;

  constructor(reader: BlockReader, thread: DecodeThread, listener?: Listener) {
    this.#reader = reader;
    this.#thread = thread;
    this.#listener = listener;
  }

  get isReady(): boolean {
    return this.#thread.isReady;
  }

  /** Whether more can be ordered before something is asked for. */
  get hasRoom(): boolean {
    for (const order of this.#orders.values()) {
      if (this.#reads < order.until) break;
      this.#leave(order);
    }
    return this.#thread.hasSlots && this.#orders.size < WINDOW_BLOCKS && this.#bytes < WINDOW_BYTES;
  }

  /** Blocks ordered and not asked for yet. */
  get outstanding(): number {
    return this.#orders.size;
  }

  /** Whether reading the block now would wait for nothing but memory. */
  isHeld(id: string): boolean {
    const order = this.#orders.get(id);
    if (order === undefined) return this.#reader.cached(id) !== undefined;
    if (order.raw !== undefined) return true;
    const begun = order.group === undefined ? order.begun : this.#groups.get(order.group);
    if (begun !== undefined) return this.#thread.isDone(begun);
    return order.group !== undefined && this.#reader.cachedGroup(order.group) !== undefined;
  }

  /** Orders a block. False where it is in memory, ordered already, or cannot be had ahead. */
  order(id: string, isGuess = false): boolean {
    if (this.#orders.get(id) !== undefined || this.#reader.cached(id) !== undefined) return false;
    try {
      const place = this.#reader.locate(id);
      return place !== undefined && this.#orderAt(id, place, isGuess);
    } catch {
      // Whoever asks for it will be told.
      return false;
    }
  }

  /** Lets the thread begin what was ordered. */
  wake(): void {
    this.#thread.wake();
  }

  take(id: string): Buffer | undefined {
    return this.#answer(id, (begun) => this.#thread.collect(begun));
  }

  lend(id: string): Uint8Array | undefined {
    return this.#answer(id, (begun) => {
      const view = this.#thread.finish(begun);
      if (view !== undefined) this.#lent = begun;
      return view;
    });
  }

  /** Lets go of everything: what nobody asked for was wasted. */
  clear(): void {
    for (const order of this.#orders.values()) this.#leave(order);
    this.#groups.clear();
    this.#lent = undefined;
  }

  /** Forgets an order that nobody came for. */
  #leave(order: Order): void {
    this.counts.wasted += 1;
    this.#listener?.wasted(order.id, order.bytes);
    this.#remove(order);
    if (order.begun !== undefined) this.#thread.drop(order.begun);
  }

  #use(order: Order): void {
    this.counts.used += 1;
    this.#listener?.used(order.id, order.bytes);
    this.#remove(order);
  }

  #remove(order: Order): void {
    this.#orders.delete(order.id);
    this.#bytes -= order.bytes;
    if (order.begun !== undefined) this.#orderOf.delete(order.begun);
  }

  /** Decodes what comes next while the thread is at what is wanted now: to sleep and be woken takes as long. */
  #workWhile({ begun }: Order): void {
    if (begun === undefined) return;
    for (const order of this.#orders.values()) {
      if (!this.#thread.isBegun(begun)) return;
      if (order.isGuess || order.begun === undefined || !this.#thread.takeBack(order.begun)) continue;
      if (order.record === undefined) this.#use(order);
      else this.#orderOf.delete(order.begun);
      order.begun = undefined;
      order.raw = this.#decodeHere(order);
    }
  }

  /** Decodes a block on the calling thread; undefined where that fails: whoever asks for it will be told. */
  #decodeHere({ id, record }: Order): Buffer | undefined {
    try {
      return record === undefined ? this.#reader.read(id) : this.#reader.decoded(record, id);
    } catch {
      return undefined;
    }
  }

  #answer<T extends Uint8Array>(id: string, fetch: (begun: Begun) => T | undefined): T | Buffer | undefined {
    this.#reads += 1;
    if (this.#lent !== undefined) this.#thread.settle(this.#lent);
    this.#lent = undefined;
    const order = this.#orders.get(id);
    if (order === undefined) return undefined;
    this.#workWhile(order);
    const { begun } = order;
    const own = begun === undefined ? order.raw : fetch(begun);
    this.#use(order);
    if (order.group !== undefined) this.#fetchGroup(order.group);
    return own === undefined && order.record !== undefined ? this.#decodeHere(order) : own;
  }

  /** The group of a member, given to the reader when its first member is asked for. */
  #fetchGroup(key: string): Buffer | undefined {
    const begun = this.#groups.get(key);
    if (begun === undefined) return this.#reader.cachedGroup(key);
    this.#groups.delete(key);
    const raw = this.#thread.collect(begun);
    if (raw !== undefined) this.#reader.keepGroup(key, raw);
    return raw;
  }

  #orderAt(id: string, place: BlockPlace, isGuess: boolean): boolean {
    const number = must(place.table.recordOf[place.block], 'a block has a record');
    const bytes = lengthOf(place);
    const isMember = place.table.types[number] === RECORD_TYPES.group;
    const group = isMember ? groupKey(place.pack, number) : undefined;
    if (group !== undefined && this.#reader.cachedGroup(group) !== undefined) return false;
    const under = this.#begin(place, 0);
    if (under === undefined) return false;
    const begun = isMember ? undefined : under.begun;
    const until = this.#reads + (isGuess ? GUESS_PATIENCE_READS : PATIENCE_READS);
    const record = under.record?.type === RECORD_TYPES.block ? under.record : undefined;
    const order: Order = { id, bytes, group, begun, raw: undefined, until, isGuess, record };
    if (begun !== undefined) this.#orderOf.set(begun, order);
    this.counts.issued += 1;
    this.#bytes += bytes;
    this.#orders.set(id, order);
    return true;
  }

  /** Has the record of a block decoded; undefined when that cannot be. */
  #begin(place: BlockPlace, steps: number): { begun: Begun; record?: PackRecord } | undefined {
    const number = must(place.table.recordOf[place.block], 'a block has a record');
    const isGroup = place.table.types[number] === RECORD_TYPES.group;
    const key = isGroup ? groupKey(place.pack, number) : undefined;
    const under = key === undefined ? undefined : this.#groups.get(key);
    if (under !== undefined) return { begun: under };
    const record = this.#reader.record(place);
    // The window counts what the footer says: one that lies would let in a thousand times as much.
    if (!isGroup && record.rawLength !== lengthOf(place)) return undefined;
    const isDelta = record.type === RECORD_TYPES.delta;
    const base = isDelta ? this.#base(this.#reader.basePlace(record, place), steps + 1) : undefined;
    if (isDelta && base === undefined) return undefined;
    const { codec, payload, rawLength } = record;
    const id = isGroup ? undefined : blockIdAt(place.table, place.block);
    const begun = this.#beginSomehow({ codec, payload, rawLength, base, id });
    if (begun === undefined) return undefined;
    if (key !== undefined) this.#groups.set(key, begun);
    return { begun, record };
  }

  /** The bytes a delta is against, in memory or on their way there. */
  #base(place: BlockPlace, steps: number): Base | undefined {
    if (steps > MAX_CHAIN_DEPTH) return undefined;
    const id = blockIdAt(place.table, place.block);
    const order = this.#orders.get(id);
    const bytes = this.#reader.cached(id) ?? order?.raw;
    if (bytes !== undefined) return { bytes };
    const number = must(place.table.recordOf[place.block], 'a block has a record');
    const isMember = place.table.types[number] === RECORD_TYPES.group;
    const { start, end } = isMember ? memberRange(place) : { start: 0, end: lengthOf(place) };
    const group = isMember ? this.#reader.cachedGroup(groupKey(place.pack, number)) : undefined;
    if (group !== undefined) return { bytes: group.subarray(start, end) };
    const under = order?.begun;
    const begun =
      under !== undefined && this.#thread.isLive(under) ? under : this.#begin(place, steps)?.begun;
    // A footer may say anything: bytes beside the record's own must not be taken for the base.
    if (begun === undefined || end > begun.rawLength) return undefined;
    return { from: begun, start, length: end - start };
  }

  /** Takes what is done off the thread until there is room. */
  #beginSomehow(task: Task): Begun | undefined {
    for (;;) {
      const begun = this.#thread.begin(task);
      if (begun !== undefined) return begun;
      const { oldest } = this.#thread;
      if (oldest === undefined || !this.#settle(oldest)) return undefined;
    }
  }

  #settle(begun: Begun): boolean {
    const order = this.#orderOf.get(begun);
    if (order !== undefined && this.#thread.isDone(begun)) {
      const raw = this.#thread.collect(begun);
      this.#orderOf.delete(begun);
      order.begun = undefined;
      order.raw = raw;
      return raw !== undefined;
    }
    for (const [key, group] of this.#groups) if (group === begun) return this.#fetchGroup(key) !== undefined;
    return this.#thread.drop(begun);
  }
}

function lengthOf({ table, block }: BlockPlace): number {
  return must(table.rawLengths[block], 'a block has a length');
}
