/**
 * Every field an event can have. A field is a number with a range, a word of a closed list, or an identifier that is
 * stored as a keyed hash: there is no field for free text, so there is none for content.
 */

/** A number within limits. */
export type NumberField = {
  readonly kind: 'number';
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  /** Whether fractions are refused. */
  readonly whole: boolean;
};

/** One word of a list. It is stored as its place in the list: words are appended, never moved or removed. */
export type WordField<Word extends string = string> = {
  readonly kind: 'word';
  readonly words: readonly Word[];
};

/** What an identifier names: equal texts of two domains have unrelated hashes. */
export type HashDomain = 'block' | 'peer' | 'model';

/** An identifier, given as text and stored as HMAC-SHA-256 under a key that changes. */
export type HashField = { readonly kind: 'hash'; readonly domain: HashDomain };

export type Field = NumberField | WordField | HashField;

const whole = (unit: string, min: number, max: number): NumberField => ({
  kind: 'number',
  ...{ unit, min, max, whole: true },
});
const real = (unit: string, min: number, max: number): NumberField => ({
  kind: 'number',
  ...{ unit, min, max, whole: false },
});
const flag: NumberField = whole('0 or 1', 0, 1);
const word = <const Word extends string>(...words: readonly Word[]): WordField<Word> => ({
  kind: 'word',
  words,
});
const hash = (domain: HashDomain): HashField => ({ kind: 'hash', domain });

const bytes = whole('bytes', 0, 2 ** 40);
const milliseconds = real('ms', 0, 86_400_000);
/** Small blocks can grow when compressed: one byte becomes a frame of some fifty. */
const ratio = real('compressed / raw', 0, 64);
const bitsPerSecond = real('bit/s', 0, 1e15);

/** The fields by name. A name means the same in every event that has it. */
export const FIELDS = {
  blockHash: hash('block'),
  blockSize: bytes,
  blockDepth: whole('blocks above it', 0, 1024),
  parentCount: whole('blocks', 0, 1_000_000),
  /** Accesses to the block before what the event tells of. */
  accessCount: whole('accesses', 0, 1e12),
  compressionAlgorithm: word('zstd', 'lz4', 'snappy', 'none'),
  compressionRatio: ratio,
  compressedSize: bytes,
  compressionMs: milliseconds,
  latencyMs: milliseconds,
  servedFrom: word('cache', 'disk', 'peer'),
  duplicateOf: hash('block'),
  similarity: real('share', 0, 1),
  checkMs: milliseconds,
  peerId: hash('peer'),
  outcome: word('ok', 'timeout', 'refused', 'invalid', 'failed'),
  bandwidthBitsPerSecond: bitsPerSecond,
  /** Place in the list of prefetched blocks, from 1. */
  rank: whole('place', 1, 1000),
  /** From the prefetch to the access it served. */
  leadMs: milliseconds,
  /** Names the decision within one run of its guard. */
  decisionId: whole('decisions', 1, Number.MAX_SAFE_INTEGER),
  source: word('model', 'heuristic', 'default'),
  /** `name@version` of the model that answered. */
  model: hash('model'),
  reason: word(
    'model',
    'no-model',
    'not-served',
    'assigned',
    'breaker-open',
    'exception',
    'illegal',
    'over-budget',
    'heuristic-failed',
  ),
  breaker: word('closed', 'open', 'half-open'),
  propensity: real('probability', 0, 1),
  /** Whether what was decided could be carried out. */
  ok: flag,
  bytes,
  seconds: real('s', 0, 86_400),
  codec: word('none', 'lz4', 'snappy', 'zstd-1', 'zstd-3', 'zstd-9'),
  fileKind: whole('magic-byte class', 0, 255),
  fileOffsetBytes: whole('bytes', 0, Number.MAX_SAFE_INTEGER),
  isLeaf: flag,
  siblingRatio: ratio,
  sampleEntropyBits: real('bits per byte', 0, 8),
  probeRatio: ratio,
  linkBitsPerSecond: bitsPerSecond,
  cpuPressure: real('runnable load per core', 0, 1),
  fileDeltaRatio: ratio,
  classDeltaRatio: ratio,
  candidateCount: whole('blocks', 1, 64),
  /** Features that the first candidate shares with the block, and that the chosen one does. */
  bestShared: whole('features', 0, 12),
  sharedFeatures: whole('features', 0, 12),
  /** Place of the chosen one, from 0: what was decided, and what the features are those of. */
  candidate: whole('place', 0, 63),
  baseSize: bytes,
  chainDepth: whole('steps', 0, 1024),
  ageBlocks: whole('blocks', 0, 2 ** 40),
  storedRatio: ratio,
  stepsFromLast: whole('blocks', -(2 ** 40), 2 ** 40),
  /** What the block alone came to; 0 where it was not tried. */
  aloneSize: bytes,
} as const satisfies { readonly [name: string]: Field };

export type FieldName = keyof typeof FIELDS;

/** What a caller gives for a field: a number, one of its words, or an identifier. */
export type ValueOf<Name extends FieldName> =
  (typeof FIELDS)[Name] extends WordField<infer Word>
    ? Word
    : (typeof FIELDS)[Name] extends NumberField
      ? number
      : string;

/** What is known only when an event is over, and what tells how it was decided: never features of their own event. */
export const OUTCOME_FIELDS: readonly FieldName[] = [
  ...(['compressionAlgorithm', 'compressionRatio', 'compressedSize', 'compressionMs'] as const),
  ...(['latencyMs', 'servedFrom', 'duplicateOf', 'similarity', 'checkMs', 'outcome'] as const),
  ...(['bandwidthBitsPerSecond', 'leadMs', 'decisionId', 'source', 'model', 'reason', 'breaker'] as const),
  ...(['propensity', 'ok', 'bytes', 'seconds', 'codec', 'aloneSize'] as const),
];

export const FIELD_NAMES = Object.keys(FIELDS) as readonly FieldName[];

/** The definition of a field, without the types of its words. */
export const fieldOf = (name: FieldName): Field => FIELDS[name];
