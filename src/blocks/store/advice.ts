import { attempt, BaseAdvice, isWhole, RunningRatios } from '../bases/index.ts';
import {
  type CodecChoice,
  codecName,
  parseAlgorithm,
  probeRatio,
  sampleEntropyBits,
} from '../codec/index.ts';
import {
  type CodecQuestion,
  type CodecReceipt,
  type CodecSteps,
  GROUP_COUNT,
  NEUTRAL_CODEC_QUESTION,
  type StoreAdviser,
} from '../questions.ts';
import { type EncodedBlock, OUTCOME } from './encode.ts';
import type { Entry } from './entry.ts';

/** Tree nodes always share this group. */
export const TREE_GROUP = GROUP_COUNT;
/** Measured on versions of packages and on a mixed system: 3 is 2.5 % larger, 9 is 2.5 % smaller for half as much CPU again. */
const DEFAULT_CODEC: CodecChoice = { codec: 'zstd', level: 5 };

interface Context {
  readonly fileKind: number;
  readonly nameClass: number;
  readonly fileOffsetBytes: number;
  /** Numbers the files of a run. */
  readonly fileNumber: number;
  readonly isTree: boolean;
}

/** Where the bytes go and how busy the machine is: what the store was told, for its questions. */
export interface Surroundings {
  /** Bits per second; 0 when unknown. */
  readonly linkBitsPerSecond: number;
  /** 0 to 1. */
  readonly cpuPressure: number;
}

const NO_RECEIPT: Readonly<CodecReceipt> = {
  number: 0,
  blockId: '',
  rawBytes: 0,
  storedAs: 'none',
  bytes: 0,
  seconds: 0,
};

/**
 * The questions of the store with their built-in answers. An adviser's answer is used when it is legal; anything
 * else, an exception included, means the built-in one.
 */
export class Advice {
  readonly #adviser: StoreAdviser;
  /** Which base a delta has. */
  readonly bases: BaseAdvice;
  /** Whether the codec question, which costs something to put together, is answered at all. */
  readonly #isCodecAsked: boolean;
  readonly #groupOf = new Map<number, number>();
  /** Stored / raw of blocks that stand alone, by file. */
  readonly #siblings = new RunningRatios();
  readonly #surroundings: Surroundings;
  /** Reused: a question is valid during the call that gets it. */
  readonly #question: CodecQuestion = { ...NEUTRAL_CODEC_QUESTION };
  #number = 0;
  /** Reused as well. */
  readonly #receipt: CodecReceipt = { ...NO_RECEIPT };

  constructor(adviser: StoreAdviser, surroundings?: Surroundings) {
    this.#adviser = adviser;
    this.#surroundings = surroundings ?? NEUTRAL_CODEC_QUESTION;
    this.#isCodecAsked = attempt(() => adviser.codec !== undefined) ?? false;
    this.bases = new BaseAdvice(adviser, this.#siblings);
  }

  /** The codec of a block that stands alone. */
  codec(raw: Uint8Array, context: Context): CodecChoice {
    if (!this.#isCodecAsked) return DEFAULT_CODEC;
    this.#number += 1;
    const answer = attempt(() => this.#adviser.codec?.(this.#asked(raw, context)));
    return (typeof answer === 'string' ? parseAlgorithm(answer) : undefined) ?? DEFAULT_CODEC;
  }

  /** Every field anew, whatever an adviser did to the one before. Throws for a question that was frozen. */
  #asked(raw: Uint8Array, context: Context): CodecQuestion {
    const question = this.#question;
    const { linkBitsPerSecond, cpuPressure } = this.#surroundings;
    const steps = this.#steps(raw.length, linkBitsPerSecond);
    question.number = this.#number;
    question.rawBytes = raw.length;
    question.fileKind = context.fileKind;
    question.fileOffsetBytes = context.fileOffsetBytes;
    question.isLeaf = !context.isTree;
    question.siblingRatio = this.#siblings.of(context.fileNumber);
    const { sampleEntropyBits: neutralBits, probeRatio: neutralProbe } = NEUTRAL_CODEC_QUESTION;
    question.sampleEntropyBits = steps === 'none' ? neutralBits : sampleEntropyBits(raw);
    question.probeRatio = steps === 'entropy+probe' ? probeRatio(raw) : neutralProbe;
    question.linkBitsPerSecond = linkBitsPerSecond;
    question.cpuPressure = cpuPressure;
    return question;
  }

  #steps(rawBytes: number, linkBitsPerSecond: number): CodecSteps {
    const answer = attempt(() => this.#adviser.codecSteps?.(rawBytes, linkBitsPerSecond));
    return answer === 'none' || answer === 'entropy' ? answer : 'entropy+probe';
  }

  /** What a block that stands alone came to: history for the later blocks of its file. */
  stored(fileNumber: number, rawBytes: number, storedBytes: number): void {
    if (this.#isCodecAsked || this.bases.isAsked) this.#siblings.note(fileNumber, storedBytes / rawBytes);
  }

  /** Number of the latest codec question; 0 before the first, and where none is asked. */
  get codecQuestions(): number {
    return this.#number;
  }

  /** Tells the adviser what came of the codec question of this number. */
  settleCodec(number: number, block: Pick<Entry, 'id' | 'rawLength'>, encoded: EncodedBlock): void {
    attempt(() => {
      const receipt = this.#receipt;
      receipt.number = number;
      receipt.blockId = block.id;
      receipt.rawBytes = block.rawLength;
      receipt.storedAs = encoded.outcome === OUTCOME.delta ? 'delta' : codecName(encoded.codecId);
      receipt.bytes = encoded.aloneBytes;
      receipt.seconds = encoded.aloneSeconds;
      return this.#adviser.settleCodec?.(receipt);
    });
  }

  /** Tells the adviser what the bytes of a pack took to write. */
  written(bytes: number, seconds: number): void {
    attempt(() => this.#adviser.settleLink?.({ bytes, seconds }));
  }

  /** The group of a small block. The built-in rule gives each name ending its own while there are any. */
  group(rawBytes: number, context: Context): number {
    const { fileKind, nameClass } = context;
    const answer = attempt(() => this.#adviser.group?.({ rawBytes, fileKind, nameClass }));
    if (isWhole(answer, 0, GROUP_COUNT - 1)) return answer;
    const known = this.#groupOf.get(nameClass);
    if (known !== undefined) return known;
    if (this.#groupOf.size >= GROUP_COUNT) return nameClass % GROUP_COUNT;
    this.#groupOf.set(nameClass, this.#groupOf.size);
    return this.#groupOf.size - 1;
  }
}
