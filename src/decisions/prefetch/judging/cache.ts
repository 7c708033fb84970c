import { AHEAD_SHARE } from '../../../blocks/index.ts';

const ABSENT = 0;
const ASKED = 1;
const AHEAD = 2;

/**
 * A cache of blocks that evicts what was put in or used longest ago (LRU). Of blocks read ahead and not asked for yet it
 * holds at most a tenth; the oldest of them makes room for the next. Without any of them it is a plain LRU. No
 * allocation after construction.
 */
export class ReplayCache {
  readonly #state: Uint8Array;
  /** When each block was put in or used last. */
  readonly #since: Float64Array;
  #now = 0;
  readonly #older: Int32Array;
  readonly #newer: Int32Array;
  readonly #limit: number;
  readonly #aheadLimit: number;
  /** Ends of the two lists by state: what was used last and what was used longest ago. */
  readonly #newest = new Int32Array(3).fill(-1);
  readonly #oldest = new Int32Array(3).fill(-1);
  readonly #sizes = new Int32Array(3);
  readonly #onWasted: (key: number) => void;

  /**
   * @param keys how many there are, numbered from 0
   * @param onWasted told of each block that was read ahead and is evicted before anyone asked for it
   */
  constructor(keys: number, limit: number, onWasted: (key: number) => void) {
    this.#onWasted = onWasted;
    this.#state = new Uint8Array(keys);
    this.#since = new Float64Array(keys);
    this.#older = new Int32Array(keys).fill(-1);
    this.#newer = new Int32Array(keys).fill(-1);
    this.#limit = limit;
    this.#aheadLimit = Math.max(1, Math.floor(AHEAD_SHARE * limit));
  }

  has(key: number): boolean {
    return this.#state[key] !== ABSENT;
  }

  /** Asks for a block. @returns whether it was there, and whether because it was read ahead */
  ask(key: number): 'miss' | 'hit' | 'ahead' {
    const state = this.#state[key] as number;
    if (state !== ABSENT) this.#unlink(key, state);
    else this.#makeRoom();
    this.#link(key, ASKED);
    return state === ABSENT ? 'miss' : state === AHEAD ? 'ahead' : 'hit';
  }

  /** Puts a block that is not there in line. */
  readAhead(key: number): void {
    if ((this.#sizes[AHEAD] as number) >= this.#aheadLimit) this.#evictAhead();
    else this.#makeRoom();
    this.#link(key, AHEAD);
  }

  #makeRoom(): void {
    if ((this.#sizes[ASKED] as number) + (this.#sizes[AHEAD] as number) < this.#limit) return;
    const [asked, ahead] = [this.#oldest[ASKED] as number, this.#oldest[AHEAD] as number];
    const isAskedOlder = ahead === -1 || (asked !== -1 && this.#isOlder(asked, ahead));
    if (isAskedOlder) this.#unlink(asked, ASKED);
    else this.#evictAhead();
  }

  #isOlder(one: number, other: number): boolean {
    return (this.#since[one] as number) < (this.#since[other] as number);
  }

  #evictAhead(): void {
    const key = this.#oldest[AHEAD] as number;
    this.#unlink(key, AHEAD);
    this.#onWasted(key);
  }

  #link(key: number, state: number): void {
    const newest = this.#newest[state] as number;
    this.#now += 1;
    this.#since[key] = this.#now;
    this.#state[key] = state;
    this.#older[key] = newest;
    this.#newer[key] = -1;
    if (newest === -1) this.#oldest[state] = key;
    else this.#newer[newest] = key;
    this.#newest[state] = key;
    this.#sizes[state] = (this.#sizes[state] as number) + 1;
  }

  #unlink(key: number, state: number): void {
    const [older, newer] = [this.#older[key] as number, this.#newer[key] as number];
    if (older === -1) this.#oldest[state] = newer;
    else this.#newer[older] = newer;
    if (newer === -1) this.#newest[state] = older;
    else this.#older[newer] = older;
    this.#state[key] = ABSENT;
    this.#sizes[state] = (this.#sizes[state] as number) - 1;
  }
}
