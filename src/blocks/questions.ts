/**
 * What the store asks while it writes, in its own words. An adviser may answer any of it, none of it, or
 * nonsense: the core checks every answer against its own limits and uses its built-in rule where an answer
 * is missing, illegal or throws. An answer can change sizes and speed; never bytes, ids or roots.
 *
 * Questions are content-free: sizes, classes and counts known before the decision. One question object may be
 * reused for the next ask: an adviser must not keep it.
 */

/**
 * How much of a block is measured before the codec question is asked: measuring takes time, which is part of what a
 * decision costs.
 */
export type CodecSteps = 'none' | 'entropy' | 'entropy+probe';

/**
 * Which codec encodes a block that stands alone. Legal: every name of the codec registry. What was not measured holds
 * its neutral value.
 */
export interface CodecQuestion {
  /** Numbers the questions of one writer, from 1: the receipt carries it. */
  number: number;
  /** Raw size of the block. */
  rawBytes: number;
  /** Magic-byte class of the file the block belongs to (`signals/magic`). */
  fileKind: number;
  /** Offset of the block in its file. */
  fileOffsetBytes: number;
  /** Whether it holds bytes of a file; tree nodes do not. */
  isLeaf: boolean;
  /** Running mean of stored / raw over earlier blocks of the same file; 0.5 before the first. */
  siblingRatio: number;
  /** Entropy of a sample of 512 bytes, bits per byte; 8 when not measured. */
  sampleEntropyBits: number;
  /** Size of the sample after lz4 / before; 1 when not measured. */
  probeRatio: number;
  /** Rate at which stored bytes leave, bits per second; 0 when unknown. */
  linkBitsPerSecond: number;
  /** Runnable load per core, 0 to 1. */
  cpuPressure: number;
}

/** A question of which nothing is known: what was not told or measured keeps these values. */
export const NEUTRAL_CODEC_QUESTION: Readonly<CodecQuestion> = {
  number: 0,
  rawBytes: 0,
  fileKind: 0,
  fileOffsetBytes: 0,
  isLeaf: true,
  siblingRatio: 0.5,
  sampleEntropyBits: 8,
  probeRatio: 1,
  linkBitsPerSecond: 0,
  cpuPressure: 0,
};

/** Weight of the newest block in the running ratio of a file. */
const SIBLING_WEIGHT = 0.2;

/** `siblingRatio` after one more block that came to `ratio`; undefined `before` the first. */
export function siblingRatioAfter(before: number | undefined, ratio: number): number {
  return before === undefined ? ratio : before + SIBLING_WEIGHT * (ratio - before);
}

/** What came of a codec question. */
export interface CodecReceipt {
  /** `number` of the question. */
  number: number;
  /** Bytes that left since the receipt before, and the seconds they took. */
  bytes: number;
  seconds: number;
}

/** One stored block that could be the base of a delta. */
export interface BaseCandidate {
  rawBytes: number;
  /** How many of the 12 resemblance features it shares with the new block. */
  sharedFeatures: number;
  /** Steps from this candidate to bytes that need no other block. */
  chainDepth: number;
  /** Blocks stored since the candidate. */
  ageBlocks: number;
}

/** Which candidate is the base of a delta. Legal: an index into `candidates`, or -1 for none. */
export interface BaseQuestion {
  rawBytes: number;
  fileKind: number;
  candidates: readonly BaseCandidate[];
}

/** Which group a small block joins. Legal: a whole number in [0, GROUP_COUNT). */
export interface GroupQuestion {
  rawBytes: number;
  fileKind: number;
  /** A number derived from the file name's ending; equal endings, equal number. */
  nameClass: number;
}

/** How many groups may be open at once. */
export const GROUP_COUNT = 16;

/** Answers the store's questions; every method is optional and may answer undefined. */
export interface StoreAdviser {
  /** What to measure before the codec question; everything unless it says otherwise. */
  codecSteps?(rawBytes: number, linkBitsPerSecond: number): CodecSteps | undefined;
  /** Told after each pack what its bytes took to write, under the number of the latest question. */
  settleCodec?(receipt: Readonly<CodecReceipt>): void;
  codec?(question: Readonly<CodecQuestion>): string | undefined;
  base?(question: Readonly<BaseQuestion>): number | undefined;
  group?(question: Readonly<GroupQuestion>): number | undefined;
}
