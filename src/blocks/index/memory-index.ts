import { type ExactIndex, indexKey, type Place } from './exact-index.ts';

/** The index of a repository that cannot be written to, and of tests. */
export class MemoryIndex implements ExactIndex {
  readonly #names: string[] = [];
  readonly #places = new Map<number, Place[]>();

  packNames(): string[] {
    return [...this.#names];
  }

  addPack(name: string, diskIds: readonly string[]): void {
    if (this.#names.includes(name)) return;
    const pack = this.#names.push(name) - 1;
    diskIds.forEach((diskId, block) => {
      const key = indexKey(diskId);
      const places = this.#places.get(key);
      if (places === undefined) this.#places.set(key, [{ pack, block }]);
      else places.push({ pack, block });
    });
  }

  find(diskId: string): Place[] {
    return this.#places.get(indexKey(diskId)) ?? [];
  }

  close(): void {
    this.#places.clear();
  }
}
