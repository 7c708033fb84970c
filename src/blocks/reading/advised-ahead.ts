import { quieten } from '../../base/index.ts';
import { type ReadAhead, WasteBudget } from '../ahead/index.ts';
import type { BlockReader } from '../store/index.ts';
import { type AheadCounts, BlocksAhead } from './blocks-ahead.ts';
import { DecodeThread } from './decode-thread.ts';

/** Ids of one answer that are looked at. */
const MAX_ANSWERS = 64;
/** Ids an adviser is told of. */
const MAX_KNOWN = 64;
const ID = /^[0-9a-f]{64}$/;

/**
 * Reading ahead for one reader: orders what is known to come next, or, with an adviser, what it says. Nothing an adviser
 * does has any effect but on speed: what is no id is passed over, one that throws is asked no more, and what it guesses
 * stays within the budget for waste. What is known to come needs none.
 */
export class AdvisedAhead {
  readonly #reader: BlockReader;
  readonly #thread: DecodeThread;
  readonly #ahead: BlocksAhead;
  readonly #budget = new WasteBudget();
  /** Guesses that were ordered, and not used or wasted yet. */
  readonly #guesses = new Set<string>();
  /** Blocks that are known to come next, nearest first; kept only for an adviser. */
  readonly #known = new Set<string>();
  #adviser: ReadAhead | undefined;

  constructor(reader: BlockReader, adviser?: ReadAhead) {
    this.#reader = reader;
    this.#adviser = adviser;
    this.#thread = new DecodeThread();
    this.#ahead = new BlocksAhead(reader, this.#thread, {
      used: (id, bytes) => this.#settled('used', id, bytes),
      wasted: (id, bytes) => this.#settled('wasted', id, bytes),
    });
    reader.follow(this.#ahead);
  }

  /** Resolves once blocks can be decoded ahead, or never will. */
  get started(): Promise<void> {
    return this.#thread.started;
  }

  get counts(): Readonly<AheadCounts> {
    return this.#ahead.counts;
  }

  get isReady(): boolean {
    return this.#ahead.isReady;
  }

  get hasRoom(): boolean {
    return this.#ahead.hasRoom && this.#known.size < MAX_KNOWN;
  }

  /** Blocks known or ordered that nobody has asked for yet. */
  get outstanding(): number {
    return this.#adviser === undefined ? this.#ahead.outstanding : this.#known.size;
  }

  /** Whether the block would be there at once. */
  isHeld(id: string): boolean {
    return this.#ahead.isHeld(id);
  }

  /** Takes note of a block that will be asked for, after those noted before. */
  expect(id: string): void {
    if (this.#adviser === undefined) this.#ahead.order(id);
    else this.#known.add(id);
  }

  /** A block is asked for: lets the adviser say what to order. */
  accessed(id: string): void {
    this.#budget.demand();
    if (this.#adviser === undefined) return;
    this.#passed(id);
    try {
      const answer = this.#adviser.accessed(id, [...this.#known]);
      quieten(answer);
      this.#order(answer);
    } catch {
      this.#adviser = undefined;
      this.#known.clear();
    }
  }

  /** A block was asked for, and these are known to follow. */
  next(id: string, known: readonly string[]): void {
    for (let i = 0; i < known.length && i < MAX_KNOWN && this.isReady && this.hasRoom; i++) {
      const next = known[i];
      if (next !== undefined && ID.test(next)) this.expect(next);
    }
    this.accessed(id);
    this.wake();
  }

  /** Lets the thread begin what was ordered. */
  wake(): void {
    this.#thread.wake();
  }

  /** Lets go of everything and ends the thread. */
  async close(): Promise<void> {
    this.#reader.follow(undefined);
    this.#ahead.clear();
    await this.#thread.close();
  }

  /** What was known to come before a block that is asked for was passed over. */
  #passed(id: string): void {
    if (!this.#known.has(id)) return;
    for (const known of this.#known) {
      this.#known.delete(known);
      if (known === id) return;
    }
  }

  #order(answer: readonly string[]): void {
    if (!this.isReady) return;
    for (let i = 0; i < answer.length && i < MAX_ANSWERS && this.#ahead.hasRoom; i++) {
      const id: unknown = answer[i];
      if (typeof id !== 'string' || !ID.test(id)) continue;
      const isGuess = !this.#known.has(id);
      if ((isGuess && this.#budget.left === 0) || !this.#ahead.order(id, isGuess) || !isGuess) continue;
      this.#budget.issued();
      this.#guesses.add(id);
    }
    this.wake();
  }

  #settled(fate: 'used' | 'wasted', id: string, bytes: number): void {
    if (this.#guesses.delete(id)) {
      if (fate === 'used') this.#budget.used();
      else this.#budget.waste();
    }
    try {
      quieten(this.#adviser?.[fate](id, bytes));
    } catch {
      this.#adviser = undefined;
    }
  }
}
