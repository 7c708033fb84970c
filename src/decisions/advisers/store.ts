import {
  type CodecQuestion,
  type CodecReceipt,
  type CodecSteps,
  NEUTRAL_CODEC_QUESTION,
  type StoreAdviser,
} from '../../blocks/index.ts';
import { type CodecValue, heuristicSteps, LinkEstimator, stepsFor } from '../codec/index.ts';
import type { Guard } from '../guard/index.ts';

/** What the rooms were asked and said during a run. */
export type AdviceReport = {
  /** `name@version` of the codec model, or `heuristic`. */
  readonly codecBy: string;
  readonly questions: number;
  /** How many of them the model answered. */
  readonly answeredByModel: number;
  readonly codecs: Readonly<Record<string, number>>;
};

/** The rooms of the store as its adviser: every question goes through the guard of its room. */
export class RoomAdviser implements StoreAdviser {
  readonly #codec: Guard<CodecQuestion, CodecValue>;
  readonly #link = new LinkEstimator();
  readonly #codecs: Record<string, number> = {};
  /** Reused for every question: asking allocates nothing. */
  readonly #sized = { ...NEUTRAL_CODEC_QUESTION };
  readonly #known = { ...NEUTRAL_CODEC_QUESTION };
  #decisionId = 0;

  readonly #level: 'by-link' | 'built-in';

  /**
   * @param level with `built-in` the room says whether a block is worth zstd, and the store's own level does it: for a
   * repository that stays where it is, the store knows better than a link that is not there
   */
  constructor(codec: Guard<CodecQuestion, CodecValue>, level: 'by-link' | 'built-in' = 'by-link') {
    this.#codec = codec;
    this.#level = level;
  }

  codecSteps(rawBytes: number, linkBitsPerSecond: number): CodecSteps {
    const link = this.#rate(linkBitsPerSecond);
    // The rule looks at nothing: what only the model looks at is measured where the model answers.
    this.#sized.rawBytes = rawBytes;
    this.#sized.linkBitsPerSecond = link;
    return this.#codec.modelServes(this.#sized) ? stepsFor(rawBytes, link) : heuristicSteps();
  }

  codec(question: Readonly<CodecQuestion>): string | undefined {
    const link = this.#rate(question.linkBitsPerSecond);
    const hint = this.#codec.ask(
      link === question.linkBitsPerSecond ? question : this.#linked(question, link),
    );
    this.#decisionId = hint.decisionId;
    const isBuiltIn = this.#level === 'built-in' && hint.value.startsWith('zstd');
    const told = isBuiltIn ? 'zstd' : hint.value;
    this.#codecs[told] = (this.#codecs[told] ?? 0) + 1;
    return isBuiltIn ? undefined : hint.value;
  }

  settleCodec({ bytes, seconds }: Readonly<CodecReceipt>): void {
    this.#link.observe(bytes, seconds);
    this.#codec.settle({ decisionId: this.#decisionId, ok: true, bytes, seconds });
  }

  report(): AdviceReport {
    const { asks, model } = this.#codec.counters;
    return {
      codecBy: this.#codec.installed ?? 'heuristic',
      questions: asks,
      answeredByModel: model,
      codecs: { ...this.#codecs },
    };
  }

  #linked(question: Readonly<CodecQuestion>, link: number): Readonly<CodecQuestion> {
    Object.assign(this.#known, question);
    this.#known.linkBitsPerSecond = link;
    return this.#known;
  }

  /** The rate told, or else the one learnt from receipts. */
  #rate(told: number): number {
    return told > 0 ? told : this.#link.bitsPerSecond;
  }
}
