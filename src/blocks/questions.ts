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

/** What a ratio of a question holds before anything is known. */
export const NEUTRAL_RATIO = 0.5;

/** A question of which nothing is known: what was not told or measured keeps these values. */
export const NEUTRAL_CODEC_QUESTION: Readonly<CodecQuestion> = {
  number: 0,
  rawBytes: 0,
  fileKind: 0,
  fileOffsetBytes: 0,
  isLeaf: true,
  siblingRatio: NEUTRAL_RATIO,
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
  /** Content identifier of the block: whoever keeps it keeps it as a keyed hash. */
  blockId: string;
  rawBytes: number;
  /** Name of the codec: `none` also where the one said did not pay, `delta` where a delta was smaller. */
  storedAs: string;
  /** What the codec made of the block; 0 where a delta was so small that the codec was not tried. */
  bytes: number;
  /** Thread time that took. */
  seconds: number;
}

/** What the bytes of a pack took to leave. */
export interface LinkReceipt {
  bytes: number;
  seconds: number;
}

/** Most codec questions that wait for their receipts: what the writer has under way and the batch it gathers. */
export const OPEN_CODEC_QUESTIONS = 1280;

/** One stored block that could be the base of a delta. */
export interface BaseCandidate {
  rawBytes: number;
  /** How many of the 12 resemblance features it shares with the new block. */
  sharedFeatures: number;
  /** Steps from this candidate to bytes that need no other block. */
  chainDepth: number;
  /** Blocks stored since the candidate. */
  ageBlocks: number;
  /** Stored / raw of the record it lies in; 0.5, which no record has, until that is written. */
  storedRatio: number;
  /** Blocks it was stored after the base chosen last: 1 is the next one; 0 when none was chosen or it is that one. */
  stepsFromLast: number;
}

/** Which candidate is the base of a delta. Legal: an index into `candidates`, or -1 for none. */
export interface BaseQuestion {
  /** Numbers the questions of one writer, from 1: the receipt carries it. */
  number: number;
  rawBytes: number;
  /** Magic-byte class of the file the block belongs to (`signals/magic`). */
  fileKind: number;
  /** Whether it holds bytes of a file; tree nodes do not. */
  isLeaf: boolean;
  /** Running mean of stored / raw over earlier blocks of the same file that stand alone; 0.5 before the first. */
  siblingRatio: number;
  /** Running mean of delta / raw over deltas tried in the same file, kept or not; 0.5 before the first. */
  fileDeltaRatio: number;
  /** The same over blocks of about this size in files whose names end alike. */
  classDeltaRatio: number;
  /** Most shared features first, ties to the newest; there is at least one. Valid during the call. */
  candidates: readonly Readonly<BaseCandidate>[];
}

/** What became of a base that was chosen. */
export interface BaseReceipt {
  /** `number` of the question. */
  number: number;
  rawBytes: number;
  /** Size of the delta, kept or not; 0 when none could be made. */
  deltaBytes: number;
  /** What the block alone came to; 0 when it was not tried. */
  aloneBytes: number;
  /** Whether the delta was stored. */
  isKept: boolean;
}

/** What a block took in the store for which a base was looked for, whatever was answered. */
export interface StoredReceipt {
  /** `number` of the base question. */
  number: number;
  rawBytes: number;
  /** Payload of its record; of a block in a group its part of the group's, by raw size. */
  storedBytes: number;
}

/** Which group a small block joins. Legal: a whole number in [0, GROUP_COUNT). */
export interface GroupQuestion {
  rawBytes: number;
  fileKind: number;
  /** A number derived from the file name's ending; equal endings, equal number. */
  nameClass: number;
}

/** Places of candidates in the question what to read ahead. */
export const AHEAD_SLOTS = 16;
/** Most blocks that one answer names. */
export const MAX_AHEAD = 5;
/** Accesses that the question looks back on, and how many numbers describe each. */
export const AHEAD_STEPS = 10;
export const AHEAD_STEP_WIDTH = AHEAD_SLOTS + 8;

/**
 * Which blocks are read before anyone asks for them. Candidates stand in slots by source and rank (children in a tree,
 * the block stored next, what followed the last two blocks, what followed the last one); nothing says which blocks they
 * are. Legal: the slots to read, best first, as digits in base AHEAD_SLOTS + 1, lowest digit first, a digit being the
 * slot and one; 0 for none. Only slots that hold a candidate, each once, at most `limit`.
 */
export interface AheadQuestion {
  /** For each slot how often candidates like it were asked for in time, lately; 0 where there is none to read. */
  chances: Float64Array;
  /** Blocks that the budget for useless ones allows now, 0 to MAX_AHEAD. */
  limit: number;
  /** Least chance that is worth it, 0 to 1: the higher, the less is left of the budget. */
  floor: number;
  /**
   * The latest accesses, oldest first, [AHEAD_STEPS][AHEAD_STEP_WIDTH]; zeros before the first. Each has the chances of
   * all its candidates, cached ones included, then which source had named the block, whether it was known, and how
   * long it had not been asked for.
   */
  steps: Float64Array;
}

/** How many groups may be open at once. */
export const GROUP_COUNT = 16;

/** Answers the store's questions; every method is optional and may answer undefined. */
export interface StoreAdviser {
  /** What to measure before the codec question; everything unless it says otherwise. */
  codecSteps?(rawBytes: number, linkBitsPerSecond: number): CodecSteps | undefined;
  /** Told once for each codec question what came of its block, in the order of the questions. */
  settleCodec?(receipt: Readonly<CodecReceipt>): void;
  /** Told after each pack what its bytes took to write: how fast the link is. */
  settleLink?(receipt: Readonly<LinkReceipt>): void;
  codec?(question: Readonly<CodecQuestion>): string | undefined;
  base?(question: Readonly<BaseQuestion>): number | undefined;
  /** Told what every base that was chosen came to, some time later and in the order of the questions. */
  settleBase?(receipt: Readonly<BaseReceipt>): void;
  /** Told once for each base question what its block took, when its record is written: in the order of records. */
  settleStored?(receipt: Readonly<StoredReceipt>): void;
  group?(question: Readonly<GroupQuestion>): number | undefined;
}
