import { ReplayCache } from './cache.ts';
import type { Trace } from './trace.ts';

/** Someone who reads ahead while a trace is replayed. */
export interface Contender {
  /** The first `count` are what it reads now. */
  readonly keys: Int32Array;
  readonly count: number;
  /** Its guesses at the next access, cached or not, best first, -1 after the last; undefined where it was not asked. */
  readonly guesses: Int32Array | undefined;
  /** Access `at` of the trace asks for `key`. */
  accessed(key: number, at: number): void;
  /** A block it read was asked for, or evicted before anyone did. */
  used(key: number): void;
  wasted(key: number): void;
}

/** Makes a contender for a trace and a cache. */
export type Entrant = (trace: Trace, has: (key: number) => boolean) => Contender;

/** Equal stretches of a trace, for intervals. */
export const SLICES = 20;
/** Accesses within which a block read ahead should be asked for: what used / issued is counted by. */
const USED_WITHIN = 16;

/** What a replay came to; of counted accesses only. */
export type Tally = {
  /** Accesses and hits by time slice. */
  readonly demand: Float64Array;
  readonly hits: Float64Array;
  issued: number;
  /** Of those issued: asked for while cached, and asked for within the next accesses. */
  used: number;
  usedSoon: number;
  wasted: number;
  /** Accesses for which there was a guess before, those where it was right, and those where it could be asked. */
  guessed: number;
  right: number;
  asked: number;
};

/** Replays a trace with someone who reads ahead. No allocation per access. */
export function replay(trace: Trace, enter: Entrant): Tally {
  const { keys, countFrom } = trace;
  let counts = false;
  const cache = new ReplayCache(trace.count, trace.cacheBlocks, (key) => {
    contender.wasted(key);
    if (counts) tally.wasted += 1;
  });
  const contender = enter(trace, (key) => cache.has(key));
  const issuedAt = new Int32Array(trace.count).fill(-1);
  const [demand, hits] = [new Float64Array(SLICES), new Float64Array(SLICES)];
  const tally = {
    ...{ issued: 0, used: 0, usedSoon: 0, wasted: 0, guessed: 0, right: 0, asked: 0 },
    demand,
    hits,
  };
  for (let at = 0; at < keys.length; at += 1) {
    const key = keys[at] as number;
    counts = at >= countFrom;
    if (counts) tallyGuess(tally, contender.guesses, key);
    const found = cache.ask(key);
    if (found === 'ahead') contender.used(key);
    if (counts) {
      const slice = Math.floor((SLICES * (at - countFrom)) / (keys.length - countFrom));
      demand[slice] = (demand[slice] as number) + 1;
      if (found !== 'miss') hits[slice] = (hits[slice] as number) + 1;
      if (found === 'ahead') tally.used += 1;
      if (found === 'ahead' && at - (issuedAt[key] as number) <= USED_WITHIN) tally.usedSoon += 1;
    }
    contender.accessed(key, at);
    for (let i = 0; i < contender.count; i += 1) {
      const ahead = contender.keys[i] as number;
      cache.readAhead(ahead);
      issuedAt[ahead] = at;
      if (counts) tally.issued += 1;
    }
  }
  return tally;
}

function tallyGuess(tally: Tally, guesses: Int32Array | undefined, key: number): void {
  if (guesses === undefined) return;
  tally.asked += 1;
  if (guesses[0] === -1) return;
  tally.guessed += 1;
  for (const guess of guesses) if (guess === key) tally.right += 1;
}
