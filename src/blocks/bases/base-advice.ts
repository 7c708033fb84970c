import { quieten, SMALL_FILE_BYTES } from '../../base/index.ts';
import {
  type BaseCandidate,
  type BaseQuestion,
  type BaseReceipt,
  NEUTRAL_RATIO,
  type StoreAdviser,
  type StoredReceipt,
} from '../questions.ts';
import { attempt, isWhole } from './attempt.ts';
import type { Resemblance, ResemblanceIndex } from './resemblance.ts';
import { RunningRatios } from './running-ratios.ts';

/** Candidates an adviser is asked about; the built-in rule looks at the first alone. */
const CANDIDATES_ASKED = 8;
/** Features a base must share: one of twelve may be chance. */
const MIN_SHARED = 2;

/** A block that looks for a base. */
export interface BaseSeeker {
  readonly rawLength: number;
  readonly nameClass: number;
  readonly fileNumber: number;
  readonly isTree: boolean;
}

/** What is known of it when it looks. */
export interface BaseContext extends BaseSeeker {
  readonly fileKind: number;
  /** A base is fewer steps away from bytes that need no other record. */
  readonly depthLimit: number;
}

/** What became of a base. */
export type BaseOutcome = Omit<BaseReceipt, 'number' | 'rawBytes'>;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * The base question with its built-in answer: the block that shares most features, of those the newest. An adviser's
 * answer is used when it is legal. Asking allocates nothing.
 */
export class BaseAdvice {
  readonly #adviser: StoreAdviser;
  /** Whether the question is answered at all: it costs something to put together. */
  readonly #isAsked: boolean;
  readonly #siblings: RunningRatios;
  readonly #byFile = new RunningRatios();
  readonly #byClass = new RunningRatios();
  /** Reused: a question is valid during the call that gets it. */
  readonly #candidates: BaseCandidate[] = [];
  readonly #pool = Array.from({ length: CANDIDATES_ASKED }, () => ({ ...NO_CANDIDATE }));
  readonly #question: Writable<BaseQuestion>;
  readonly #stored: StoredReceipt = { number: 0, rawBytes: 0, storedBytes: 0 };
  readonly #receipt: BaseReceipt = { number: 0, rawBytes: 0, deltaBytes: 0, aloneBytes: 0, isKept: false };
  /** Of the look-up; reused. */
  readonly #limits: { readonly count: number; depthLimit: number; readonly minShared: number };
  #number = 0;
  #hasCandidates = false;
  #lastSequence = -1;

  /** @param siblings stored / raw of blocks that stand alone, by file: kept by the caller */
  constructor(adviser: StoreAdviser, siblings: RunningRatios) {
    this.#adviser = adviser;
    this.#isAsked = attempt(() => adviser.base !== undefined) ?? false;
    this.#siblings = siblings;
    const count = this.#isAsked ? CANDIDATES_ASKED : 1;
    this.#limits = { count, depthLimit: 0, minShared: MIN_SHARED };
    const ratios = { siblingRatio: 0, fileDeltaRatio: 0, classDeltaRatio: 0 };
    this.#question = {
      ...{ number: 0, rawBytes: 0, fileKind: 0, isLeaf: true, ...ratios },
      candidates: this.#candidates,
    };
  }

  /** Whether an adviser answers: only then anybody minds how blocks come out. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  /** Number of the choice made last, for its outcome; 0 when there was nothing to choose from. */
  get number(): number {
    return this.#hasCandidates ? this.#number : 0;
  }

  /** The base, valid until the next choice; undefined for none. */
  choose(index: ResemblanceIndex, features: Uint32Array, seeker: BaseContext): Resemblance | undefined {
    this.#limits.depthLimit = seeker.depthLimit;
    const found = index.find(features, this.#limits);
    this.#hasCandidates = found.length > 0;
    if (!this.#hasCandidates) return undefined;
    this.#number += 1;
    const chosen = found[this.#isAsked ? this.#answer(found, seeker) : 0];
    if (chosen !== undefined) this.#lastSequence = chosen.sequence;
    return chosen;
  }

  /** What a choice came to: history for later questions, and told to the adviser. */
  settle(number: number, seeker: BaseSeeker, outcome: BaseOutcome): void {
    if (!this.#isAsked) return;
    const ratio = outcome.deltaBytes === 0 ? 1 : outcome.deltaBytes / seeker.rawLength;
    this.#byFile.note(seeker.fileNumber, ratio);
    this.#byClass.note(classOf(seeker), ratio);
    attempt(() => {
      const receipt = this.#receipt;
      receipt.number = number;
      receipt.rawBytes = seeker.rawLength;
      receipt.deltaBytes = outcome.deltaBytes;
      receipt.aloneBytes = outcome.aloneBytes;
      receipt.isKept = outcome.isKept;
      return this.#adviser.settleBase?.(receipt);
    });
  }

  /** What a block took for which a choice was made, whatever was chosen: told to the adviser. */
  settleStored(number: number, rawBytes: number, storedBytes: number): void {
    if (!this.#isAsked) return;
    attempt(() => {
      const receipt = this.#stored;
      receipt.number = number;
      receipt.rawBytes = rawBytes;
      receipt.storedBytes = storedBytes;
      return this.#adviser.settleStored?.(receipt);
    });
  }

  /** The answer where it is legal, else the built-in one. Whatever an adviser did to the question ends here too. */
  #answer(found: readonly Resemblance[], seeker: BaseContext): number {
    try {
      this.#describe(found);
      const answer: unknown = this.#adviser.base?.(this.#asked(seeker));
      quieten(answer);
      return isWhole(answer, -1, found.length - 1) ? answer : 0;
    } catch {
      return 0;
    }
  }

  #asked(seeker: BaseContext): BaseQuestion {
    const question = this.#question;
    question.number = this.#number;
    question.rawBytes = seeker.rawLength;
    question.fileKind = seeker.fileKind;
    question.isLeaf = !seeker.isTree;
    question.siblingRatio = this.#siblings.of(seeker.fileNumber);
    question.fileDeltaRatio = this.#byFile.of(seeker.fileNumber);
    question.classDeltaRatio = this.#byClass.of(classOf(seeker));
    // An adviser may have taken it for its own.
    question.candidates = this.#candidates;
    return question;
  }

  #describe(found: readonly Resemblance[]): void {
    for (let i = 0; i < found.length; i++) {
      const from = found[i] as Resemblance;
      const candidate = this.#pool[i] as BaseCandidate;
      candidate.rawBytes = from.rawLength;
      candidate.sharedFeatures = from.shared;
      candidate.chainDepth = from.depth;
      candidate.ageBlocks = from.age;
      candidate.storedRatio = from.storedRatio;
      candidate.stepsFromLast = this.#lastSequence < 0 ? 0 : from.sequence - this.#lastSequence;
      this.#candidates[i] = candidate;
    }
    // Cut, never emptied: an empty array gives its memory back.
    this.#candidates.length = found.length;
  }
}

const NO_CANDIDATE: BaseCandidate = {
  ...{ rawBytes: 0, sharedFeatures: 0, chainDepth: 0, ageBlocks: 0 },
  ...{ storedRatio: NEUTRAL_RATIO, stepsFromLast: 0 },
};

/** Equal for blocks of names that end alike, small ones and large ones apart. */
function classOf({ nameClass, rawLength, isTree }: BaseSeeker): number {
  if (isTree) return -1;
  return 2 * nameClass + (rawLength <= SMALL_FILE_BYTES ? 1 : 0);
}
