import { PilotfishError } from '../../../base/index.ts';
import type { TraceKeys } from '../../data/index.ts';

/** A run to replay: keys are small whole numbers in the order of their first access. */
export type Trace = {
  readonly keys: Int32Array;
  /** How many different keys are accessed. */
  readonly distinct: number;
  /** All keys, those included that only `next` names. */
  readonly count: number;
  /** For each accessed key the one after it: of its number plus one, or in pack order; -1 where there is none. */
  readonly next: Int32Array;
  /** Up to which access a tree tells what comes, for each access; absent where there is no tree. */
  readonly knownUpTo?: Int32Array;
  /** Blocks the cache holds. */
  readonly cacheBlocks: number;
  /** Accesses before this one only warm up. */
  readonly countFrom: number;
};

/** Requests of one trace that are replayed. */
const MAX_REQUESTS = 600_000;
/** As many as a Map of V8 holds. */
const MAX_KEYS = 2 ** 24;
/** Share of the distinct keys that fits the cache. */
const CACHE_SHARE = 0.01;

/** Which requests of a recorded run are replayed: its first, its end with only what was sealed counted, or all. */
export type Stretch = 'first' | 'sealed' | 'all';

/** Share of a run, in time order, that is never learnt from. */
export const SEALED_SHARE = 0.15;

/** First access of `length` that is sealed. */
export const sealedFrom = (length: number): number => Math.ceil((1 - SEALED_SHARE) * length);

function boundsOf(length: number, stretch: Stretch): { from: number; to: number; countFrom: number } {
  if (stretch === 'all') return { from: 0, to: length, countFrom: 0 };
  if (stretch === 'first') return { from: 0, to: Math.min(length, MAX_REQUESTS), countFrom: 0 };
  const from = Math.max(0, length - MAX_REQUESTS);
  return { from, to: length, countFrom: Math.max(0, sealedFrom(length) - from) };
}

/** A recorded run with its keys numbered anew. */
export function traceOf(all: TraceKeys, stretch: Stretch): Trace {
  const { from, to, countFrom } = boundsOf(all.length, stretch);
  const numbers = new Map<number | bigint, number>();
  const values: (number | bigint)[] = [];
  const numberOf = (value: number | bigint): number => {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    if (values.length === MAX_KEYS)
      throw new PilotfishError('LIMIT', `a run has at most ${MAX_KEYS} different keys; cut it shorter`);
    numbers.set(value, values.length);
    values.push(value);
    return values.length - 1;
  };
  const keys = Int32Array.from({ length: to - from }, (_, i) => numberOf(all[from + i] as number | bigint));
  const distinct = values.length;
  const next = Int32Array.from({ length: distinct }, (_, key) => {
    const value = values[key] as number | bigint;
    return numberOf(typeof value === 'bigint' ? value + 1n : value + 1);
  });
  const cacheBlocks = Math.max(1, Math.floor(CACHE_SHARE * distinct));
  return { keys, distinct, count: values.length, next, cacheBlocks, countFrom };
}
