import { PilotfishError } from '../../base/index.ts';
import { type Snapshot, type Tensor, takeTensor } from '../contract/index.ts';

/** Contexts that share a set, and compete for its places. */
const WAYS = 8;

/**
 * A bounded table of contexts, each one or two ids. Sets of eight places, chosen by hash; a context that finds its set
 * full takes the place of the least used one and inherits its use plus one (Space-Saving: Metwally, Agrawal, El Abbadi
 * 2005). So heavy contexts stay, old ones wear out, and nothing depends on time or chance.
 */
export class ContextTable {
  /** Places in all: the capacity asked for, up to a power of two of at least eight. */
  readonly places: number;
  /** True when the last `claim` gave the place to a new context. */
  fresh = false;
  readonly #sets: number;
  readonly #first: Uint32Array;
  readonly #second: Uint32Array;
  /** 0 for an empty place. */
  readonly #uses: Float64Array;

  constructor(capacity: number) {
    this.places = placesFor(capacity);
    this.#sets = this.places / WAYS;
    this.#first = new Uint32Array(this.places);
    this.#second = new Uint32Array(this.places);
    this.#uses = new Float64Array(this.places);
  }

  /** The place of the context, or -1. */
  find(first: number, second: number): number {
    const from = this.#setOf(first, second);
    for (let place = from; place < from + WAYS; place += 1) {
      const same = this.#first[place] === first && this.#second[place] === second;
      if (same && (this.#uses[place] as number) > 0) return place;
    }
    return -1;
  }

  /** The place of the context, which counts as used once more; made if there is none. */
  claim(first: number, second: number): number {
    const known = this.find(first, second);
    this.fresh = known < 0;
    const place = known < 0 ? this.#leastUsed(this.#setOf(first, second)) : known;
    this.#first[place] = first;
    this.#second[place] = second;
    this.#uses[place] = (this.#uses[place] as number) + 1;
    return place;
  }

  #leastUsed(from: number): number {
    let least = from;
    for (let place = from + 1; place < from + WAYS; place += 1) {
      if ((this.#uses[place] as number) < (this.#uses[least] as number)) least = place;
    }
    return least;
  }

  /** First place of the set that the context belongs to: murmur3's finaliser over both ids. */
  #setOf(first: number, second: number): number {
    let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second + 0x7f4a7c15, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return ((hash ^ (hash >>> 16)) & (this.#sets - 1)) * WAYS;
  }

  tensors(): { [name: string]: Tensor } {
    const shape = [this.places];
    return {
      first: { shape, data: this.#first.slice() },
      second: { shape, data: this.#second.slice() },
      uses: { shape, data: this.#uses.slice() },
    };
  }

  /** @throws PilotfishError `DAMAGED` for a snapshot without the tensors of such a table. */
  static restore(snapshot: Snapshot, capacity: number): ContextTable {
    const shape = [placesFor(capacity)];
    const first = takeTensor<Uint32Array>(snapshot, 'first', { type: Uint32Array, shape });
    const second = takeTensor<Uint32Array>(snapshot, 'second', { type: Uint32Array, shape });
    const uses = takeTensor<Float64Array>(snapshot, 'uses', { type: Float64Array, shape });
    if (!uses.every((use) => use >= 0 && use <= Number.MAX_SAFE_INTEGER)) {
      throw new PilotfishError('DAMAGED', 'a context of the snapshot was used a negative number of times');
    }
    const table = new ContextTable(capacity);
    table.#first.set(first);
    table.#second.set(second);
    table.#uses.set(uses);
    return table;
  }
}

/** Places of a table with that capacity. */
export const placesFor = (capacity: number): number => Math.max(WAYS, 2 ** Math.ceil(Math.log2(capacity)));
