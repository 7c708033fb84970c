import type { FieldName, ValueOf } from './fields.ts';

/** Version of the closed schema: raised by any change of a field's meaning, an event's fields or a list of words. */
export const SCHEMA_VERSION = 3;

type EventFields = { readonly required: readonly FieldName[]; readonly optional: readonly FieldName[] };

/** What every room reports of a decision: who answered, and what it really cost. */
const receipt = {
  required: ['decisionId', 'source', 'reason', 'propensity', 'ok', 'bytes', 'seconds'],
  optional: ['model', 'breaker'],
} as const satisfies EventFields;

/**
 * The events: the seven of document 001, and one receipt a room with what was known when it decided. Nothing else can
 * be recorded. A new room adds its line here, and raises `SCHEMA_VERSION`.
 */
export const EVENTS = {
  BLOCK_STORED: {
    required: ['blockHash', 'blockSize'],
    optional: [
      ...(['blockDepth', 'parentCount', 'accessCount'] as const),
      ...(['compressionAlgorithm', 'compressionRatio', 'compressionMs'] as const),
    ],
  },
  BLOCK_RETRIEVED: {
    required: ['blockHash', 'blockSize'],
    optional: ['blockDepth', 'accessCount', 'latencyMs', 'servedFrom'],
  },
  BLOCK_COMPRESSED: {
    required: ['blockHash', 'blockSize', 'compressionAlgorithm', 'compressedSize'],
    optional: ['blockDepth', 'compressionRatio', 'compressionMs'],
  },
  BLOCK_DEDUP_CHECK: {
    required: ['blockHash', 'blockSize'],
    optional: ['duplicateOf', 'similarity', 'checkMs'],
  },
  PEER_REQUEST: {
    required: ['peerId', 'outcome'],
    optional: ['blockHash', 'blockSize', 'latencyMs', 'bandwidthBitsPerSecond'],
  },
  PREFETCH_HIT: { required: ['blockHash'], optional: ['blockSize', 'rank', 'leadMs', 'accessCount'] },
  PREFETCH_MISS: { required: ['blockHash'], optional: ['blockSize', 'rank', 'latencyMs', 'accessCount'] },
  CODEC_RECEIPT: {
    required: [...receipt.required, 'codec', 'blockSize'],
    optional: [
      ...receipt.optional,
      ...(['fileKind', 'fileOffsetBytes', 'isLeaf', 'siblingRatio', 'sampleEntropyBits'] as const),
      ...(['probeRatio', 'linkBitsPerSecond', 'cpuPressure'] as const),
    ],
  },
  BASE_RECEIPT: {
    required: [
      ...receipt.required,
      ...(['blockSize', 'fileKind', 'isLeaf', 'siblingRatio', 'fileDeltaRatio', 'classDeltaRatio'] as const),
      ...(['candidateCount', 'bestShared', 'candidate', 'baseSize', 'sharedFeatures', 'chainDepth'] as const),
      ...(['ageBlocks', 'storedRatio', 'stepsFromLast', 'aloneSize'] as const),
    ],
    optional: receipt.optional,
  },
} as const satisfies { readonly [type: string]: EventFields };

export type EventType = keyof typeof EVENTS;

type Required<Type extends EventType> = (typeof EVENTS)[Type]['required'][number];
type Optional<Type extends EventType> = (typeof EVENTS)[Type]['optional'][number];

type EventOf<Type extends EventType> = { readonly eventType: Type } & {
  readonly [Name in Required<Type>]: ValueOf<Name>;
} & { readonly [Name in Optional<Type>]?: ValueOf<Name> };

/** What can be recorded: one of the closed schemas. */
export type TelemetryEvent = { [Type in EventType]: EventOf<Type> }[EventType];

/** The schemas in the order of their stored numbers: types are appended, never moved or removed. */
export const EVENT_TYPES = Object.keys(EVENTS) as readonly EventType[];

/** All fields an event of a type can have, in the order they are stored. */
export function fieldsOf(type: EventType): readonly FieldName[] {
  const { required, optional } = EVENTS[type];
  return [...required, ...optional];
}

/** An event as it is read back: identifiers are hashes, 64 hexadecimal digits under the key `keyId`. */
export type StoredEvent<Type extends EventType = EventType> = {
  [Each in Type]: EventOf<Each> & {
    /** When it was recorded, in milliseconds since the epoch. */
    readonly timeMs: number;
    /** Which key its hashes were made with: hashes are comparable within one key only. */
    readonly keyId: number;
  };
}[Type];
