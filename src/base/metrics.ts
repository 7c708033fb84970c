/** Counters and observations by name; names are constants of the room that counts. Optional everywhere. */
export interface Metrics {
  /** Adds to a counter. */
  count(name: string, by?: number): void;
  /** Records one measured value (unit last in the name). */
  observe(name: string, value: number): void;
}

/** Keeps the sums in memory. */
export class MemoryMetrics implements Metrics {
  readonly counters = new Map<string, number>();
  readonly observations = new Map<string, { count: number; sum: number; max: number }>();

  count(name: string, by = 1): void {
    this.counters.set(name, (this.counters.get(name) ?? 0) + by);
  }

  observe(name: string, value: number): void {
    const seen = this.observations.get(name) ?? { count: 0, sum: 0, max: Number.NEGATIVE_INFINITY };
    seen.count += 1;
    seen.sum += value;
    seen.max = Math.max(seen.max, value);
    this.observations.set(name, seen);
  }
}
