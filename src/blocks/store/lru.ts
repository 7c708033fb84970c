/** A map that forgets what was used longest ago once `limit` units are exceeded. */
export class Lru<K, V> {
  readonly #entries = new Map<K, { value: V; size: number }>();
  readonly #limit: number;
  readonly #onEvict: ((value: V) => void) | undefined;
  #size = 0;

  constructor(limit: number, onEvict?: (value: V) => void) {
    this.#limit = limit;
    this.#onEvict = onEvict;
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps `value`, whose size is in the units of the limit; larger than the limit is not kept. */
  set(key: K, value: V, size = 1): void {
    this.delete(key);
    if (size > this.#limit) {
      this.#onEvict?.(value);
      return;
    }
    this.#entries.set(key, { value, size });
    this.#size += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.#limit) return;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#size -= entry.size;
    this.#onEvict?.(entry.value);
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.delete(key);
  }
}
