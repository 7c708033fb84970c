import { MAX_CHAIN_DEPTH } from '../../base/index.ts';
import { type CodecChoice, parseAlgorithm, probeRatio, sampleEntropyBits } from '../codec/index.ts';
import {
  type CodecQuestion,
  type CodecSteps,
  GROUP_COUNT,
  NEUTRAL_CODEC_QUESTION,
  type StoreAdviser,
  siblingRatioAfter,
} from '../questions.ts';
import type { Resemblance, ResemblanceIndex } from './resemblance.ts';

/** Tree nodes always share this group. */
export const TREE_GROUP = GROUP_COUNT;
const CANDIDATES_ASKED = 8;
/** Features a base must share: one of twelve may be chance. */
const MIN_SHARED = 2;
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

/** Files whose ratio is remembered: outcomes come a few batches behind. */
const SIBLING_FILES = 64;

/**
 * The questions of the store with their built-in answers. An adviser's answer is used when it is legal; anything
 * else, an exception included, means the built-in one.
 */
export class Advice {
  readonly #adviser: StoreAdviser;
  /** Which questions cost something to put together and are answered at all. */
  readonly #asked: { readonly codec: boolean; readonly base: boolean };
  readonly #groupOf = new Map<number, number>();
  readonly #siblingRatios = new Map<number, number>();
  /** Reused: a question is valid during the call that gets it. */
  readonly #question: CodecQuestion;

  constructor(adviser: StoreAdviser, surroundings?: Surroundings) {
    this.#adviser = adviser;
    this.#question = { ...NEUTRAL_CODEC_QUESTION, ...surroundings };
    this.#asked = {
      codec: attempt(() => adviser.codec !== undefined) ?? false,
      base: attempt(() => adviser.base !== undefined) ?? false,
    };
  }

  /** The codec of a block that stands alone. */
  codec(raw: Uint8Array, context: Context): CodecChoice {
    if (!this.#asked.codec) return DEFAULT_CODEC;
    const question = this.#question;
    const steps = this.#steps(raw.length, question.linkBitsPerSecond);
    question.number += 1;
    question.rawBytes = raw.length;
    question.fileKind = context.fileKind;
    question.fileOffsetBytes = context.fileOffsetBytes;
    question.isLeaf = !context.isTree;
    question.siblingRatio =
      this.#siblingRatios.get(context.fileNumber) ?? NEUTRAL_CODEC_QUESTION.siblingRatio;
    const { sampleEntropyBits: neutralBits, probeRatio: neutralProbe } = NEUTRAL_CODEC_QUESTION;
    question.sampleEntropyBits = steps === 'none' ? neutralBits : sampleEntropyBits(raw);
    question.probeRatio = steps === 'entropy+probe' ? probeRatio(raw) : neutralProbe;
    const answer = attempt(() => this.#adviser.codec?.(question));
    return (typeof answer === 'string' ? parseAlgorithm(answer) : undefined) ?? DEFAULT_CODEC;
  }

  #steps(rawBytes: number, linkBitsPerSecond: number): CodecSteps {
    const answer = attempt(() => this.#adviser.codecSteps?.(rawBytes, linkBitsPerSecond));
    return answer === 'none' || answer === 'entropy' ? answer : 'entropy+probe';
  }

  /** What a block that stands alone came to: history for the later blocks of its file. */
  stored(fileNumber: number, rawBytes: number, storedBytes: number): void {
    if (!this.#asked.codec) return;
    const ratio = storedBytes / rawBytes;
    const before = this.#siblingRatios.get(fileNumber);
    // Set anew, so that the oldest entry is the file heard of longest ago.
    this.#siblingRatios.delete(fileNumber);
    this.#siblingRatios.set(fileNumber, siblingRatioAfter(before, ratio));
    if (this.#siblingRatios.size <= SIBLING_FILES) return;
    for (const oldest of this.#siblingRatios.keys()) {
      this.#siblingRatios.delete(oldest);
      return;
    }
  }

  /** Tells the adviser what the bytes of a pack took to write. */
  written(bytes: number, seconds: number): void {
    const { number } = this.#question;
    if (number > 0) attempt(() => this.#adviser.settleCodec?.({ number, bytes, seconds }));
  }

  /** Blocks that may be a base, best first; only those with a depth below the limit. */
  candidates(index: ResemblanceIndex, features: Uint32Array, depthLimit = MAX_CHAIN_DEPTH): Resemblance[] {
    const count = this.#asked.base ? CANDIDATES_ASKED : 1;
    return index.find(features, { count, depthLimit, minShared: MIN_SHARED });
  }

  /** Index of the base among the candidates; -1 for none. The built-in rule takes the first. */
  base(candidates: readonly Resemblance[], rawBytes: number, context: Context): number {
    if (candidates.length === 0 || !this.#asked.base) return 0;
    const described = candidates.map(({ rawLength, shared, depth, age }) => ({
      rawBytes: rawLength,
      sharedFeatures: shared,
      chainDepth: depth,
      ageBlocks: age,
    }));
    const answer = attempt(() =>
      this.#adviser.base?.({ rawBytes, fileKind: context.fileKind, candidates: described }),
    );
    return isWhole(answer, -1, candidates.length - 1) ? answer : 0;
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

function attempt<T>(run: () => T): T | undefined {
  try {
    const answer = run();
    // A promise is no answer, and one that is rejected must not end the process.
    if (answer instanceof Promise) answer.catch(() => undefined);
    return answer;
  } catch {
    // An adviser that throws has no answer.
    return undefined;
  }
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
