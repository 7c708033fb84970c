import type { Observation } from './sampler.ts';

/** Most observations that count as good. */
export const maxGood = 25;
/** Size of either half of the rest: the latest, and older ones thinned evenly. */
const half = 64;

type Entry = Observation & { readonly order: number };

/** Complete trials by value; then pruned ones, those that got farther first. */
function isBetter(a: Observation, b: Observation): boolean {
  return a.step === b.step ? a.value < b.value : a.step > b.step;
}

/**
 * What a sampler remembers of any number of trials in bounded memory: the 25 best, the 64 latest, and of those
 * before them at most 64 at even distances.
 */
export class History {
  #count = 0;
  /** Best first; of equals, the earlier. */
  readonly #best: Entry[] = [];
  readonly #latest: Entry[] = [];
  #older: Entry[] = [];
  #stride = 1;

  /** Observations so far. */
  get count(): number {
    return this.#count;
  }

  add(observation: Observation): void {
    const entry = { ...observation, order: this.#count };
    this.#count += 1;
    let at = this.#best.length;
    while (at > 0 && isBetter(entry, this.#best[at - 1] as Entry)) at -= 1;
    this.#best.splice(at, 0, entry);
    if (this.#best.length > maxGood) this.#best.pop();
    this.#latest.push(entry);
    if (this.#latest.length > half) this.#age(this.#latest.shift() as Entry);
  }

  /** The `count` best observations, best first, and a bounded sample of the others. */
  split(count: number): { readonly good: readonly Observation[]; readonly rest: readonly Observation[] } {
    const good = this.#best.slice(0, count);
    const taken = new Set(good.map((entry) => entry.order));
    const others = [...this.#older, ...this.#latest, ...this.#best.slice(count)];
    const rest = others.filter((entry) => !taken.has(entry.order) && taken.add(entry.order));
    return { good, rest };
  }

  #age(entry: Entry): void {
    if (entry.order % this.#stride !== 0) return;
    this.#older.push(entry);
    if (this.#older.length <= half) return;
    this.#stride *= 2;
    this.#older = this.#older.filter((kept) => kept.order % this.#stride === 0);
  }
}
