import { PilotfishError } from '../../base/index.ts';
import { type Snapshot, type Tensor, takeTensor } from '../contract/index.ts';
import { ContextTable } from './context-table.ts';
import type { Ranking } from './ranking.ts';

/** How many contexts are remembered, and how many followers of each. */
export type TableSize = { readonly contexts: number; readonly followers: number };

/**
 * How often which ids followed a context (the last id and, for pairs, the one before; for single ids, 0), the most
 * frequent first and of equals the latest first.
 */
export class FollowerCounts {
  readonly #followers: number;
  #table: ContextTable;
  readonly #ids: Uint32Array;
  readonly #counts: Float64Array;

  constructor({ contexts, followers }: TableSize) {
    this.#followers = followers;
    this.#table = new ContextTable(contexts);
    this.#ids = new Uint32Array(this.#table.places * followers);
    this.#counts = new Float64Array(this.#ids.length);
  }

  /** A follower that finds its context full takes the place of the rarest and inherits its count. */
  learn(first: number, second: number, id: number): void {
    const from = this.#table.claim(first, second) * this.#followers;
    if (this.#table.fresh) this.#counts.fill(0, from, from + this.#followers);
    let at = from;
    const last = from + this.#followers - 1;
    while (at < last && (this.#ids[at] !== id || this.#counts[at] === 0)) at += 1;
    const count = (this.#counts[at] as number) + 1;
    for (; at > from && (this.#counts[at - 1] as number) <= count; at -= 1) {
      this.#ids[at] = this.#ids[at - 1] as number;
      this.#counts[at] = this.#counts[at - 1] as number;
    }
    this.#ids[at] = id;
    this.#counts[at] = count;
  }

  /** Adds the context's followers to the ranking, as parts of `share`; returns the share that is left. */
  rank(first: number, second: number, ranking: Ranking, share: number): number {
    const place = this.#table.find(first, second);
    if (place < 0) return share;
    const from = place * this.#followers;
    let total = 0;
    for (let i = from; i < from + this.#followers; i += 1) total += this.#counts[i] as number;
    const unit = share / (total + 1);
    for (let i = from; i < from + this.#followers && ranking.count < ranking.ids.length; i += 1) {
      const count = this.#counts[i] as number;
      if (count === 0) break;
      const id = this.#ids[i] as number;
      if (isRanked(ranking, id)) continue;
      ranking.ids[ranking.count] = id;
      ranking.scores[ranking.count] = count * unit;
      ranking.count += 1;
    }
    return unit;
  }

  tensors(): { [name: string]: Tensor } {
    const shape = [this.#table.places, this.#followers];
    return {
      ...this.#table.tensors(),
      ids: { shape, data: this.#ids.slice() },
      counts: { shape, data: this.#counts.slice() },
    };
  }

  /** @throws PilotfishError `DAMAGED` for a snapshot without such a table; reads before it allocates. */
  static restore(snapshot: Snapshot, size: TableSize): FollowerCounts {
    const table = ContextTable.restore(snapshot, size.contexts);
    const shape = [table.places, size.followers];
    const ids = takeTensor<Uint32Array>(snapshot, 'ids', { type: Uint32Array, shape });
    const counts = takeTensor<Float64Array>(snapshot, 'counts', { type: Float64Array, shape });
    if (!counts.every((count) => count >= 0 && count <= Number.MAX_SAFE_INTEGER)) {
      throw new PilotfishError('DAMAGED', 'a follower of the snapshot was seen a negative number of times');
    }
    const restored = new FollowerCounts(size);
    restored.#ids.set(ids);
    restored.#counts.set(counts);
    restored.#adopt(table);
    return restored;
  }

  #adopt(table: ContextTable): void {
    this.#table = table;
  }
}

function isRanked({ ids, count }: Ranking, id: number): boolean {
  for (let i = 0; i < count; i += 1) if (ids[i] === id) return true;
  return false;
}
