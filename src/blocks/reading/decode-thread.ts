import { Worker } from 'node:worker_threads';
import { MAX_CHAIN_DEPTH, MIB } from '../../base/index.ts';
import type { CodecName } from '../codec/index.ts';
import { Arena } from '../store/index.ts';
import { Board, SLOTS, STATE } from './board.ts';

/** Payloads, bases and what they decode to. */
const ARENA_BYTES = 24 * MIB;
/** A record takes a millisecond; a worker that needs a thousand is dead or stopped. */
const PATIENCE_MS = 1000;
/** The entry beside this file: `.ts` in the checkout, `.js` in the package. */
const WORKER_URL = import.meta.url.endsWith('.ts')
  ? new URL('./decode-worker.ts', import.meta.url)
  : new URL('./decode-worker.js', import.meta.url);
/** What a worker makes is garbage by the next record. */
const HEAP_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 48 };

/** A record that was given to the worker. */
export interface Begun {
  readonly slot: number;
  /** Position of what it decodes to. */
  readonly outAt: number;
  /** From here on the arena must stay as it is until the record is settled. */
  readonly oldestAt: number;
  readonly rawLength: number;
}

/** Bytes a delta is against: at hand, or a part of what a record under way will decode to. */
export type Base =
  | { readonly bytes: Uint8Array }
  | { readonly from: Begun; readonly start: number; readonly length: number };

export interface Task {
  readonly codec: CodecName;
  readonly payload: Uint8Array;
  readonly rawLength: number;
  readonly base?: Base | undefined;
  /** What it must hash to; left out for a group. */
  readonly id?: string | undefined;
}

/**
 * One worker thread that decodes records and checks them against their ids while the calling thread does something
 * else. Only this file's two threads see the shared memory, and a record's piece of it is written by the worker once and
 * by nobody until it was collected: what was checked there is what is handed out.
 *
 * Nothing here throws for what is wrong with a record, the worker or the machine; there is then no answer, and the
 * caller decodes the record itself.
 */
export class DecodeThread {
  readonly #arena = new Arena(ARENA_BYTES);
  /** Resolves once the worker runs, or never will. */
  readonly started: Promise<void>;
  readonly #board: Board;
  readonly #worker: Worker | undefined;
  /** Records not settled yet, by slot; oldest first. */
  readonly #live = new Map<number, Begun>();
  #isDead = false;
  #posted = 0;
  /** Records the worker was woken for. */
  #woken = 0;

