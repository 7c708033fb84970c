import { type ExactIndex, indexKey, type Place } from './exact-index.ts';

/** The index of a repository that cannot be written to, and of tests. */
export class MemoryIndex implements ExactIndex {
  readonly #names: string[] = [];
  readonly #places = new Map<number, Place[]>();

  packNames(): string[] {
    return [...this.#names];
  }

  addPack(name: string, diskIds: readonly string[]): number {
    const known = this.#names.indexOf(name);
    if (known !== -1) return known;
    const pack = this.#names.push(name) - 1;
    diskIds.forEach((diskId, block) => {
      const key = indexKey(diskId);
      const places = this.#places.get(key);
      if (places === undefined) this.#places.set(key, [{ pack, block }]);
      else places.push({ pack, block });
    });
    return pack;
  }

  find(diskId: string): Place[] {
    return this.#places.get(indexKey(diskId)) ?? [];
  }

  close(): void {
    this.#places.clear();
  }
}
