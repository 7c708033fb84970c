import type {
  BaseQuestion,
  BaseReceipt,
  CodecQuestion,
  CodecReceipt,
  CodecSteps,
  LinkReceipt,
  StoreAdviser,
  StoredReceipt,
} from '../../blocks/index.ts';
import type { CodecAdviser, CodecReport } from './codec.ts';

/** What a room that chooses bases was asked during a run, and how often its model answered. */
export type BaseReport = {
  /** `name@version` of its model, or `heuristic`. */
  readonly basesBy: string;
  readonly questions: number;
  readonly answeredByModel: number;
  /** Questions answered with none, and bases whose delta was stored or not. */
  readonly declined: number;
  readonly kept: number;
  readonly notKept: number;
};

/** A room that chooses bases, as the store asks it. */
export type BaseAdviser = Required<Pick<StoreAdviser, 'base' | 'settleBase'>> &
  Pick<StoreAdviser, 'settleStored'> & { report(): BaseReport };

/** The rooms of the store: that of codecs, and that of bases where it is to be asked. */
export type Rooms = { readonly codec: CodecAdviser; readonly similar?: BaseAdviser | undefined };

/** What the rooms were asked and said during a run. */
export type AdviceReport = CodecReport & { readonly bases?: BaseReport };

/** The rooms of the store as its one adviser: each question goes to its room. */
export class RoomAdviser implements StoreAdviser {
  readonly #rooms: Rooms;
  /** Only with a room that answers it: a question that is answered has to be put together. */
  readonly base?: (question: Readonly<BaseQuestion>) => number | undefined;

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
    const { similar } = rooms;
    if (similar !== undefined) this.base = (question) => similar.base(question);
  }

  codecSteps(rawBytes: number, linkBitsPerSecond: number): CodecSteps {
    return this.#rooms.codec.codecSteps(rawBytes, linkBitsPerSecond);
  }

  codec(question: Readonly<CodecQuestion>): string | undefined {
    return this.#rooms.codec.codec(question);
  }

  settleCodec(receipt: Readonly<CodecReceipt>): void {
    this.#rooms.codec.settleCodec(receipt);
  }

  settleLink(receipt: Readonly<LinkReceipt>): void {
    this.#rooms.codec.settleLink(receipt);
  }

  settleBase(receipt: Readonly<BaseReceipt>): void {
    this.#rooms.similar?.settleBase(receipt);
  }

  settleStored(receipt: Readonly<StoredReceipt>): void {
    this.#rooms.similar?.settleStored?.(receipt);
  }

  report(): AdviceReport {
    const { codec, similar } = this.#rooms;
    return { ...codec.report(), ...(similar === undefined ? {} : { bases: similar.report() }) };
  }
}