  constructor() {
    this.#board = Board.allocate(this.#arena.shared);
    this.#worker = this.#start();
    this.started = new Promise((resolve) => {
      if (this.#worker === undefined) resolve();
      this.#worker?.once('message', resolve).once('error', resolve).once('exit', resolve);
    });
  }

  #start(): Worker | undefined {
    try {
      // An empty execArgv: a worker must not inherit flags such as --test or an inspector's port.
      const worker = new Worker(WORKER_URL, {
        workerData: this.#board.shared,
        execArgv: [],
        resourceLimits: HEAP_LIMITS,
      });
      // It has no say in when the process ends.
      worker.unref();
      worker.on('error', () => this.#die());
      worker.on('exit', () => this.#die());
      return worker;
    } catch {
      // No more threads to be had.
      this.#isDead = true;
      return undefined;
    }
  }

  /** Whether records are taken: not before the worker runs, and not after it died. */
  get isReady(): boolean {
    return !this.#isDead && this.#board.isReady;
  }

  /** Whether a record and its bases can be queued, if their bytes find room. */
  get hasSlots(): boolean {
    return this.isReady && this.#live.size < SLOTS - 2 * MAX_CHAIN_DEPTH;
  }

  /** Queues a record; undefined when there is no room until others are settled. */
  begin(task: Task): Begun | undefined {
    const { payload, rawLength, base } = task;
    const slot = this.#posted & (SLOTS - 1);
    const baseBytes = base !== undefined && 'bytes' in base ? base.bytes : undefined;
    const wanted = payload.length + rawLength + (baseBytes?.length ?? 0);
    const heldFrom = base !== undefined && 'from' in base ? base.from.oldestAt : Number.POSITIVE_INFINITY;
    if (!this.isReady || this.#live.has(slot) || !this.#hasRoom(wanted, heldFrom)) return undefined;
    const payloadAt = this.#arena.put(payload);
    const outAt = this.#arena.take(rawLength);
    const begun = { slot, outAt, oldestAt: Math.min(payloadAt, heldFrom), rawLength };
    this.#board.post(slot, {
      codec: task.codec,
      payloadAt: this.#arena.offsetOf(payloadAt),
      payloadLength: payload.length,
      rawLength,
      outAt: this.#arena.offsetOf(outAt),
      id: task.id,
      ...this.#placed(base),
    });
    this.#posted = (this.#posted + 1) | 0;
    this.#live.set(slot, begun);
    return begun;
  }

  /** Wakes the worker for what was queued. */
  wake(): void {
    if (this.#woken === this.#posted) return;
    this.#woken = this.#posted;
    this.#board.wake();
  }

  /** Whether a record is under way or waits to be collected: the slot of one that was settled may be another's. */
  isLive(begun: Begun): boolean {
    return !this.#isDead && this.#live.get(begun.slot) === begun;
  }

  /** Whether `collect` would answer at once and with bytes. */
  isDone(begun: Begun): boolean {
    return this.isLive(begun) && this.#board.state(begun.slot) === STATE.done;
  }

  /** Whether the worker is at the record just now. */
  isBegun(begun: Begun): boolean {
    return this.isLive(begun) && this.#board.state(begun.slot) === STATE.begun;
  }

  /** Takes back a record that the worker has not begun, and settles it. */
  takeBack(begun: Begun): boolean {
    const isBack = this.isLive(begun) && this.#board.takeBack(begun.slot);
    if (isBack) this.settle(begun);
    return isBack;
  }

  /**
   * What a record decoded to: a view that stays as it is until the record is settled. Undefined: settled before, not
   * begun yet (and never will be), failed or lost.
   */
  finish(begun: Begun): Uint8Array | undefined {
    if (!this.isLive(begun) || this.takeBack(begun)) return undefined;
    if (!this.#board.waitFor(begun.slot, PATIENCE_MS)) this.#die();
    else if (this.isDone(begun)) return this.#arena.view(begun.outAt, begun.rawLength);
    this.settle(begun);
    return undefined;
  }

  /** The same in memory of its own; the record is settled. */
  collect(begun: Begun): Buffer | undefined {
    const view = this.finish(begun);
    if (view === undefined) return undefined;
    const raw = Buffer.allocUnsafe(view.length);
    raw.set(view);
    this.settle(begun);
    return raw;
  }

  /** Gives the memory of a record free that has ended. */
  settle(begun: Begun): void {
    if (this.isLive(begun)) this.#live.delete(begun.slot);
  }

  /** Lets go of a record nobody will collect; false while the worker is at it. */
  drop(begun: Begun): boolean {
    if (this.isBegun(begun)) return false;
    this.takeBack(begun);
    this.settle(begun);
    return true;
  }

  /** The record that stands longest in the way of others. */
  get oldest(): Begun | undefined {
    return this.#live.values().next().value;
  }

  async close(): Promise<void> {
    this.#isDead = true;
    await this.#worker?.terminate();
  }

  #die(): void {
    this.#isDead = true;
    this.#live.clear();
  }

  /** Whether so much can be taken without overwriting what is still needed. A piece may be put off to the ring's start. */
  #hasRoom(wanted: number, heldFrom: number): boolean {
    let oldestAt = heldFrom;
    for (const begun of this.#live.values()) oldestAt = Math.min(oldestAt, begun.oldestAt);
    return oldestAt === Number.POSITIVE_INFINITY || this.#arena.isAlive(oldestAt, 2 * wanted);
  }

  #placed(base: Base | undefined): { baseAt: number; baseLength: number } {
    if (base === undefined) return { baseAt: -1, baseLength: 0 };
    if ('bytes' in base)
      return { baseAt: this.#arena.offsetOf(this.#arena.put(base.bytes)), baseLength: base.bytes.length };
    return { baseAt: this.#arena.offsetOf(base.from.outAt) + base.start, baseLength: base.length };
  }
}
