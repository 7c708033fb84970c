import {
  type BaseCandidate,
  type BaseQuestion,
  type BaseReceipt,
  NEUTRAL_RATIO,
  type StoredReceipt,
} from '../../blocks/index.ts';
import type { Receipt } from '../contract/index.ts';
import type { Guard } from '../guard/index.ts';
import { NO_BASE } from '../similar/index.ts';
import type { BaseAdviser, BaseReport } from './store.ts';

/** What was known of a choice: the question, of its candidates the one chosen, their number and the most they share. */
export interface BaseChoice extends Readonly<Omit<BaseQuestion, 'candidates'>> {
  readonly candidateCount: number;
  readonly bestShared: number;
  readonly chosen: BaseCandidate;
}

/** What became of the choice of a base: `ok` where its delta was stored. Its time is not measured: `seconds` is 0. */
export interface BaseSettlement extends Receipt {
  readonly choice: BaseChoice;
  readonly base: Readonly<BaseReceipt>;
}

/** Told what the block of each decision took in the store, a base or not; reused, so that what is to last is copied. */
export type OnStored = (stored: Readonly<StoredReceipt>, decisionId: number) => void;

/** Choices whose receipts are waited for: more than are ever under way in a writer. */
const OPEN_CHOICES = 2048;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
/** A choice that waits for its receipt. */
type Open = { readonly choice: Writable<BaseChoice>; decisionId: number };

const NO_CHOICE = {
  ...{ number: 0, rawBytes: 0, fileKind: 0, isLeaf: true, candidateCount: 0, bestShared: 0 },
  ...{ siblingRatio: NEUTRAL_RATIO, fileDeltaRatio: NEUTRAL_RATIO, classDeltaRatio: NEUTRAL_RATIO },
};
const NO_CANDIDATE: BaseCandidate = {
  ...{ rawBytes: 0, sharedFeatures: 0, chainDepth: 0, ageBlocks: 0 },
  ...{ storedRatio: NEUTRAL_RATIO, stepsFromLast: 0 },
};

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
  /** Reused for every choice: asking and settling allocate nothing. */
  readonly #open: readonly Open[] = Array.from({ length: OPEN_CHOICES }, () => ({
    choice: { ...NO_CHOICE, chosen: { ...NO_CANDIDATE } },
    decisionId: 0,
  }));
  readonly #onStored: OnStored | undefined;
  /** Decisions of the guard before the first question of the writer. */
  #before = 0;
  #declined = 0;
  #kept = 0;
  #notKept = 0;
  #settlement: Writable<BaseSettlement> | undefined;

  /** One writer at a time: questions of a new one number anew. */
  constructor(guard: Guard<BaseQuestion, number, BaseSettlement>, onStored?: OnStored) {
    this.#guard = guard;
    this.#onStored = onStored;
  }

  base(question: Readonly<BaseQuestion>): number {
    const { decisionId, value } = this.#guard.ask(question);
    const open = this.#placeOf(question.number);
    open.decisionId = decisionId;
    this.#before = decisionId - question.number;
    note(open.choice, question, value);
    if (value === NO_BASE) this.#declined += 1;
    return value;
  }

  settleBase(base: Readonly<BaseReceipt>): void {
    if (base.isKept) this.#kept += 1;
    else this.#notKept += 1;
    const { choice, decisionId } = this.#placeOf(base.number);
    this.#settlement ??= { decisionId, ok: true, bytes: 0, seconds: 0, choice, base };
    const settlement = this.#settlement;
    settlement.decisionId = choice.number === base.number ? decisionId : 0;
    settlement.ok = base.isKept;
    settlement.bytes = base.deltaBytes;
    settlement.choice = choice;
    settlement.base = base;
    this.#guard.settle(settlement);
  }

  /** However late: a group of small blocks may be written when the receipts of its decisions are long forgotten. */
  settleStored(stored: Readonly<StoredReceipt>): void {
    this.#onStored?.(stored, this.#before + stored.number);
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

  /** Where the choice of this number waits; one older than `OPEN_CHOICES` has made place for it. */
  #placeOf(number: number): Open {
    return this.#open[number % OPEN_CHOICES] ?? (this.#open[0] as Open);
  }
}

/** A question is valid during the call alone; field by field, for `Object.assign` allocates. */
function note(choice: Writable<BaseChoice>, question: Readonly<BaseQuestion>, value: number): void {
  const { candidates } = question;
  choice.number = question.number;
  choice.rawBytes = question.rawBytes;
  choice.fileKind = question.fileKind;
  choice.isLeaf = question.isLeaf;
  choice.siblingRatio = question.siblingRatio;
  choice.fileDeltaRatio = question.fileDeltaRatio;
  choice.classDeltaRatio = question.classDeltaRatio;
  choice.candidateCount = candidates.length;
  choice.bestShared = candidates[0]?.sharedFeatures ?? 0;
  const from = candidates[value];
  if (from === undefined) return;
  const to = choice.chosen;
  to.rawBytes = from.rawBytes;
  to.sharedFeatures = from.sharedFeatures;
  to.chainDepth = from.chainDepth;
  to.ageBlocks = from.ageBlocks;
  to.storedRatio = from.storedRatio;
  to.stepsFromLast = from.stepsFromLast;
}
