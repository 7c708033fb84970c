import {
  type CodecQuestion,
  type CodecReceipt,
  type CodecSteps,
  type LinkReceipt,
  NEUTRAL_CODEC_QUESTION,
  OPEN_CODEC_QUESTIONS,
  type StoreAdviser,
} from '../../blocks/index.ts';
import { type CodecValue, heuristicSteps, LinkEstimator, stepsFor } from '../codec/index.ts';
import type { Receipt } from '../contract/index.ts';
import type { Guard } from '../guard/index.ts';

/** What came of one codec decision: the receipt its guard hears of, with what was asked and what became of the block. */
export interface CodecSettlement extends Receipt {
  readonly question: Readonly<CodecQuestion>;
  readonly block: Readonly<CodecReceipt>;
}

/** What the codec room was asked and said during a run. */
export type CodecReport = {
  /** `name@version` of the codec model, or `heuristic`. */
  readonly codecBy: string;
  readonly questions: number;
  /** How many of them the model answered. */
  readonly answeredByModel: number;
  readonly codecs: Readonly<Record<string, number>>;
};

/** A question that waits for its receipt. */
type Open = { readonly question: CodecQuestion; decisionId: number };
type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The codec room as the store's adviser: each question goes through the guard, each receipt back to its decision. */
export class CodecAdviser implements StoreAdviser {
  readonly #guard: Guard<CodecQuestion, CodecValue, CodecSettlement>;
  readonly #level: 'by-link' | 'built-in';
  readonly #link = new LinkEstimator();
  readonly #codecs: Record<string, number> = {};
  /** Reused for every question: asking and settling allocate nothing. */
  readonly #sized = { ...NEUTRAL_CODEC_QUESTION };
  readonly #open: readonly Open[] = Array.from({ length: OPEN_CODEC_QUESTIONS }, () => ({
    question: { ...NEUTRAL_CODEC_QUESTION },
    decisionId: 0,
  }));
  #settlement: Writable<CodecSettlement> | undefined;

  /**
   * @param level with `built-in` the room says whether a block is worth zstd, and the store's own level does it: for a
   * repository that stays where it is, the store knows better than a link that is not there
   */
  constructor(
    guard: Guard<CodecQuestion, CodecValue, CodecSettlement>,
    level: 'by-link' | 'built-in' = 'by-link',
  ) {
    this.#guard = guard;
    this.#level = level;
  }

  codecSteps(rawBytes: number, linkBitsPerSecond: number): CodecSteps {
    const link = this.#rate(linkBitsPerSecond);
    // The rule looks at nothing: what only the model looks at is measured where the model answers.
    this.#sized.rawBytes = rawBytes;
    this.#sized.linkBitsPerSecond = link;
    return this.#guard.modelServes(this.#sized) ? stepsFor(rawBytes, link) : heuristicSteps();
  }

  codec(question: Readonly<CodecQuestion>): string | undefined {
    const open = this.#placeOf(question.number);
    Object.assign(open.question, question);
    open.question.linkBitsPerSecond = this.#rate(question.linkBitsPerSecond);
    const { decisionId, value } = this.#guard.ask(open.question);
    open.decisionId = decisionId;
    const isBuiltIn = this.#level === 'built-in' && value.startsWith('zstd');
    const told = isBuiltIn ? 'zstd' : value;
    this.#codecs[told] = (this.#codecs[told] ?? 0) + 1;
    return isBuiltIn ? undefined : value;
  }

  settleCodec(block: Readonly<CodecReceipt>): void {
    const { question, decisionId } = this.#placeOf(block.number);
    this.#settlement ??= { decisionId, ok: true, bytes: 0, seconds: 0, question, block };
    const settlement = this.#settlement;
    settlement.decisionId = question.number === block.number ? decisionId : 0;
    settlement.ok = block.storedAs !== 'delta';
    settlement.bytes = block.bytes;
    settlement.seconds = block.seconds;
    settlement.question = question;
    settlement.block = block;
    this.#guard.settle(settlement);
  }

  settleLink({ bytes, seconds }: Readonly<LinkReceipt>): void {
    this.#link.observe(bytes, seconds);
  }

  report(): CodecReport {
    const { asks, model } = this.#guard.counters;
    return {
      codecBy: this.#guard.installed ?? 'heuristic',
      questions: asks,
      answeredByModel: model,
      codecs: { ...this.#codecs },
    };
  }

  /** Where the question of this number waits; one older than `OPEN_CODEC_QUESTIONS` has made place for it. */
  #placeOf(number: number): Open {
    return this.#open[number % OPEN_CODEC_QUESTIONS] ?? (this.#open[0] as Open);
  }

  /** The rate told, or else the one learnt from receipts. */
  #rate(told: number): number {
    return told > 0 ? told : this.#link.bitsPerSecond;
  }
}
