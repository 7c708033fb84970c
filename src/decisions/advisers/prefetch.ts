import { type AheadQuestion, HistoryAhead, type ReadAhead } from '../../blocks/index.ts';
import type { Guard } from '../guard/index.ts';

/** What the room was asked during a run, and what became of what was read. */
export type PrefetchReport = {
  /** `name@version` of the model, or `heuristic`. */
  readonly aheadBy: string;
  readonly questions: number;
  /** How many of them the model answered. */
  readonly answeredByModel: number;
  /** Blocks read ahead that were asked for in time, and those that were not. */
  readonly used: number;
  readonly wasted: number;
};

/** Decisions whose blocks are waited for; the oldest is let go. */
const MAX_OPEN = 1024;

/** The prefetch room as whoever reads asks it: every question goes through its guard, every block back as a receipt. */
export class PrefetchAdviser implements ReadAhead {
  readonly #guard: Guard<AheadQuestion, number>;
  readonly #history: HistoryAhead;
  /** The decision each block was read by. */
  readonly #open = new Map<string, number>();
  #decisionId = 0;
  #used = 0;
  #wasted = 0;

  /** @param options.cacheBlocks how many blocks the cache of the reader holds */
  constructor(guard: Guard<AheadQuestion, number>, options: { readonly cacheBlocks?: number } = {}) {
    this.#guard = guard;
    this.#history = new HistoryAhead({ ...options, ask: (question) => this.#answer(question) });
  }

  accessed(id: string, known: readonly string[]): readonly string[] {
    const ids = this.#history.accessed(id, known);
    for (const ahead of ids) this.#open.set(ahead, this.#decisionId);
    while (this.#open.size > MAX_OPEN) this.#open.delete(this.#open.keys().next().value as string);
    return ids;
  }

  used(id: string, bytes: number): void {
    this.#history.used(id, bytes);
    this.#used += 1;
    this.#settle(id, 0);
  }

  wasted(id: string, bytes: number): void {
    this.#history.wasted(id, bytes);
    this.#wasted += 1;
    this.#settle(id, bytes);
  }

  report(): PrefetchReport {
    const { asks, model } = this.#guard.counters;
    return {
      aheadBy: this.#guard.installed ?? 'heuristic',
      ...{ questions: asks, answeredByModel: model, used: this.#used, wasted: this.#wasted },
    };
  }

  #answer(question: Readonly<AheadQuestion>): number {
    const hint = this.#guard.ask(question);
    this.#decisionId = hint.decisionId;
    return hint.value;
  }

  /** A receipt in bytes that were read for nothing. */
  #settle(id: string, bytes: number): void {
    const decisionId = this.#open.get(id);
    if (decisionId === undefined) return;
    this.#open.delete(id);
    this.#guard.settle({ decisionId, ok: true, bytes, seconds: 0 });
  }
}
