// Every room, and how to ask it anything. A new room is one more entry.
import fc from 'fast-check';
import type { CodecQuestion, StoreAdviser } from '../../../src/blocks/index.ts';
import {
  type CodecValue,
  codecFeatures,
  codecRoom,
  type Guard,
  type Room,
  RoomAdviser,
} from '../../../src/decisions/index.ts';

export type RoomCase<Question, Value> = {
  readonly room: Room<Question, Value>;
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
  adviser: (guard) => new RoomAdviser(guard),
};

/** Runs `each` on every room with its own types. */
export function forEveryRoom(each: <Question, Value>(subject: RoomCase<Question, Value>) => void): void {
  each(codec);
}
