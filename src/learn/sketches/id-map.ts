/** Marks an empty place: slots are below it. */
const EMPTY = 0xffffffff;

/** From ids (below 2^32) to slots: a hash table in typed arrays with linear probing, at most half full. */
export class IdMap {
  #ids = new Uint32Array(64);
  #slots = new Uint32Array(64).fill(EMPTY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The slot of the id, or -1. */
  get(id: number): number {
    const slot = this.#slots[this.#placeOf(id)] as number;
    return slot === EMPTY ? -1 : slot;
  }

  /** The id must not be there yet. */
  add(id: number, slot: number): void {
    if (this.#size * 2 >= this.#ids.length) this.#grow();
    const place = this.#placeOf(id);
    this.#ids[place] = id;
    this.#slots[place] = slot;
    this.#size += 1;
  }

  /** The id must be there. What was pushed on by it moves back (Knuth, TAOCP 6.4, algorithm R). */
  remove(id: number): void {
    const mask = this.#ids.length - 1;
    let gap = this.#placeOf(id);
    for (let place = (gap + 1) & mask; this.#slots[place] !== EMPTY; place = (place + 1) & mask) {
      const home = this.#homeOf(this.#ids[place] as number);
      if (((place - home) & mask) < ((place - gap) & mask)) continue;
      this.#ids[gap] = this.#ids[place] as number;
      this.#slots[gap] = this.#slots[place] as number;
      gap = place;
    }
    this.#slots[gap] = EMPTY;
    this.#size -= 1;
  }

  /** All ids, ascending. */
  ids(): Uint32Array {
    return this.#ids.filter((_, place) => this.#slots[place] !== EMPTY).sort();
  }

  #homeOf(id: number): number {
    const mixed = Math.imul(id ^ (id >>> 16), 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & (this.#ids.length - 1);
  }

  /** Where the id is, or the empty place where it would go. */
  #placeOf(id: number): number {
    const mask = this.#ids.length - 1;
    let place = this.#homeOf(id);
    while (this.#slots[place] !== EMPTY && this.#ids[place] !== id) place = (place + 1) & mask;
    return place;
  }

  #grow(): void {
    const [ids, slots] = [this.#ids, this.#slots];
    this.#ids = new Uint32Array(ids.length * 2);
    this.#slots = new Uint32Array(ids.length * 2).fill(EMPTY);
    for (let i = 0; i < ids.length; i += 1) {
      if (slots[i] === EMPTY) continue;
      const place = this.#placeOf(ids[i] as number);
      this.#ids[place] = ids[i] as number;
      this.#slots[place] = slots[i] as number;
    }
  }
}
