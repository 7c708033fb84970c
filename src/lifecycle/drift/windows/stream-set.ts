import type { DriftType } from '../types.ts';
import type { DriftBaseline } from './baseline.ts';
import { criticalDistance, levelsOf } from './budget.ts';
import type { Judge } from './finding.ts';
import { DriftStream } from './stream.ts';

/** A stream with what it was last kept as. */
export type KeptStream = {
  readonly stream: DriftStream;
  readonly models: readonly string[];
  /** In the state; the next change must find it so. */
  revision: number;
  /** Values it had when it was kept. */
  keptCount: number;
};

const SIZES = 4;
/** Critical distances that are remembered: streams of one size of baseline share theirs. */
const MAX_REMEMBERED = 4096;

/** All streams of a detector; the budget is shared out among them. */
export class StreamSet {
  readonly #judge: Judge;
  readonly #alarmsPerMillion: number;
  readonly #byType: Readonly<Record<DriftType, Map<string, KeptStream>>> = {
    feature: new Map(),
    prediction: new Map(),
    concept: new Map(),
  };
  readonly #critical = new Map<string, number>();

  constructor(judge: Omit<Judge, 'sizes'>, alarmsPerMillion: number) {
    this.#judge = { ...judge, sizes: SIZES };
    this.#alarmsPerMillion = alarmsPerMillion;
  }

  get count(): number {
    return Object.values(this.#byType).reduce((sum, streams) => sum + streams.size, 0);
  }

  find(type: DriftType, name: string): KeptStream | undefined {
    return this.#byType[type].get(name);
  }

  /** Ordered by type and name. */
  all(): KeptStream[] {
    return Object.values(this.#byType).flatMap((streams) =>
      [...streams.values()].sort((a, b) => (a.stream.name < b.stream.name ? -1 : 1)),
    );
  }

  /** Adds a stream, empty, in place of one of the same name; `share` once all are there. */
  put(
    name: string,
    {
      type,
      baseline,
      models,
      revision,
    }: { type: DriftType; baseline: DriftBaseline; models: readonly string[]; revision: number },
  ): DriftStream {
    const stream = new DriftStream(name, { type, baseline, judge: this.#judge });
    this.#byType[type].set(name, { stream, models, revision, keptCount: 0 });
    return stream;
  }

  remove(type: DriftType, name: string): void {
    this.#byType[type].delete(name);
  }

  /** Shares the budget out among the streams there are. */
  share(): void {
    const { half, sizes } = this.#judge;
    const streams = this.count;
    for (const { stream } of this.all()) {
      const plan = { half, sizes, streams, baseline: stream.baseline.count };
      stream.setLevels(levelsOf(this.#alarmsPerMillion, plan), (samples, pValue) =>
        this.#criticalOf(samples, pValue),
      );
    }
  }

  #criticalOf(samples: readonly [number, number], pValue: number): number {
    const key = `${samples.join()} ${pValue}`;
    const known = this.#critical.get(key);
    if (known !== undefined) return known;
    if (this.#critical.size >= MAX_REMEMBERED) this.#critical.clear();
    const found = criticalDistance(samples, pValue);
    this.#critical.set(key, found);
    return found;
  }
}
