import type { BaseQuestion, BaseReceipt } from '../../blocks/index.ts';
import type { Receipt } from '../contract/index.ts';
import type { Guard } from '../guard/index.ts';
import { NO_BASE } from '../similar/index.ts';
import type { BaseAdviser, BaseReport } from './store.ts';

/** What became of the choice of a base: `ok` where its delta was stored, and what the store says of it. */
export interface BaseSettlement extends Receipt {
  readonly base: Readonly<BaseReceipt>;
}

/** Choices whose receipts are waited for: more than are ever under way in a writer. */
const OPEN_CHOICES = 2048;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** No room: blocks that are equal are stored once, and nothing else is made of what resembles (document 000). */
export const exactHashOnly: BaseAdviser = {
  base: () => NO_BASE,
  settleBase: () => undefined,
  report: () => ({
    ...{ basesBy: 'exact', questions: 0, answeredByModel: 0 },
    ...{ declined: 0, kept: 0, notKept: 0 },
  }),
};

/** The similar room as the store's adviser: each question goes through the guard, each receipt back to its decision. */
export class SimilarAdviser implements BaseAdviser {
  readonly #guard: Guard<BaseQuestion, number, BaseSettlement>;
  /** Number of a question and its decision, by number modulo their length. */
  readonly #numbers = new Float64Array(OPEN_CHOICES);
  readonly #decisions = new Float64Array(OPEN_CHOICES);
  #declined = 0;
  #kept = 0;
  #notKept = 0;
  #settlement: Writable<BaseSettlement> | undefined;

  constructor(guard: Guard<BaseQuestion, number, BaseSettlement>) {
    this.#guard = guard;
  }

  base(question: Readonly<BaseQuestion>): number {
    const { decisionId, value } = this.#guard.ask(question);
    const place = question.number % OPEN_CHOICES;
    this.#numbers[place] = question.number;
    this.#decisions[place] = decisionId;
    if (value === NO_BASE) this.#declined += 1;
    return value;
  }

  settleBase(base: Readonly<BaseReceipt>): void {
    if (base.isKept) this.#kept += 1;
    else this.#notKept += 1;
    const place = base.number % OPEN_CHOICES;
    this.#settlement ??= { decisionId: 0, ok: true, bytes: 0, seconds: 0, base };
    const settlement = this.#settlement;
    settlement.decisionId = this.#numbers[place] === base.number ? (this.#decisions[place] as number) : 0;
    settlement.ok = base.isKept;
    settlement.bytes = base.deltaBytes;
    settlement.base = base;
    this.#guard.settle(settlement);
  }

  report(): BaseReport {
    const { asks, model } = this.#guard.counters;
    return {
      basesBy: this.#guard.installed ?? 'heuristic',
      questions: asks,
      answeredByModel: model,
      declined: this.#declined,
      kept: this.#kept,
      notKept: this.#notKept,
    };
  }
}
