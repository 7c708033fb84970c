// Every room, and how to ask it anything. A new room is one more entry.
import fc from 'fast-check';
import { type ReadQuestion, readFeatures } from '../../../examples/readahead-room/features.ts';
import { readaheadRoom } from '../../../examples/readahead-room/index.ts';
import type { Readahead } from '../../../examples/readahead-room/validator.ts';
import {
  AHEAD_SLOTS,
  AHEAD_STEP_WIDTH,
  AHEAD_STEPS,
  type AheadQuestion,
  type BaseQuestion,
  type CodecQuestion,
  MAX_AHEAD,
  type StoreAdviser,
} from '../../../src/blocks/index.ts';
import {
  CodecAdviser,
  type CodecValue,
  codecFeatures,
  codecRoom,
  type Guard,
  prefetchFeatures,
  prefetchRoom,
  type Room,
  SimilarAdviser,
  similarFeatures,
  similarRoom,
} from '../../../src/decisions/index.ts';

export type RoomCase<Question, Value> = {
  readonly room: Room<Question, Value>;
  /** Where it lies; `src/decisions/NAME` unless given. A room that lies elsewhere is in no catalog. */
  readonly folder?: string;
  readonly questions: fc.Arbitrary<Question>;
  /** Writes the feature vector of a question. */
  features(question: Question, out: Float64Array): void;
  /** How the room advises the store, for rooms that do. */
  adviser?(guard: Guard<Question, Value>): StoreAdviser;
};

const share = fc.double({ min: 0, max: 1, noNaN: true });

const codec: RoomCase<CodecQuestion, CodecValue> = {
  room: codecRoom,
  questions: fc.record({
    number: fc.nat(),
    rawBytes: fc.integer({ min: 1, max: 1 << 20 }),
    fileKind: fc.integer({ min: 0, max: 200 }),
    fileOffsetBytes: fc.maxSafeNat(),
    isLeaf: fc.boolean(),
    siblingRatio: fc.double({ min: 0, max: 2, noNaN: true }),
    sampleEntropyBits: fc.double({ min: 0, max: 8, noNaN: true }),
    probeRatio: fc.double({ min: 0, max: 1.1, noNaN: true }),
    linkBitsPerSecond: fc.oneof(fc.constant(0), fc.double({ min: 1, max: 1e12, noNaN: true })),
    cpuPressure: share,
  }),
  features: codecFeatures,
  adviser: (guard) => new CodecAdviser(guard),
};

const readahead: RoomCase<ReadQuestion, Readahead> = {
  room: readaheadRoom,
  folder: 'examples/readahead-room',
  questions: fc.record({ run: fc.nat(), bytes: fc.nat() }),
  features: readFeatures,
};

const prefetch: RoomCase<AheadQuestion, number> = {
  room: prefetchRoom,
  questions: fc.record({
    chances: fc
      .array(fc.oneof(fc.constant(0), share), { minLength: AHEAD_SLOTS, maxLength: AHEAD_SLOTS })
      .map((values) => Float64Array.from(values)),
    limit: fc.nat(MAX_AHEAD),
    floor: share,
    steps: fc
      .array(share, { minLength: AHEAD_STEPS * AHEAD_STEP_WIDTH, maxLength: AHEAD_STEPS * AHEAD_STEP_WIDTH })
      .map((values) => Float64Array.from(values)),
  }),
  features: prefetchFeatures,
};

const ratio = fc.double({ min: 0, max: 2, noNaN: true });

const similar: RoomCase<BaseQuestion, number> = {
  room: similarRoom,
  questions: fc.record({
    number: fc.nat(),
    rawBytes: fc.integer({ min: 1, max: 1 << 20 }),
    fileKind: fc.integer({ min: 0, max: 200 }),
    isLeaf: fc.boolean(),
    ...{ siblingRatio: ratio, fileDeltaRatio: ratio, classDeltaRatio: ratio },
    candidates: fc.array(
      fc.record({
        rawBytes: fc.integer({ min: 1, max: 1 << 20 }),
        sharedFeatures: fc.integer({ min: 2, max: 12 }),
        chainDepth: fc.integer({ min: 0, max: 3 }),
        ageBlocks: fc.integer({ min: 1, max: 1 << 24 }),
        storedRatio: ratio,
        stepsFromLast: fc.integer({ min: -(1 << 24), max: 1 << 24 }),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  }),
  features: (question, out) => similarFeatures(question, 0, out),
  adviser: (guard) => new SimilarAdviser(guard),
};

/** Runs `each` on every room with its own types. */
export function forEveryRoom(each: <Question, Value>(subject: RoomCase<Question, Value>) => void): void {
  each(codec);
  each(similar);
  each(prefetch);
  each(readahead);
}
