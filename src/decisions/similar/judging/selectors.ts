import { type Clock, MAX_CHAIN_DEPTH } from '../../../base/index.ts';
import {
  BaseAdvice,
  type BaseQuestion,
  type Resemblance,
  ResemblanceIndex,
  RunningRatios,
} from '../../../blocks/index.ts';
import type { SetBlock } from './blocks.ts';
import type { Selector, Settled } from './replay.ts';

/** As much as a writer takes. */
const INDEX_BYTES = 48 * 1024 * 1024;

/** Chooses with the question in hand; `base` tells which stored block a candidate is, for those who may know it. */
export type Choose = (
  question: Readonly<BaseQuestion>,
  base: (index: number) => string,
  block: SetBlock,
) => number;

/** The store's own look-up and question, with somebody's answer; without one the built-in rule. */
export class StoreSelector implements Selector {
  /** Microseconds of each decision, look-up included. */
  readonly decisionUs: number[] = [];
  readonly #clock: Clock;
  readonly #index = new LastFound(INDEX_BYTES);
  readonly #siblings = new RunningRatios();
  readonly #advice: BaseAdvice;
  readonly #sequences = new Map<string, number>();
  readonly #numbers = new Map<string, number>();
  #block: SetBlock | undefined;

  constructor(clock: Clock, choose?: Choose) {
    this.#clock = clock;
    const baseId = (index: number): string => this.#index.last[index]?.id ?? '';
    const base = (question: Readonly<BaseQuestion>): number | undefined =>
      this.#block && choose?.(question, baseId, this.#block);
    this.#advice = new BaseAdvice(choose === undefined ? {} : { base }, this.#siblings);
  }

  select(block: SetBlock): string | undefined {
    if (block.features === undefined) return undefined;
    const { raw, fileKind, nameClass, fileNumber } = block;
    const seeker = { rawLength: raw.length, fileKind, nameClass, fileNumber, isTree: false };
    this.#block = block;
    const startedMs = this.#clock.monotonicMs();
    const chosen = this.#advice.choose(this.#index, block.features, {
      ...seeker,
      depthLimit: MAX_CHAIN_DEPTH,
    });
    this.decisionUs.push(1000 * (this.#clock.monotonicMs() - startedMs));
    if (chosen !== undefined) this.#numbers.set(block.id, this.#advice.number);
    return chosen?.id;
  }

  enter({ id, raw, features }: SetBlock, depth: number): void {
    if (features === undefined) return;
    this.#sequences.set(id, this.#index.add(features, { id, depth, rawLength: raw.length }));
  }

  settle(block: SetBlock, { depth, storedRatio, deltaBytes, aloneBytes, isKept }: Settled): void {
    const { id, raw, nameClass, fileNumber } = block;
    const sequence = this.#sequences.get(id) ?? -1;
    this.#index.setDepth(sequence, depth);
    if (storedRatio !== undefined) this.#index.setStoredRatio(sequence, storedRatio);
    if (aloneBytes > 0) this.#siblings.note(fileNumber, aloneBytes / raw.length);
    const number = this.#numbers.get(id);
    if (deltaBytes === undefined || number === undefined) return;
    const seeker = { rawLength: raw.length, nameClass, fileNumber, isTree: false };
    this.#advice.settle(number, seeker, { deltaBytes, aloneBytes, isKept });
  }
}

/** An index that remembers its latest answer. */
class LastFound extends ResemblanceIndex {
  last: readonly Resemblance[] = [];

  override find(...asked: Parameters<ResemblanceIndex['find']>): readonly Resemblance[] {
    this.last = super.find(...asked);
    return this.last;
  }
}

/** Exact hash only. */
export class NoBases implements Selector {
  select(): undefined {
    return undefined;
  }

  enter(): void {
    // Nothing is looked for.
  }

  settle(): void {
    // Nothing is learnt.
  }
}

/** Groups of four of the twelve features: a base must share a whole group. */
const SUPER_FEATURES = 3;
const GROUP_SIZE = 4;
const NEWEST = 16;

/** The classic three super-features of four: the newest block that shares one is the base. */
export class SuperFeatures implements Selector {
  readonly #buckets = new Map<string, string[]>();
  readonly #depths = new Map<string, number>();

  select({ features }: SetBlock): string | undefined {
    for (const key of keysOf(features)) {
      for (const id of this.#buckets.get(key) ?? []) {
        if ((this.#depths.get(id) ?? MAX_CHAIN_DEPTH) < MAX_CHAIN_DEPTH) return id;
      }
    }
    return undefined;
  }

  enter({ id, features }: SetBlock, depth: number): void {
    this.#depths.set(id, depth);
    for (const key of keysOf(features)) {
      const bucket = this.#buckets.get(key) ?? [];
      bucket.unshift(id);
      bucket.splice(NEWEST);
      this.#buckets.set(key, bucket);
    }
  }

  settle({ id }: SetBlock, { depth }: Settled): void {
    this.#depths.set(id, depth);
  }
}

function keysOf(features: Uint32Array | undefined): string[] {
  if (features === undefined) return [];
  return Array.from({ length: SUPER_FEATURES }, (_, i) => {
    const own = features.subarray(GROUP_SIZE * i, GROUP_SIZE * (i + 1));
    return `${i}:${own.join(',')}`;
  });
}
