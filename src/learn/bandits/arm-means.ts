import { type Snapshot, type Tensor, takeCounts, takeFloats } from '../contract/index.ts';

/** Less than this is left of an arm that was last played thousands of rewards ago: it counts as never played. */
const FORGOTTEN = 1e-30;

/**
 * Discounted count and mean of the rewards of each arm: every further reward, of whichever arm, leaves `discount` of
 * the counts. With discount 1, plain counts and means.
 */
export class ArmMeans {
  readonly counts: Float64Array;
  readonly means: Float64Array;
  readonly #discount: number;
  #total = 0;

  constructor(arms: number, discount: number) {
    this.counts = new Float64Array(arms);
    this.means = new Float64Array(arms);
    this.#discount = discount;
  }

  /** Discounted number of all rewards. */
  get total(): number {
    return this.#total;
  }

  learn(arm: number, reward: number): void {
    const { counts, means } = this;
    age(counts, this.#discount);
    const count = (counts[arm] as number) + 1;
    const mean = means[arm] as number;
    counts[arm] = count;
    means[arm] = mean + (reward - mean) / count;
    this.#total = this.#total * this.#discount + 1;
  }

  tensors(): { [name: string]: Tensor } {
    return {
      counts: { shape: [this.counts.length], data: this.counts.slice() },
      means: { shape: [this.means.length], data: this.means.slice() },
      total: { shape: [1], data: Float64Array.of(this.#total) },
    };
  }

  /** Goes on where `tensors` was called. @throws PilotfishError `DAMAGED` or `NOT_FINITE`. */
  resume(snapshot: Snapshot): void {
    const shape = [this.counts.length];
    this.counts.set(takeCounts(snapshot, 'counts', shape));
    this.means.set(takeFloats(snapshot, 'means', shape));
    this.#total = takeCounts(snapshot, 'total', [1])[0] as number;
  }
}

/** Leaves `discount` of every count, and nothing of the smallest. */
export function age(counts: Float64Array, discount: number): void {
  if (discount === 1) return;
  for (let i = 0; i < counts.length; i += 1) {
    const left = (counts[i] as number) * discount;
    counts[i] = left < FORGOTTEN ? 0 : left;
  }
}
