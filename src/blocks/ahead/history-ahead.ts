import { AheadEngine, type AskAhead } from './engine.ts';
import type { ReadAhead } from './port.ts';
import { SLOTS } from './slots.ts';

export type HistoryAheadOptions = {
  /** Blocks the cache of the reader holds; 1024. */
  readonly cacheBlocks?: number;
  /** Blocks whose past is remembered; 65,536. */
  readonly remembered?: number;
  /** Answers in place of the built-in rule. */
  readonly ask?: AskAhead;
};

const CACHE_BLOCKS = 1024;
const REMEMBERED = 65_536;
/** Accesses between two looks for advice that nobody reports on. */
const SWEEP_EVERY = 64;

/**
 * Reads ahead by what was accessed before. Names of blocks become small numbers; of more than `remembered` blocks those
 * that were named first are forgotten. Advice counts against the budget until it was used, wasted, asked for, or older
 * than what the cache could hold: whoever reads need not follow it, nor report what it did not read.
 */
export class HistoryAhead implements ReadAhead {
  readonly #engine: AheadEngine;
  readonly #remembered: number;
  readonly #cacheBlocks: number;
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #advised = new Map<number, number>();
  readonly #known: number[] = [];
  readonly #advice: string[] = [];
  #named = 0;
  #now = 0;

  constructor({ cacheBlocks = CACHE_BLOCKS, remembered = REMEMBERED, ask }: HistoryAheadOptions = {}) {
    this.#cacheBlocks = cacheBlocks;
    this.#remembered = remembered;
    this.#engine = new AheadEngine({
      keys: remembered,
      cacheBlocks,
      next: () => -1,
      has: (key) => this.#isAtHand(key),
      ...(ask === undefined ? {} : { ask }),
    });
  }

  accessed(id: string, known: readonly string[]): readonly string[] {
    this.#now += 1;
    if (this.#now % SWEEP_EVERY === 0) this.#sweep();
    const key = this.#numberOf(id);
    if (this.#advised.delete(key)) this.#engine.used(key);
    this.#notice(known);
    this.#engine.accessed(key, this.#known);
    this.#advice.length = 0;
    for (let i = 0; i < this.#engine.count; i += 1) {
      const advised = this.#engine.keys[i] as number;
      this.#advised.set(advised, this.#now);
      this.#advice.push(this.#names[advised] as string);
    }
    return this.#advice;
  }

  used(id: string, _bytes: number): void {
    const key = this.#numbers.get(id);
    if (key !== undefined && this.#advised.delete(key)) this.#engine.used(key);
  }

  wasted(id: string, _bytes: number): void {
    const key = this.#numbers.get(id);
    // Advice that was let go, or asked for, and has come to nothing after all.
    if (key === undefined || !this.#advised.delete(key)) this.#engine.budget.issued();
    if (key === undefined) this.#engine.budget.waste();
    else this.#engine.wasted(key);
  }

  /** The nearest of what is known to come, and after it what is not at hand yet: so reading gets ahead step by step. */
  #notice(known: readonly string[]): void {
    this.#known.length = 0;
    for (const id of known) {
      if (this.#known.length === SLOTS.next) return;
      const key = this.#numberOf(id);
      if (this.#known.length === 0 || !this.#isAtHand(key)) this.#known.push(key);
    }
  }

  /** Surely in the cache: less was asked for since than it holds. Or advised, and so perhaps on its way. */
  #isAtHand(key: number): boolean {
    const latest = this.#engine.history.latest[key] as number;
    return (latest !== -1 && this.#now - latest < this.#cacheBlocks) || this.#advised.has(key);
  }

  #numberOf(id: string): number {
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    const key = this.#named % this.#remembered;
    this.#named += 1;
    const before = this.#names[key];
    if (before !== undefined) {
      this.#numbers.delete(before);
      this.#engine.history.forget(key);
      if (this.#advised.delete(key)) this.#engine.budget.used();
    }
    this.#names[key] = id;
    this.#numbers.set(id, key);
    return key;
  }

  /** Lets go of advice that nobody took. */
  #sweep(): void {
    for (const [key, since] of this.#advised) {
      if (this.#now - since <= this.#cacheBlocks) return;
      this.#advised.delete(key);
      this.#engine.budget.used();
    }
  }
}
