import { SMALL_FILE_BYTES } from '../../../base/index.ts';
import type { BaseCandidate, BaseQuestion, CodecQuestion, StoredReceipt } from '../../../blocks/index.ts';
import { type CodecSettlement, CPU_PENALTY } from '../../../decisions/index.ts';

/** How a question is kept, for it is valid during the call alone. */
export interface QuestionCopy<Question> {
  /** A place for one. */
  blank(): Question;
  /** Must not allocate. */
  copy(from: Readonly<Question>, to: Question): void;
}

/** Field by field, for `Object.assign` allocates. */
export const codecQuestions: QuestionCopy<CodecQuestion> = {
  blank: () => ({
    ...{ number: 0, rawBytes: 0, fileKind: 0, fileOffsetBytes: 0, isLeaf: true, siblingRatio: 0 },
    ...{ sampleEntropyBits: 0, probeRatio: 0, linkBitsPerSecond: 0, cpuPressure: 0 },
  }),
  copy(from, to) {
    to.number = from.number;
    to.rawBytes = from.rawBytes;
    to.fileKind = from.fileKind;
    to.fileOffsetBytes = from.fileOffsetBytes;
    to.isLeaf = from.isLeaf;
    to.siblingRatio = from.siblingRatio;
    to.sampleEntropyBits = from.sampleEntropyBits;
    to.probeRatio = from.probeRatio;
    to.linkBitsPerSecond = from.linkBitsPerSecond;
    to.cpuPressure = from.cpuPressure;
  },
};

/**
 * What a block came to beside sending it raw: seconds on the link and of the processor over seconds on the link; 1 is as
 * bad as doing nothing. Undefined where a delta was so small that no codec was tried, or the link is unknown.
 */
export function codecCost({ question, block }: Readonly<CodecSettlement>): number | undefined {
  const { linkBitsPerSecond: rate } = question;
  if (!(rate > 0 && block.rawBytes > 0) || (block.storedAs === 'delta' && block.bytes === 0))
    return undefined;
  const sent = block.storedAs === 'none' ? block.rawBytes : block.bytes;
  return (sent + (CPU_PENALTY * block.seconds * rate) / 8) / block.rawBytes;
}

type Candidates = { -readonly [Key in keyof BaseCandidate]: BaseCandidate[Key] }[];

/** Most candidates that a question of the similar room has. */
const MAX_CANDIDATES = 64;

const blankCandidate = (): Candidates[number] => ({
  ...{ rawBytes: 0, sharedFeatures: 0, chainDepth: 0, ageBlocks: 0, storedRatio: 0, stepsFromLast: 0 },
});

/** A question of the similar room, with places for its candidates. */
type KeptBaseQuestion = BaseQuestion & { readonly places: Candidates };

export const baseQuestions: QuestionCopy<BaseQuestion> = {
  blank(): KeptBaseQuestion {
    return {
      ...{ number: 0, rawBytes: 0, fileKind: 0, isLeaf: true, siblingRatio: 0 },
      ...{ fileDeltaRatio: 0, classDeltaRatio: 0, candidates: [] },
      places: Array.from({ length: MAX_CANDIDATES }, blankCandidate),
    };
  },
  copy(from, to) {
    to.number = from.number;
    to.rawBytes = from.rawBytes;
    to.fileKind = from.fileKind;
    to.isLeaf = from.isLeaf;
    to.siblingRatio = from.siblingRatio;
    to.fileDeltaRatio = from.fileDeltaRatio;
    to.classDeltaRatio = from.classDeltaRatio;
    copyCandidates(from.candidates, to as KeptBaseQuestion);
  },
};

function copyCandidates(from: BaseQuestion['candidates'], to: KeptBaseQuestion): void {
  const kept = to.candidates as Candidates;
  const count = Math.min(from.length, MAX_CANDIDATES);
  kept.length = count;
  for (let i = 0; i < count; i += 1) {
    const place = to.places[i] as Candidates[number];
    const candidate = from[i] as BaseCandidate;
    place.rawBytes = candidate.rawBytes;
    place.sharedFeatures = candidate.sharedFeatures;
    place.chainDepth = candidate.chainDepth;
    place.ageBlocks = candidate.ageBlocks;
    place.storedRatio = candidate.storedRatio;
    place.stepsFromLast = candidate.stepsFromLast;
    kept[i] = place;
  }
}

/** What a block takes in the store beside raw, with a base or without. */
export const baseCost = ({ rawBytes, storedBytes }: Readonly<StoredReceipt>): number =>
  rawBytes > 0 ? storedBytes / rawBytes : 1;

/** Where the cost of a base waits for its turn: small blocks may share a record, and that is written when it is full. */
export const baseLine = ({ rawBytes }: Readonly<BaseQuestion>): 'quick' | 'slow' =>
  rawBytes <= SMALL_FILE_BYTES ? 'slow' : 'quick';
